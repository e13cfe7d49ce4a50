"""The command lines that compete; each is a line of shell."""
import dataclasses
import shlex
import subprocess

EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclasses.dataclass(frozen=True)
class Codec:
    """A form of a backup. `compress` and `decompress` are what the limit is made of; {bin} is where our tools are."""

    name: str
    flag: str = ""
    suffix: str = ""
    compress: str = ""
    decompress: str = ""
    pgbackrest: str = ""
    original_has_it: bool = False
    others: tuple = ()  # (name, compressor): measured too, as information
    slow: bool = False  # one round, on the gateway alone


CODECS = (
    Codec("plain", pgbackrest="none", original_has_it=True),
    Codec("gzip", "--gzip", ".gz", "gzip -9 -c", "gzip -dc", "gz", True,
          (("limit, pigz -9 -p 2", "pigz -9 -p 2 -c"), ("limit, igzip -3", "igzip -3 -c"))),
    Codec("lz4", "--lz4", ".lz4", "lz4 -q -1 -c", "lz4 -q -dc", "lz4"),
    Codec("zstd", "--zstd", ".zst", "zstd -q -3 -T2 -c", "zstd -q -dc", "zst"),
    Codec("snappy", "--snappy", ".snappy", "{bin}/snappy-pipe", "{bin}/snappy-pipe -d"),  # the original's is broken
    Codec("bzip2", "--bzip2", ".bz2", "bzip2 -9 -c", "bzip2 -dc", "bz2", True, slow=True),
)


def line(*words):
    return shlex.join([str(word) for word in words if word != ""])


class Commands:
    """barman-cloud-backup, -restore and -wal-archive found in `folder`, ours or the original's."""

    def __init__(self, folder):
        self.folder = folder
        self.help = {name: self._help(name) for name in ("backup", "restore")}

    def _help(self, name):
        command = [f"{self.folder}/barman-cloud-{name}", "--help"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def has(self, command, option):
        return not option or option in self.help[command].replace(",", " ").replace("]", " ").split()

    def backup(self, store, server, codec, cluster, level=""):
        option = "--compression-threads"
        threads = [option, 2] if codec.flag and self.has("backup", option) else []
        levels = ["--compression-level", level] if level else []
        return "exec " + line(f"{self.folder}/barman-cloud-backup", codec.flag, *levels, *threads, "--immediate-checkpoint",
                              "-h", cluster.host.folder, "-p", cluster.port, "-U", "postgres",
                              *self._place(store), server)

    def restore(self, store, server, backup_id, target, options=()):
        return "exec " + line(f"{self.folder}/barman-cloud-restore", *options, *self._place(store), server, backup_id,
                              target)

    def archive(self, store, server):
        return line(f"{self.folder}/barman-cloud-wal-archive", *self._place(store), server) + ' "$1"'

    @staticmethod
    def _place(store):
        return "--endpoint-url", store.endpoint, f"s3://{store.bucket}"


class Limit:
    """What the standard tools reach, one process per job: tar, a compressor, curl."""

    def __init__(self, folder):
        self.folder = folder

    def backup(self, url, compressor, cluster):
        pipe = ["tar -c --exclude=./pg_wal/* --exclude=./postmaster.pid --exclude=./postmaster.opts "
                f"-C {shlex.quote(str(cluster.data))} ."]
        if compressor:
            pipe.append(compressor.format(bin=self.folder))
        return " | ".join([*pipe, line(self.folder / "upload_parts.py", url)])

    def restore(self, url, codec, target):
        pipe = [f"{self.curl()} {shlex.quote(url)}"]
        if codec.decompress:
            pipe.append(codec.decompress.format(bin=self.folder))
        return " | ".join([*pipe, f"tar -x -C {shlex.quote(str(target))}"])

    @staticmethod
    def curl():
        return ('curl -sSf --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" '
                f"-H x-amz-content-sha256:{EMPTY_DIGEST}")
