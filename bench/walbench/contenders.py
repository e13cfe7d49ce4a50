"""The command lines that compete: ours, the original, and curl with the standard compressors.

Each is a line of shell that works on one segment, named by $f: a path when archiving, a name when restoring.
"""
import dataclasses
import shlex

from walbench.segments import name_of

FOLDER = "wals/0000000100000000"
EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclasses.dataclass(frozen=True)
class Form:
    """How a segment is stored. The compressors work at our default levels and write what ours writes."""

    name: str
    flag: str = ""
    suffix: str = ""
    compress: str = ""
    decompress: str = ""
    stored_number: int = 1  # the segment that is restored in this form
    original_has_it: bool = False

    @property
    def stored_name(self):
        return name_of(self.stored_number)


PLAIN = Form("plain", original_has_it=True)
GZIP = Form("gzip", "-z", ".gz", "gzip -6 -c", "gzip -dc", 0x81, original_has_it=True)
ZSTD = Form("zstd", "--zstd", ".zst", "zstd -q -4 --no-check -c", "zstd -q -dc", 0x82)
LZ4 = Form("lz4", "--lz4", ".lz4", "lz4 -q -6 -BD -B4 --no-frame-crc -c", "lz4 -q -dc", 0x83)
SNAPPY = Form("snappy", "--snappy", ".snappy")  # no command-line compressor: ours alone, for its memory
COMPARED = (PLAIN, GZIP, ZSTD, LZ4)


class Commands:
    """barman-cloud-wal-archive and -wal-restore found in `folder`, ours or the original's."""

    def __init__(self, folder):
        self.folder = folder

    def archive(self, store, server, form):
        return f'{self._command("archive")} {form.flag} {self._place(store, server)} "$f"'

    def restore(self, store, server, form, target, options=""):
        return f'{self._command("restore")} {options} {self._place(store, server)} "$f" {target}'

    def version(self):
        return f'{self._command("archive")} --version'

    def _command(self, verb):
        return shlex.quote(f"{self.folder}/barman-cloud-wal-{verb}")

    @staticmethod
    def _place(store, server):
        return f"--endpoint-url {store.endpoint} s3://{store.bucket} {server}"


class Curl:
    """The same requests, signed in the same way; digests are made while the clock runs."""

    def archive(self, store, server, form, scratch):
        lines = ["set -e", "s=${f##*/}", f"n=${{s%????????}}/$s{form.suffix}"]
        if form.compress:
            lines += [f't={shlex.quote(str(scratch))}/$s', f'{form.compress} "$f" >"$t"', 'f=$t']
        url = f"{store.endpoint}/{store.bucket}/{server}/wals/$n"
        lines += ['h=$(openssl dgst -sha256 -r "$f")', 'h=${h%% *}',
                  f'{self._curl(store)} -H "x-amz-content-sha256:$h" -H "If-None-Match: *" -T "$f" "{url}"']
        return "\n".join(lines)

    def restore(self, store, server, form, target, sync=False):
        get = f'{self._curl(store)} -H x-amz-content-sha256:{EMPTY_DIGEST} "{self._url(store, server)}/$f{form.suffix}"'
        line = f"{get} | {form.decompress} >{target}" if form.decompress else f"{get} -o {target}"
        return f"{line} && sync -d {target}" if sync else line

    def version(self):
        return "curl --version"

    @staticmethod
    def _curl(store):
        authority = '--cacert "$AWS_CA_BUNDLE" ' if store.ca_file else ""
        return f'curl -sSf {authority}--aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'

    @staticmethod
    def _url(store, server):
        return f"{store.endpoint}/{store.bucket}/{server}/{FOLDER}"


def one(line, argument):
    """The command that runs `line` on one segment. `exec` where it is a single command: then the peak is its own."""
    simple = "\n" not in line and "|" not in line and "&&" not in line
    return ["/bin/sh", "-c", f"f=$1\n{'exec ' if simple else ''}{line}", "sh", argument]


def in_a_row(line, arguments):
    return ["/bin/sh", "-c", f"for f; do\n( {line}\n) || exit 1\ndone", "sh", *arguments]


def four_at_a_time(line, arguments):
    return several(line, arguments, 4)


def several(line, arguments, count):
    words = shlex.join(["xargs", "-0", "-n1", f"-P{count}", "/bin/sh", "-c", f"f=$1\n{line}", "sh"])
    return ["/bin/sh", "-c", f"printf '%s\\0' \"$@\" | {words}", "sh", *arguments]
