"""Runs commands one after the other and keeps what each run cost."""
import contextlib
import dataclasses
import mmap
import os
import pathlib
import signal
import statistics
import subprocess
import time

STOLEN = 0.05  # of the processors' time; a run that lost more says what the host does, not what the contender does
REPEATS = 2
MIB, GIB = 1 << 20, 1 << 30
ROOM = 2 * GIB  # for servers and their page cache, beside what is measured
LONG = 30  # seconds; a run that takes longer is not repeated, it sees the host's bad and good times


class BenchError(Exception):
    """A measured command failed, or did not do what it should."""


def stolen_seconds():
    """Processor time, since the start, in which this machine wanted to run and its host ran something else."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def takes_back_free_memory():
    """Whether this is a virtual machine whose host does: feature 5 of a virtio balloon, the reporting of free pages. Who is
    the first to use such memory again waits for the host, up to 4 s per GB, and partly as time that the host has stolen."""
    paths = pathlib.Path("/sys/bus/virtio/drivers/virtio_balloon").glob("virtio*/features")
    return any(path.read_text()[5:6] == "1" for path in paths)


def free_memory():
    meminfo = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return int(meminfo["MemFree"].split()[0]) * 1024


def use_memory(size):
    """So many bytes of it, or as many as leave a quarter of what is free; the caller closes what comes."""
    size = max(min(size, free_memory() * 3 // 4), mmap.PAGESIZE)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, size, mmap.PAGESIZE):
        memory[offset] = 1
    return memory


def cluster_memory(size):
    """What a restore of a cluster of so many bytes uses: the page cache of what it writes and of what the store reads."""
    return 2 * size + GIB


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
    `count` tells, as a Counter, the requests that the store has had since it was last called. `memory` is how much a
    run may use, page cache included: where the host takes back what is free, that much is used just before each run. With
    `hold` so is most of the rest as long as this lives, so that it is the same memory again and again; not beside stores
    that keep their data in memory."""

    def __init__(self, timed, folder, sum_memory=False, timeout=600, identity=None, count=None, memory=256 * MIB,
                 hold=False):
        self.words = [timed, *(["--sum"] if sum_memory else [])]
        self.report = folder / "report"
        self.log = folder / "log"
        self.timeout, self.identity, self.count = timeout, identity or {}, count
        self.memory = memory if takes_back_free_memory() else 0
        self.rest = use_memory(free_memory() - 2 * memory - ROOM) if self.memory and hold else None

    def run(self, command, environment, series=None):
        """Runs `command` (a list of words) to its end; the cost goes to `series` when there is one."""
        if self.count:
            self.count()
        if self.memory:
            use_memory(self.memory).close()
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
    """A B C, B C A, C A B, ...: what disturbs the machine for a while, or what one leaves to the next, meets all alike.

    `contenders` maps a name to a run, such as those of bench/walbench/operations.py: it prepares, tells its command,
    checks the result and cleans up. Results are checked in the first round, which is not measured, and one more than
    `rounds`, with `warm_up`. A run with a method `settle` does there what is timed apart, and tells it to the series.
    A run of less than LONG that lost more than STOLEN to the machine's host is measured again, up to REPEATS times.
    Returns name -> Series. A failure ends it all, unless there is a list of `failures`: then its text goes there, and
    the others go on without that contender.
    """
    measured = {name: Series() for name in contenders}
    for number in range(rounds + warm_up):
        first = number % len(contenders)
        for name, run in [*contenders.items()][first:] + [*contenders.items()][:first]:
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
