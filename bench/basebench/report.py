"""What was reached, and the figures behind it."""
from common import report
from common.report import Target

MEMORY = 96


def targets(results):
    """`results`: (store, operation, codec) -> {contender: Series}, in the order of measurement."""
    found = []
    for (store, operation, codec), series in results.items():
        ours, limit, original = series.get("ours"), series.get("limit"), series.get("original")
        title = f"{operation} {codec}"

        def at_least(what, figure, bound, title=title, store=store):
            found.append(Target(f"{title}: {what}", store, figure, bound, "×", at_least=True))

        def at_most(what, figure, bound, unit, title=title, store=store):
            found.append(Target(f"{title}: {what}", store, figure, bound, unit))

        if ours is None or limit is None:
            continue
        if operation == "backup":
            if codec in ("plain", "lz4", "zstd"):
                at_least("speed / the limit's", limit.wall / ours.wall, 0.85 if codec == "lz4" else 0.95)
            for name, faster, larger in (("ours", 12, 1.03), ("ours, low", 50, 1.15)):
                if codec == "gzip" and original and (runs := series.get(name)):
                    at_least(f"{name}: speed / the original's", original.wall / runs.wall, faster)
                    at_most(f"{name}: stored size / the original's", runs.size / original.size, larger, "×")
        else:
            unsynced = series.get("ours, no sync", ours)
            at_least("speed / the limit's, neither synced", limit.wall / unsynced.wall, 0.95)
        peak = max(runs.peak_mib for name, runs in series.items() if name.startswith("ours"))
        at_most("peak memory of the process", peak, MEMORY, "MiB")
    return found


def figure_table(results, source_bytes):
    lines = ["| store | operation | contender | wall s, median (least–most) | of it start and stop s | MB/s | "
             "sync after s | CPU s | peak MiB: process | all | stored MB | speed / limit's |",
             "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for (store, operation, codec), series in results.items():
        for name, runs in series.items():
            ratio = f"{series['limit'].wall / runs.wall:.2f}" if "limit" in series else ""
            sync = f"{runs.sync:.1f}" if runs.syncs else ""
            wait = f"{runs.wait:.1f}" if runs.wait else ""
            stored = f"{runs.size / 1e6:.1f}" if runs.stored else ""
            speed = source_bytes / runs.wall / 1e6
            lines.append(f"| {store} | {operation} {codec} | {name} | {runs.wall:.1f} "
                         f"({min(runs.walls):.1f}–{max(runs.walls):.1f}) | {wait} | {speed:.0f} | {sync} | "
                         f"{runs.cpu:.1f} | {runs.peak_mib:.0f} | {runs.sum_mib:.0f} | {stored} | {ratio} |")
    return lines


def document(results, notes, source_bytes):
    return report.document(notes, targets(results), figure_table(results, source_bytes))
