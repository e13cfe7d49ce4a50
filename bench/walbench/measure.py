"""Runs commands one after the other and keeps what each run cost."""
import dataclasses
import statistics
import subprocess


class BenchError(Exception):
    """A measured command failed, or did not do what it should."""


@dataclasses.dataclass
class Series:
    """The runs of one contender in one operation: seconds, seconds, KiB."""

    walls: list = dataclasses.field(default_factory=list)
    cpus: list = dataclasses.field(default_factory=list)
    peaks: list = dataclasses.field(default_factory=list)

    @property
    def wall(self):
        return statistics.median(self.walls)

    @property
    def cpu(self):
        return statistics.median(self.cpus)

    @property
    def peak_mib(self):
        return max(self.peaks) / 1024


class Meter:
    def __init__(self, timed, folder):
        self.timed = timed
        self.report = folder / "report"
        self.log = folder / "log"

    def run(self, command, environment, series=None):
        """Runs `command` (a list of words) to its end; the cost goes to `series` when there is one."""
        with self.log.open("wb") as log:
            subprocess.run([self.timed, self.report, *command], env=environment, stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log, check=True, timeout=600)
        status, wall, cpu, peak = self.report.read_text().split()
        if status != "0":
            message = self.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"status {status} from: {' '.join(map(str, command))}\n{message}")
        if series is not None:
            series.walls.append(float(wall))
            series.cpus.append(float(cpu))
            series.peaks.append(int(peak))


def interleave(meter, contenders, rounds, warm_up=True):
    """A B C, A B C, ...: what disturbs the machine for a while disturbs all alike.

    `contenders` maps a name to a run of bench/walbench/operations.py. Results are checked in the first round, which is
    not measured, and one more than `rounds`, with `warm_up`. Returns name -> Series.
    """
    measured = {name: Series() for name in contenders}
    for number in range(rounds + warm_up):
        for name, run in contenders.items():
            run.prepare()
            meter.run(run.command(), run.environment, None if warm_up and number == 0 else measured[name])
            if number == 0:
                run.check()
            run.clean()
    return measured
