"""What is measured: a backup, or a restore, as every contender does it."""
import dataclasses
import itertools
import shutil
import subprocess
import time
import urllib.parse

from basebench.contenders import line
from common.measure import BenchError


@dataclasses.dataclass
class Stored:
    """A backup that can be restored."""

    server: str
    id: str
    keys: list


@dataclasses.dataclass
class Bench:
    """What every operation needs."""

    host: object
    source: object
    ours: object
    original: object
    limit: object
    gateway: object  # the store in which backups stay until they were restored
    collect_garbage: object
    pgbackrest: object = None
    stored: dict = dataclasses.field(default_factory=dict)  # (contender, codec) -> Stored
    numbers: object = dataclasses.field(default_factory=itertools.count)

    @property
    def target(self):
        return self.host.folder / "restored"

    def environment(self, store):
        return store.environment({"PATH": "/usr/bin:/bin", "HOME": str(self.host.folder), "LC_ALL": "C.UTF-8",
                                  "TMPDIR": str(self.host.folder / "tmp")})


def url_of(store, key):
    return f"{store.endpoint}/{store.bucket}/{urllib.parse.quote(key)}"


class BackupRun:
    """A backup under a server name of its own. On the gateway it stays until there is a newer one."""

    def __init__(self, bench, store, codec, contender):
        self.bench, self.store, self.codec, self.contender = bench, store, codec, contender
        self.environment = bench.environment(store)
        self.server = self.log_start = None

    def prepare(self):
        self.server = f"backup{next(self.bench.numbers)}"
        self.bench.source.archive_with(self.archive())
        self.bench.source.warm()
        self.log_start = self.bench.source.log_end()

    def command(self):
        return ["/bin/sh", "-c", self.line()]

    def settle(self, series):
        series.stored.append(self.stored_bytes())
        series.waits.append(self.bench.source.waited(self.log_start))

    def archives(self):
        keys = self.store.client.keys(self.store.bucket, f"{self.server}/base/")
        found = [key for key in keys if key.rpartition("/")[2].startswith("data")]
        if not found:
            raise BenchError(f"{self.contender}: no archive was stored")
        return found

    def stored_bytes(self):
        heads = [self.store.client.head(self.store.bucket, key) for key in self.archives()]
        return sum(int(head["content-length"]) for head in heads)

    def check(self):
        if self.codec.suffix == "" and self.stored_bytes() < 0.98 * self.bench.source.bytes:
            raise BenchError(f"{self.contender}: the backup is smaller than the cluster")
        if any(not key.endswith(f".tar{self.codec.suffix}") for key in self.archives()):
            raise BenchError(f"{self.contender}: no {self.codec.name} archive was stored")

    def clean(self):
        if self.store is not self.bench.gateway:
            return
        keys = self.store.client.keys(self.store.bucket, f"{self.server}/base/")
        before = self.bench.stored.get((self.contender, self.codec.name))
        self.bench.stored[self.contender, self.codec.name] = Stored(self.server, keys[0].split("/")[2], keys)
        if before:
            self.store.remove_folder(before.server)
            self.bench.collect_garbage()


class BarmanBackup(BackupRun):
    def __init__(self, bench, store, codec, contender, commands, level=""):
        super().__init__(bench, store, codec, contender)
        self.commands, self.level = commands, level

    def archive(self):
        return self.commands.archive(self.store, self.server)

    def line(self):
        return self.commands.backup(self.store, self.server, self.codec, self.bench.source.cluster, self.level)

    def check(self):
        super().check()
        folder = self.archives()[0].rpartition("/")[0]
        info = self.store.client.get(self.store.bucket, f"{folder}/backup.info")
        if info is None or b"\nstatus=DONE\n" not in info:
            raise BenchError(f"{self.contender}: the backup is not DONE")


class LimitBackup(BackupRun):
    def __init__(self, bench, store, codec, contender, compressor):
        super().__init__(bench, store, codec, contender)
        self.compressor = compressor

    def archive(self):
        return "exit 0"

    def line(self):
        url = url_of(self.store, f"{self.server}/base/limit/data.tar{self.codec.suffix}")
        return self.bench.limit.backup(url, self.compressor, self.bench.source.cluster)


class PgBackRestBackup(BackupRun):
    def archive(self):
        return self.bench.pgbackrest.archive()

    def line(self):
        return self.bench.pgbackrest.backup(self.codec)

    def stored_bytes(self):
        return self.bench.pgbackrest.newest()[1]

    def check(self):
        if self.stored_bytes() == 0:
            raise BenchError("pgBackRest stored nothing")

    def clean(self):
        label, _ = self.bench.pgbackrest.newest()
        keys = self.store.client.keys(self.store.bucket, f"pgbackrest/backup/bench/{label}/")
        self.bench.stored[self.contender, self.codec.name] = Stored("pgbackrest", label, keys)
        self.bench.pgbackrest.expire()
        self.bench.collect_garbage()


class RestoreRun:
    """Restores into a new directory; what it left in the page cache is written by a sync that is timed apart."""

    def __init__(self, bench, store, stored, line_of_shell):
        self.bench, self.store, self.stored, self.line_of_shell = bench, store, stored, line_of_shell
        self.environment = bench.environment(store)

    def prepare(self):
        self.clean()
        self.bench.target.mkdir(mode=0o700)
        self.bench.host.own(self.bench.target)
        self._read_through()

    def command(self):
        return ["/bin/sh", "-c", self.line_of_shell]

    def settle(self, series):
        start = time.monotonic()
        subprocess.run(["sync", "-f", self.bench.target], check=True)
        series.syncs.append(time.monotonic() - start)

    def check(self):
        self.bench.source.check_copy(self.bench.target)

    def clean(self):
        if self.bench.target.exists():
            shutil.rmtree(self.bench.target)
        subprocess.run(["sync", "-f", self.bench.host.folder], check=True)

    def _read_through(self):
        """Gets the objects once, so that the store has the same in its caches for all."""
        lines = "".join(f'url = "{url_of(self.store, key)}"\noutput = "/dev/null"\n' for key in self.stored.keys)
        config = self.bench.host.file("objects.curl", lines)
        subprocess.run(["/bin/sh", "-c", f"{self.bench.limit.curl()} -K {config}"], env=self.environment, check=True)


def backups(bench, store, codec):
    """name -> run."""
    contenders = {}
    on_gateway = store is bench.gateway
    if bench.ours.has("backup", codec.flag):
        contenders["ours"] = BarmanBackup(bench, store, codec, "ours", bench.ours)
        if codec.name == "gzip":
            contenders["ours, low"] = BarmanBackup(bench, store, codec, "ours, low", bench.ours, "low")
    contenders["limit"] = LimitBackup(bench, store, codec, "limit", codec.compress)
    if codec.original_has_it:
        contenders["original"] = BarmanBackup(bench, store, codec, "original", bench.original)
    if bench.pgbackrest and codec.pgbackrest and on_gateway:
        contenders["pgBackRest"] = PgBackRestBackup(bench, store, codec, "pgBackRest")
    if on_gateway:
        for name, compressor in codec.others:
            if shutil.which(compressor.split()[0]):
                contenders[name] = LimitBackup(bench, store, codec, name, compressor)
    return contenders


def restores(bench, store, codec):
    """name -> run; of the backups that `backups` left on the gateway."""
    def run(name, make_line):
        stored = bench.stored.get((name, codec.name))
        return RestoreRun(bench, store, stored, make_line(stored)) if stored else None

    def of_barman(commands, *options):
        return lambda stored: commands.restore(store, stored.server, stored.id, bench.target, options)

    def of_limit(stored):
        archive = next(key for key in stored.keys if "/data.tar" in key)
        return bench.limit.restore(url_of(store, archive), codec, bench.target)

    found = {"ours": run("ours", of_barman(bench.ours))}
    if bench.ours.has("restore", "--no-sync"):
        found["ours, no sync"] = run("ours", of_barman(bench.ours, "--no-sync"))
    # The limit reads the very object that ours reads.
    found["limit"] = run("ours", of_limit) or run("limit", of_limit)
    found["original"] = run("original", of_barman(bench.original))
    if bench.pgbackrest and store is bench.gateway:
        found["pgBackRest"] = run("pgBackRest", lambda stored: bench.pgbackrest.restore(stored.id, bench.target))
    return {name: made for name, made in found.items() if made}


def download(bench, folder):
    """Copies what ours and the original stored to files, for the null store to hand out; key -> path."""
    objects = {}
    for (contender, _), stored in bench.stored.items():
        if contender in ("ours", "original") or (contender == "limit" and not bench.stored.get(("ours", _))):
            for key in stored.keys:
                objects[key] = folder / f"{len(objects)}"
                command = f"{bench.limit.curl()} {line('-o', objects[key], url_of(bench.gateway, key))}"
                subprocess.run(["/bin/sh", "-c", command], env=bench.environment(bench.gateway), check=True)
    return objects
