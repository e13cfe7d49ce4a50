"""What PostgreSQL's archiver and its replay do with many segments, one after the other, over a long wire."""
import dataclasses
import itertools
import os
import pathlib
import shlex
import shutil
import subprocess
import time

from common.measure import BenchError

FOLDER = "wals/0000000100000000"
STORED = "stored"  # the server under which the segments to restore lie
RECOVERY_FILE = "pg_wal/RECOVERYXLOG"
REPLAY_SECONDS = 0.01  # of one segment: PostgreSQL rather takes longer
END_SECONDS = 15  # in which a fetcher ends by itself when its spool is gone


@dataclasses.dataclass
class Bench:
    folder: pathlib.Path  # of the commands
    segments: list
    earlier: pathlib.Path  # the segment before those: archived before the clock runs
    work: pathlib.Path
    environment: dict
    numbers: object = dataclasses.field(default_factory=itertools.count)

    @property
    def data(self):
        return self.work / "data"

    @property
    def spool(self):
        return self.work / "spool"


class Run:
    """A data directory and a spool that are new each time; names the segments to its line of shell as $@."""

    def __init__(self, bench, store, line):
        self.bench, self.store, self.line = bench, store, line
        self.environment = store.environment(bench.environment)
        self.server = STORED

    def prepare(self):
        self.server = f"run{next(self.bench.numbers)}"
        for folder in (self.bench.data / "pg_wal/archive_status", self.bench.spool):
            folder.mkdir(parents=True)

    def command(self):
        return self.shell([path.name for path in self.bench.segments])

    def shell(self, names):
        line = self.line.replace("@SERVER@", self.server)
        return ["/bin/sh", "-c", f"cd {shlex.quote(str(self.bench.data))} || exit 1\n{line}", "sh", *names]

    def clean(self):
        for folder in (self.bench.data, self.bench.spool):
            shutil.rmtree(folder)
        deadline = time.monotonic() + END_SECONDS
        while working := processes_of(self.bench.spool):
            if time.monotonic() > deadline:
                raise BenchError(f"left running: {working}")
            time.sleep(0.05)


class ArchiveRun(Run):
    def prepare(self):
        super().prepare()
        self.hand_over(self.bench.earlier)
        subprocess.run(self.shell([self.bench.earlier.name]), env=self.environment, check=True)
        for path in self.bench.segments:
            self.hand_over(path)

    def hand_over(self, path):
        os.link(path, self.bench.data / "pg_wal" / path.name)
        (self.bench.data / "pg_wal/archive_status" / f"{path.name}.ready").touch()

    def check(self):
        for path in self.bench.segments:
            head = self.store.client.head(self.store.bucket, f"{self.server}/{FOLDER}/{path.name}")
            if head is None or int(head["content-length"]) != path.stat().st_size:
                raise BenchError(f"{path.name} was not stored as it is")


class RestoreRun(Run):
    def check(self):
        for path in self.bench.segments:
            if (self.bench.data / path.name).read_bytes() != path.read_bytes():
                raise BenchError(f"{path.name} was restored with other bytes")


def processes_of(folder):
    """The command lines of running processes that name the folder."""
    found = []
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if any(str(folder).encode() in word for word in words):
            found.append(b" ".join(words).decode(errors="replace"))
    return found


def archives(bench, store, parallels):
    place = f"--endpoint-url {store.endpoint} s3://{store.bucket} @SERVER@"
    command = shlex.quote(f"{bench.folder}/barman-cloud-wal-archive")

    def run(options):
        # archive_status is what the archiver, whose part the shell plays, renames when a segment is archived.
        return ArchiveRun(bench, store, f'for f; do {command} {options} {place} "pg_wal/$f" && '
                          'mv "pg_wal/archive_status/$f.ready" "pg_wal/archive_status/$f.done" || exit 1; done')

    spool = f"--spool-dir {shlex.quote(str(bench.spool))}"
    found = {"one at a time": run(spool)}
    for count in parallels:
        found[f"--parallel {count}"] = run(f"--parallel {count} {spool}")
    url = f"{store.endpoint}/{store.bucket}/@SERVER@/{FOLDER}/"
    found["curl, 8 at once"] = ArchiveRun(bench, store, transfers(url, 'upload-file = \\"pg_wal/$f\\"'))
    return found


def restores(bench, store, parallels):
    place = f"--endpoint-url {store.endpoint} s3://{store.bucket} {STORED}"
    command = shlex.quote(f"{bench.folder}/barman-cloud-wal-restore")

    def run(options):
        return RestoreRun(bench, store, f'for f; do {command} {options} {place} "$f" {RECOVERY_FILE} && '
                          f'mv {RECOVERY_FILE} "$f" && sleep {REPLAY_SECONDS} || exit 1; done')

    found = {"one at a time": run("")}
    for count in parallels:
        found[f"-p {count}"] = run(f"-p {count} --spool-dir {shlex.quote(str(bench.spool))}")
    url = f"{store.endpoint}/{store.bucket}/{STORED}/{FOLDER}/"
    found["curl, 8 at once"] = RestoreRun(bench, store, transfers(url, 'output = \\"$f\\"'))
    return found


def transfers(url, file):
    """One curl for all, eight at a time over warm connections: what the wire and the store have to give. The null store
    does not ask for signatures."""
    return (f'for f; do printf "url = \\"{url}$f\\"\\n{file}\\n"; done >transfers && '
            "exec curl -sSf --no-progress-meter --parallel --parallel-immediate --parallel-max 8 -K transfers")
