"""What was reached on the wires, and the figures behind it."""
from common import report
from common.report import Target

# (round trip in ms, operation, contender) -> how many times faster than one at a time
PROMISED = {(20, "archive", "--parallel 4"): 3, (80, "archive", "--parallel 8"): 6, (80, "restore", "-p 8"): 6}
KEPT = 0.8  # of the throughput on the shortest wire


def wal_targets(wal):
    """`wal`: (wire, operation) -> {contender: Series}."""
    found = []
    for (round_trip, operation, contender), bound in PROMISED.items():
        series = wal.get((f"{round_trip} ms", operation), {})
        if contender in series:
            found.append(Target(f"{operation} {contender}: speed / one at a time", f"{round_trip} ms",
                                series["one at a time"].wall / series[contender].wall, bound, "×", at_least=True))
    return found


def base_targets(base):
    """`base`: (operation, cap) -> {wire: Series}, the shortest wire first."""
    found = []
    for (operation, _), series in base.items():
        nearest = next(iter(series))
        for wire, runs in list(series.items())[1:]:
            found.append(Target(f"{operation}: speed / that at {nearest}", wire, series[nearest].wall / runs.wall, KEPT,
                                "×", at_least=True))
    return found


def figures(wal, base, count, source_bytes):
    lines = [] if not wal else [
        "| wire | operation | contender | wall s, median (least–most) | segments/s | speed / one at a time | CPU s | requests |",
        "|---|---|---|---:|---:|---:|---:|---|"]
    for (wire, operation), series in wal.items():
        for name, runs in series.items():
            lines.append(f"| {wire} | WAL {operation} | {name} | {runs.spread()} | {count / runs.wall:.1f} | "
                         f"{series['one at a time'].wall / runs.wall:.2f} | {runs.cpu:.1f} | {runs.asked()} |")
    if base:
        lines += ["", "| wire | operation | wall s, median (least–most) | MB/s | CPU s | peak MiB | requests |",
                  "|---|---|---:|---:|---:|---:|---|"]
    for (operation, _), series in base.items():
        for wire, runs in series.items():
            lines.append(f"| {wire} | {operation} | {runs.spread()} | {source_bytes / runs.wall / 1e6:.0f} | {runs.cpu:.1f} | "
                         f"{runs.peak_mib:.0f} | {runs.asked()} |")
    return lines


def document(wal, base, count, source_bytes, notes):
    return report.document(notes, wal_targets(wal) + base_targets(base), figures(wal, base, count, source_bytes))
