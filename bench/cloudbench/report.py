"""What was reached, and the figures behind it."""
from cloudbench.operations import SAME
from common import report
from common.report import Target

MEMORY = 96
SLOWER = 1.15


def targets(results):
    """`results`: (store, operation) -> {contender: Series}, in the order of measurement."""
    found = []
    for (store, operation), series in results.items():
        ours = series.get("ours, no sync", series["ours"])
        found.append(Target(f"{operation}: wall / curl's", store, ours.wall / series["curl"].wall, SLOWER, "×"))
        if same := series.get(SAME):
            what = f"{operation}: wall / curl's with the same requests"
            found.append(Target(what, store, ours.wall / same.wall, SLOWER, "×"))
        peak = max(runs.peak_mib for name, runs in series.items() if name.startswith("ours"))
        found.append(Target(f"{operation}: peak memory", store, peak, MEMORY, "MiB"))
    return found


def figure_table(results, sizes):
    lines = ["| store | operation | contender | wall s, median (least–most) | of it start and stop s | MB/s | CPU s | "
             "peak MiB | wall / curl's |", "|---|---|---|---:|---:|---:|---:|---:|---:|"]
    for (store, operation), series in results.items():
        for name, runs in series.items():
            wait = f"{runs.wait:.2f}" if runs.wait else ""
            lines.append(f"| {store} | {operation} | {name} | {runs.wall:.3f} ({min(runs.walls):.3f}–{max(runs.walls):.3f}) | "
                         f"{wait} | {sizes[operation] / runs.wall / 1e6:.0f} | {runs.cpu:.2f} | {runs.peak_mib:.1f} | "
                         f"{runs.wall / series['curl'].wall:.2f} |")
    return lines


def document(results, notes, sizes):
    return report.document(notes, targets(results), figure_table(results, sizes))
