"""What was reached, and the figures behind it."""
from common import report
from common.report import Target


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


def document(results, notes):
    return report.document(notes, targets(results), figure_table(results))
