"""The parts of a report, as Markdown."""
import dataclasses
import datetime
import os
import pathlib
import platform
import re
import subprocess

from common.measure import HOST, REPEATS, STOLEN


@dataclasses.dataclass
class Target:
    """One promise: `figure` is at most `bound`, or, with `at_least`, at least that."""

    what: str
    where: str
    figure: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def reached(self):
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


def target_table(found):
    lines = ["| target | store | figure | bound | |", "|---|---|---:|---:|---|"]
    for target in found:
        verdict = "ok" if target.reached else "**missed**"
        bound = f"{'≥ ' if target.at_least else ''}{target.bound:g} {target.unit}"
        lines.append(f"| {target.what} | {target.where} | {target.figure:.2f} {target.unit} | {bound} | {verdict} |")
    return lines


def machine():
    processor = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 1024 ** 2
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return (f"{processor[1] if processor else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
            f"Linux {platform.release()}, {system[1] if system else 'unknown system'}")


def versions(commands):
    """The first line that each command prints about itself."""
    found = []
    for label, command in commands.items():
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            text = done.stdout.strip()
        except OSError:
            text = ""
        found.append(f"{label}: {text.splitlines()[0] if text else 'unknown'}")
    return found


def document(notes, found, figures):
    """`found` is a list of Target; `figures` are the lines of the tables behind them."""
    missed = sum(not target.reached for target in found)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    reached = [f"{len(found) - missed} of {len(found)} targets reached.", "", *target_table(found), "", "All figures:", ""]
    host = (f"the host of this machine took {100 * HOST.share():.1f} % of the processors' time; {HOST.repeated} runs that lost "
            f"more than {100 * STOLEN:.0f} % were measured again, each up to {REPEATS} times")
    return "\n".join([f"{today}, {machine()}.", "", *(f"- {note}" for note in (*notes, host)), "", *(reached if found else []),
                      *figures])


def write_into(path, name, text):
    """Replaces what stands between the marks `<!-- NAME -->` and `<!-- end of NAME -->` of the file."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = path.read_text().split(marks[0])
    after = rest.split(marks[1])[1]
    path.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}")
