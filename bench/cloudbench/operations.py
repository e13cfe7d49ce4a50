"""What is measured: WAL archived and restored, a cluster backed up and restored, by ours and by curl."""
import dataclasses
import itertools
import shlex
import shutil
import subprocess

from cloudbench.stores import ranges_line
from common.measure import BenchError

PART_SIZE = 16 * 1024 * 1024
WAL_FOLDER = "wals/0000000100000000"
RECOVERY_FILE = "RECOVERYXLOG"
SAME = "curl, same requests"


def words(*given):
    return shlex.join(str(word) for word in given)


@dataclasses.dataclass
class Bench:
    """What every operation needs."""

    host: object
    source: object
    store: object
    segment: object  # path of a WAL segment
    environments: dict  # "environment" and the like -> environment of a command
    numbers: object = dataclasses.field(default_factory=itertools.count)
    stored: tuple = None  # (server, backup id, archive's key, its bytes in a file, the same in parts)

    @property
    def work(self):
        return self.host.folder / "work"

    @property
    def target(self):
        return self.host.folder / "restored"

    def command(self, name, *arguments, options=()):
        return f"exec {words(self.host.bin / f'barman-cloud-{name}', *options, *self.store.place, *arguments)}"


class Run:
    """`line` is shell that is told `key`, and does its work."""

    def __init__(self, bench, line, environment="environment"):
        self.bench, self.line, self.environment = bench, line, bench.environments[environment]
        self.server = None

    def prepare(self):
        self.server = f"run{next(self.bench.numbers)}"

    def command(self):
        return ["/bin/sh", "-c", self.line(self.server)]

    def clean(self):
        self.bench.store.remove(f"{self.server}/")


class WalArchive(Run):
    @staticmethod
    def key(bench, server):
        return f"{server}/{WAL_FOLDER}/{bench.segment.name}"

    def check(self):
        same_bytes(self.bench, self.key(self.bench, self.server), self.bench.segment)


class WalRestore(Run):
    def check(self):
        if (self.bench.target / RECOVERY_FILE).read_bytes() != self.bench.segment.read_bytes():
            raise BenchError("the segment was restored with other bytes")

    def prepare(self):
        empty(self.bench)

    def clean(self):
        empty(self.bench)


class Backup(Run):
    def __init__(self, bench, line, archives):
        super().__init__(bench, line)
        self.archives, self.log_start = archives, None

    def prepare(self):
        super().prepare()
        if self.archives:
            self.bench.source.archive_with(archive_command(self.bench, self.server))
        self.bench.source.warm()
        self.log_start = self.bench.source.log_end()

    def settle(self, series):
        series.waits.append(self.bench.source.waited(self.log_start))
        series.stored.append(sum(self.bench.store.size(key) for key in self._keys()))

    def _keys(self):
        return [key for key in self.bench.store.keys(f"{self.server}/base/") if "/data" in key]

    def check(self):
        if not self.archives:
            same_bytes(self.bench, f"{self.server}/base/limit/data.tar", self.bench.stored[3])
        elif sum(map(self.bench.store.size, self._keys())) < 0.98 * self.bench.source.bytes:
            raise BenchError("the backup is smaller than the cluster")


class Restore(Run):
    """A restored cluster, or with curl alone, one archive. What is left to be written is synced apart."""

    def __init__(self, bench, line, check):
        super().__init__(bench, line)
        self.check = check

    def prepare(self):
        empty(self.bench)
        subprocess.run(["/bin/sh", "-c", f"{self.bench.store.get_line(self.bench.stored[2])} -o /dev/null"], check=True,
                       env=self.environment)

    def clean(self):
        empty(self.bench)


def empty(bench):
    shutil.rmtree(bench.target, ignore_errors=True)
    bench.target.mkdir(mode=0o700)
    bench.host.own(bench.target)
    subprocess.run(["sync", "-f", bench.host.folder], check=True)


def same_bytes(bench, key, path):
    line = f"{bench.store.get_line(key)} | cmp - {shlex.quote(str(path))}"
    if subprocess.run(["/bin/sh", "-c", line], env=bench.environments["environment"], check=False).returncode:
        raise BenchError(f"{key} was stored with other bytes")


def archive_command(bench, server):
    exports = "".join(f"export {words(f'{name}={value}')}\n" for name, value in bench.store.environment.items())
    return exports + bench.command("wal-archive", server) + ' "$1"'


def put_segment(bench, server, same=False):
    return f"f={bench.segment}\n{bench.store.put_line(WalArchive.key(bench, server), same)}"


def wal_archives(bench):
    """name -> run."""
    def ours(server):
        return bench.command("wal-archive", server, bench.segment)

    found = {"ours": WalArchive(bench, ours), "curl": WalArchive(bench, lambda server: put_segment(bench, server)),
             SAME: WalArchive(bench, lambda server: put_segment(bench, server, True))}
    if "with_token" in bench.environments:
        found["ours, new token"] = WalArchive(bench, ours, "with_token")
    return found


def wal_restores(bench):
    server, target = "stored", bench.target / RECOVERY_FILE
    subprocess.run(["/bin/sh", "-c", put_segment(bench, server)], check=True, env=bench.environments["environment"],
                   stdout=subprocess.DEVNULL)
    key = WalArchive.key(bench, server)
    get, same = (f"exec {bench.store.get_line(key, like_ours)} -o {target}" for like_ours in (False, True))
    ours = bench.command("wal-restore", server, bench.segment.name, target)
    return {"ours": WalRestore(bench, lambda _: ours), "curl": WalRestore(bench, lambda _: get),
            SAME: WalRestore(bench, lambda _: same)}


def backups(bench, digests):
    """`digests`: curl can send the checksums that ours sends."""
    options = ["--immediate-checkpoint", "-J", "2", "-h", bench.host.folder, "-p", bench.source.cluster.port, "-U",
               "postgres"]

    def ours(server):
        return bench.command("backup", server, options=options)

    def curl(digest):
        return lambda server: bench.store.parts_script(f"{server}/base/limit/data.tar", bench.stored[4], bench.work, digest)

    found = {"ours": Backup(bench, ours, archives=True), "curl": Backup(bench, curl(False), archives=False)}
    if digests:
        found["curl, MD5"] = Backup(bench, curl(True), archives=False)
    keep_one(bench, found["ours"])
    return found


def keep_one(bench, run):
    """Makes the backup that is restored, and whose archive's bytes are curl's to put."""
    run.prepare()
    subprocess.run(run.command(), env=run.environment, check=True, stdin=subprocess.DEVNULL, **bench.host.identity)
    keys = [key for key in bench.store.keys(f"{run.server}/base/") if "/data" in key]
    if len(keys) != 1:
        raise BenchError(f"one archive was expected, not {keys}")
    path = bench.work / "data.tar"
    subprocess.run(["/bin/sh", "-c", f"{bench.store.get_line(keys[0])} -o {path}"], check=True, env=run.environment)
    for old in bench.work.glob("part.*"):
        old.unlink()
    subprocess.run(["split", "-b", str(PART_SIZE), "-a", "4", path, bench.work / "part."], check=True)
    bench.stored = run.server, keys[0].split("/")[2], keys[0], path, sorted(bench.work.glob("part.*"))


def restores(bench):
    server, backup_id, key, path, _ = bench.stored
    copy = bench.target / "data.tar"

    def ours(*options):
        line = bench.command("restore", server, backup_id, bench.target, options=options)
        return Restore(bench, lambda _: line, lambda: bench.source.check_copy(bench.target))

    def curl(line, check):
        return Restore(bench, lambda _: line, check)

    def check_file():
        if subprocess.run(["cmp", copy, path], check=False).returncode:
            raise BenchError(f"{copy} is not what was stored")

    def check_ranges():
        line = f"cat {bench.target}/* | cmp - {path}"
        if subprocess.run(["/bin/sh", "-c", line], check=False).returncode:
            raise BenchError("the ranges are not what was stored")

    get = bench.store.get_line(key)
    ranges = ranges_line(bench.store, key, path.stat().st_size, bench.work, bench.target)
    return {"ours": ours(), "ours, no sync": ours("--no-sync"), "curl": curl(f"exec {get} -o {copy}", check_file),
            SAME: curl(ranges, check_ranges),
            "curl and tar": curl(f"{get} | tar -x -C {bench.target}", lambda: bench.source.check_copy(bench.target))}
