"""What was reached, and the figures behind it, as Markdown."""
import dataclasses
import datetime
import os
import pathlib
import platform
import re
import subprocess

MARKS = "<!-- results -->", "<!-- end of results -->"


@dataclasses.dataclass
class Target:
    """One promise: `figure` is at most `bound`."""

    what: str
    where: str
    figure: float
    bound: float
    unit: str

    @property
    def reached(self):
        return self.figure <= self.bound


def targets(results):
    """`results`: (store, operation, form) -> {contender: Series}, in the order of measurement."""
    found = []
    for (store, operation, form), series in results.items():
        ours, curl = series["ours"], series.get("curl")
        title = f"{operation} {form}".strip()

        def times(what, measure, bound, runs=ours, rival=curl, title=title, store=store):
            found.append(Target(f"{title}: {what}", store, measure(runs) / measure(rival), bound, "×"))

        if operation == "--version":
            times("wall / curl's", lambda s: s.wall, 1.2)
        elif operation == "archive":
            if curl:
                bound = 1.25 if form == "plain" else 1.15
                times("wall / curl's" if form == "plain" else "wall / compressor and curl's", lambda s: s.wall, bound)
                times("CPU / the same", lambda s: s.cpu, 1.3)
            found.append(Target(f"{title}: peak memory", store, ours.peak_mib, 20 if form == "plain" else 48, "MiB"))
        elif operation == "restore":
            times("wall / curl's", lambda s: s.wall, 1.25)
            times("wall / curl's, both synced", lambda s: s.wall, 1.25, series["ours, synced"], series["curl + sync"])
            times("CPU / curl's", lambda s: s.cpu, 1.3)
            found.append(Target(f"{title}: peak memory", store, ours.peak_mib, 20 if form == "plain" else 48, "MiB"))
    return found


def target_table(found):
    lines = ["| target | store | figure | bound | |", "|---|---|---:|---:|---|"]
    for target in found:
        verdict = "ok" if target.reached else "**missed**"
        lines.append(f"| {target.what} | {target.where} | {target.figure:.2f} {target.unit} | "
                     f"{target.bound:g} {target.unit} | {verdict} |")
    return lines


def figure_table(results):
    lines = ["| store | operation | contender | wall ms, median (least–most) | CPU ms | peak MiB | wall / curl's |",
             "|---|---|---|---:|---:|---:|---:|"]
    for (store, operation, form), series in results.items():
        title = f"{operation} {form}".strip()
        for name, runs in series.items():
            peak = f"{runs.peak_mib:.1f}" if name in ("ours", "original", "ours, -p 4", "ours, synced") else ""
            ratio = f"{runs.wall / series['curl'].wall:.2f}" if "curl" in series else ""
            lines.append(f"| {store} | {title} | {name} | {runs.wall * 1e3:.0f} "
                         f"({min(runs.walls) * 1e3:.0f}–{max(runs.walls) * 1e3:.0f}) | {runs.cpu * 1e3:.0f} | "
                         f"{peak} | {ratio} |")
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
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found.append(f"{label}: {done.stdout.strip().splitlines()[0]}" if done.stdout.strip() else f"{label}: unknown")
    return found


def document(results, notes):
    found = targets(results)
    missed = sum(not target.reached for target in found)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return "\n".join([f"{today}, {machine()}.", "", *(f"- {note}" for note in notes), "",
                      f"{len(found) - missed} of {len(found)} targets reached.", "",
                      *target_table(found), "", "All figures:", "", *figure_table(results)])


def write_into(path, text):
    """Replaces what stands between the marks of the file."""
    before, rest = path.read_text().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    path.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")
