"""What was reached, and the figures behind it."""
from common import report
from common.report import Target

STORE = "RGW http"


def targets(results, necessary):
    """`results`: operation -> {contender: Outcome}."""
    found = []
    for operation, outcomes in results.items():
        ours, original = outcomes["ours"], outcomes["original"]
        sent = ours.requests.total() / necessary[operation]
        found.append(Target(f"{operation}: requests / necessary", STORE, sent, 1.2, "×"))
        if operation == "delete":
            found.append(Target("delete: speed / the original's, per object that is gone", STORE,
                                ours.objects_per_second / original.objects_per_second, 5, "×", at_least=True))
            found.append(Target("delete: obsolete objects left behind", STORE, ours.left, 0, "objects"))
            found.append(Target("delete: needed objects that are gone", STORE, ours.excess, 0, "objects"))
        else:
            speed = original.series.wall / ours.series.wall
            found.append(Target(f"{operation}: speed / the original's", STORE, speed, 5, "×", at_least=True))
    return found


def figure_table(results, necessary):
    lines = ["| operation | contender | wall s, median (least–most) | CPU s | peak MiB | requests | of them | "
             "necessary |",
             "|---|---|---:|---:|---:|---:|---|---:|"]
    for operation, outcomes in results.items():
        for name, outcome in outcomes.items():
            runs = outcome.series
            kinds = ", ".join(f"{count} {kind}" for kind, count in outcome.requests.most_common())
            lines.append(f"| {operation} | {name} | {runs.wall:.2f} ({min(runs.walls):.2f}–{max(runs.walls):.2f}) | "
                         f"{runs.cpu:.2f} | {runs.peak_mib:.0f} | {outcome.requests.total()} | {kinds} | "
                         f"{necessary[operation]} |")
    for operation, outcomes in results.items():
        for name, outcome in outcomes.items():
            if outcome.left_out:
                lines += ["", f"{operation}: {name} leaves out {outcome.left_out} of the backups."]
    if "delete" in results:
        lines += ["", "What is gone after the deletion:", "",
                  "| contender | objects below base | of obsolete | WAL objects | of obsolete | per second | "
                  "needed ones gone |",
                  "|---|---:|---:|---:|---:|---:|---:|"]
        for name, outcome in results["delete"].items():
            lines.append(f"| {name} | {outcome.base} | {outcome.obsolete_base} | {outcome.wals} | "
                         f"{outcome.obsolete_wals} | {outcome.objects_per_second:.0f} | {outcome.excess} |")
    return lines


def document(results, notes, necessary):
    return report.document(notes, targets(results, necessary), figure_table(results, necessary))
