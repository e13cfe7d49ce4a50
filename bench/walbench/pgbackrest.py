"""pgBackRest's archive-push and archive-get, with its repository on the gateway, over https: it speaks nothing else."""
import shlex
import shutil
import subprocess
import urllib.parse

from common.measure import BenchError
from support.postgres import Host
from walbench.contenders import GZIP, LZ4, PLAIN, ZSTD

STANZA = "bench"
RUN, STORED = "/pgbackrest-run", "/pgbackrest-stored"
# form -> (its name, our default level)
COMPRESSION = {PLAIN: ("none", 0), GZIP: ("gz", 6), ZSTD: ("zst", 4), LZ4: ("lz4", 6)}


class PgBackRest:
    """`close` removes its data directory; what it stored goes with the bucket's other objects."""

    def __init__(self, work, store):
        self.store = store
        self.host = Host([], {})
        try:
            self._set_up(work)
        except BaseException:
            self.close()
            raise

    def _set_up(self, work):
        data = self.host.cluster("data").create().data  # it wants a pg_control, though not a running server
        place = urllib.parse.urlsplit(self.store.endpoint)
        for name in ("lock", "spool"):
            (work / f"pgbackrest-{name}").mkdir()
        self.config = work / "pgbackrest.conf"
        self.config.write_text(f"""[global]
log-level-file=off
log-level-console=warn
lock-path={work}/pgbackrest-lock
spool-path={work}/pgbackrest-spool
repo1-type=s3
repo1-s3-bucket={self.store.bucket}
repo1-s3-endpoint={place.hostname}
repo1-s3-region=us-east-1
repo1-s3-key={self.store.access_key}
repo1-s3-key-secret={self.store.secret_key}
repo1-s3-uri-style=path
repo1-storage-port={place.port}
repo1-storage-ca-file={self.store.ca_file}

[{STANZA}]
pg1-path={data}
""")
        self.config.chmod(0o600)
        for repository in (RUN, STORED):
            self._run(self._words(repository, "--no-online", "stanza-create"))

    def _words(self, repository, *words):
        return shlex.join(["pgbackrest", f"--config={self.config}", f"--stanza={STANZA}", f"--repo1-path={repository}", *words])

    def _run(self, line):
        done = subprocess.run(["/bin/sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"pgBackRest: {done.stdout}")

    # The segments are not this cluster's, as their headers say.
    def archive(self, form, repository=RUN):
        kind, level = COMPRESSION[form]
        words = [f"--compress-type={kind}", *([f"--compress-level={level}"] if level else []), "--no-archive-header-check"]
        return self._words(repository, *words, "archive-push") + ' "$f"'

    def restore(self, target):
        return self._words(STORED, "archive-get") + f' "$f" {target}'

    def keep(self, form, path):
        """Stores a segment to be restored."""
        self._run(f"f={shlex.quote(str(path))}; {self.archive(form, STORED)}")

    def keys(self):
        """The segments that were archived by a run."""
        return [key for key in self.store.client.keys(self.store.bucket, f"{RUN[1:]}/archive/") if "/archive.info" not in key]

    def forget_run(self):
        """An identical segment would not be sent again."""
        for key in self.keys():
            self.store.client.remove(self.store.bucket, key)

    def close(self):
        self.host.close()


def available():
    return shutil.which("pgbackrest") is not None
