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
            times("wall / curl's", lambda s: s.wall, 1.1)
        elif operation == "archive":
            if curl:
                bound = {"plain": 1.15, "gzip": 0.5}.get(form, 1.15)
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
    lines = ["| store | operation | contender | wall ms, median (least–most) | CPU ms | peak MiB | wall / curl's | requests |",
             "|---|---|---|---:|---:|---:|---:|---|"]
    for (store, operation, form), series in results.items():
        title = f"{operation} {form}".strip()
        for name, runs in series.items():
            peak = f"{runs.peak_mib:.1f}" if name in ("ours", "original", "pgBackRest", "ours, -p 4", "ours, synced") else ""
            ratio = f"{runs.wall / series['curl'].wall:.2f}" if "curl" in series else ""
            lines.append(f"| {store} | {title} | {name} | {runs.spread(1e3, 0)} | {runs.cpu * 1e3:.0f} | "
                         f"{peak} | {ratio} | {runs.asked()} |")
    return lines


def concurrent_document(results, notes, count):
    """`results`: (store, operation) -> {"N at once": Series}; `count` segments in each run."""
    lines = ["| store | processes | wall s, median (least–most) | segments/s | speed / one | CPU ms per segment |",
             "|---|---|---:|---:|---:|---:|"]
    found = []
    for (store, _), series in results.items():
        single = next(iter(series.values()))
        for name, runs in series.items():
            lines.append(f"| {store} | {name} | {runs.spread()} | {count / runs.wall:.1f} | {single.wall / runs.wall:.2f} | "
                         f"{runs.cpu / count * 1e3:.1f} |")
        most = list(series.values())[-1]
        found.append(Target("CPU per segment, most at once / one", store, most.cpu / single.cpu, 1.5, "×"))
        found.append(Target("speed, most at once / one", store, single.wall / most.wall, 0.9, "×", at_least=True))
    return report.document(notes, found, lines)


def document(results, notes):
    return report.document(notes, targets(results), figure_table(results))
