"""Runs commands one after the other and keeps what each run cost."""
import contextlib
import dataclasses
import os
import pathlib
import signal
import statistics
import subprocess
import time

STOLEN = 0.05  # of the processors' time; a run that lost more says what the host does, not what the contender does
REPEATS = 2
LONG = 30  # seconds; a run that takes longer is not repeated, it sees the host's bad and good times


class BenchError(Exception):
    """A measured command failed, or did not do what it should."""


def stolen_seconds():
    """Processor time, since the start, in which this machine wanted to run and its host ran something else."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


class Host:
    """What a virtual machine's host took away since this was made."""

    repeated = 0  # runs, by `interleave`

    def __init__(self):
        self.start, self.stolen = time.monotonic(), stolen_seconds()

    def share(self):
        """Of the processors' time."""
        return (stolen_seconds() - self.stolen) / ((time.monotonic() - self.start) * os.cpu_count())


HOST = Host()


@dataclasses.dataclass
class Series:
    """The runs of one contender in one operation: seconds, seconds, KiB, KiB, seconds, seconds, bytes."""

    walls: list = dataclasses.field(default_factory=list)
    cpus: list = dataclasses.field(default_factory=list)
    peaks: list = dataclasses.field(default_factory=list)
    sums: list = dataclasses.field(default_factory=list)  # over all processes; with Meter(sum_memory=True)
    syncs: list = dataclasses.field(default_factory=list)  # what a run leaves to be written; see `interleave`
    waits: list = dataclasses.field(default_factory=list)  # part of the wall clock that went by in the database
    stored: list = dataclasses.field(default_factory=list)
    requests: list = dataclasses.field(default_factory=list)  # kind -> number, of each run; with Meter(count=...)
    stolen: list = dataclasses.field(default_factory=list)  # shares of the processors' time, by the machine's host

    def add(self, other):
        for field in dataclasses.fields(self):
            getattr(self, field.name).extend(getattr(other, field.name))

    def spread(self, unit=1, digits=2):
        """Median and range of the wall clock."""
        return (f"{self.wall * unit:.{digits}f} "
                f"({min(self.walls) * unit:.{digits}f}–{max(self.walls) * unit:.{digits}f})")

    def asked(self):
        """The requests of the last run, the most frequent first."""
        return ", ".join(f"{number} {kind}" for kind, number in self.requests[-1].most_common()) if self.requests else ""

    @property
    def wall(self):
        return statistics.median(self.walls)

    @property
    def cpu(self):
        return statistics.median(self.cpus)

    @property
    def peak_mib(self):
        return max(self.peaks) / 1024

    @property
    def sum_mib(self):
        return max(self.sums) / 1024

    @property
    def sync(self):
        return statistics.median(self.syncs) if self.syncs else 0.0

    @property
    def wait(self):
        return statistics.median(self.waits) if self.waits else 0.0

    @property
    def size(self):
        return statistics.median(self.stored)


class Meter:
    """`identity` says, in Popen's words, as whom commands run; their report goes to `folder`, which must be theirs.
    `count` tells, as a Counter, the requests that the store has had since it was last called."""

    def __init__(self, timed, folder, sum_memory=False, timeout=600, identity=None, count=None):
        self.words = [timed, *(["--sum"] if sum_memory else [])]
        self.report = folder / "report"
        self.log = folder / "log"
        self.timeout, self.identity, self.count = timeout, identity or {}, count

    def run(self, command, environment, series=None):
        """Runs `command` (a list of words) to its end; the cost goes to `series` when there is one."""
        if self.count:
            self.count()
        host = Host()
        with self.log.open("wb") as log:
            process = subprocess.Popen([*self.words, self.report, *command], env=environment, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True, **self.identity)
        try:
            if process.wait(self.timeout) != 0:
                raise BenchError(f"cannot measure {' '.join(map(str, command))}: {self.log.read_text()[-2000:]}")
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        status, wall, cpu, peak, total = self.report.read_text().split()
        if status != "0":
            message = self.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"status {status} from: {' '.join(map(str, command))}\n{message}")
        if series is not None:
            series.stolen.append(host.share())
            series.walls.append(float(wall))
            series.cpus.append(float(cpu))
            series.peaks.append(int(peak))
            series.sums.append(int(total))
            if self.count:
                series.requests.append(self.count())


def interleave(meter, contenders, rounds, warm_up=True, failures=None):
    """A B C, A B C, ...: what disturbs the machine for a while disturbs all alike.

    `contenders` maps a name to a run, such as those of bench/walbench/operations.py: it prepares, tells its command,
    checks the result and cleans up. Results are checked in the first round, which is not measured, and one more than
    `rounds`, with `warm_up`. A run with a method `settle` does there what is timed apart, and tells it to the series.
    A run of less than LONG that lost more than STOLEN to the machine's host is measured again, up to REPEATS times.
    Returns name -> Series. A failure ends it all, unless there is a list of `failures`: then its text goes there, and
    the others go on without that contender.
    """
    measured = {name: Series() for name in contenders}
    for number in range(rounds + warm_up):
        for name, run in contenders.items():
            if name not in measured:
                continue
            try:
                if warm_up and number == 0:
                    once(meter, run, None, check=True)
                else:
                    measured[name].add(undisturbed(meter, run, check=number == 0))
            except (AssertionError, BenchError, OSError, subprocess.SubprocessError) as problem:
                if failures is None:
                    raise
                failures.append(f"{name}: {problem}")
                del measured[name]
    return measured


def once(meter, run, series, check):
    run.prepare()
    meter.run(run.command(), run.environment, series)
    if series is not None and hasattr(run, "settle"):
        run.settle(series)
    if check:
        run.check()
    run.clean()


def undisturbed(meter, run, check):
    """A Series of one run: the first of a few that the host left alone, or else the one that it took least from."""
    found = []
    while True:
        found.append(Series())
        once(meter, run, found[-1], check and len(found) == 1)
        if found[-1].stolen[0] <= STOLEN or found[-1].walls[0] > LONG or len(found) > REPEATS:
            return min(found, key=lambda series: series.stolen[0])
        HOST.repeated += 1
