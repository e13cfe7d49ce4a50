"""One table and one picture of what all benchmarks measured, made of the rows that each of them writes."""
import statistics

from common.report import machine

# Who stands in which column, by the names that the benchmarks use; the first that took part.
COLUMNS = {"ours": ("ours",), "original": ("original",), "pgBackRest": ("pgBackRest",),
           "the limit": ("limit", "curl", "curl, same requests")}


class Rows:
    """What was measured: rows of (section, place, operation, contender)."""

    def __init__(self, parts):
        """`parts`: what the benchmarks wrote, one dictionary each."""
        self.all = [{**row, "section": part["section"]} for part in parts for row in part["rows"]]

    def find(self, section, place, operation):
        """contender -> row."""
        return {row["contender"]: row for row in self.all
                if (row["section"], row["place"], row["operation"]) == (section, place, operation)}

    def operations(self):
        """(section, place, operation) of all, as they were measured."""
        return list(dict.fromkeys((row["section"], row["place"], row["operation"]) for row in self.all))


def wall(row):
    return statistics.median(row["walls"])


def length(seconds):
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.0f} ms"


def cell(row):
    spread = f" ({length(min(row['walls']))}–{length(max(row['walls']))})" if len(row["walls"]) > 1 else ""
    return length(wall(row)) + spread


def asked(rows, section, operation, row):
    """The gateway does not count; it gets what the null store gets."""
    if not row["requests"]:
        row = rows.find(section, "null store", operation).get(row["contender"], row)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(row["requests"].items(), key=lambda item: -item[1]))


def table(rows):
    """Operations in which ours met another; those of one contender alone are in their own sections."""
    lines = ["| operation | where | " + " | ".join(f"{name}, wall" for name in COLUMNS) +
             " | ours: CPU | of the limit's | peak MiB | of the original's | requests |",
             "|---|---" + "|---:" * (len(COLUMNS) + 4) + "|---|"]
    for section, place, operation in rows.operations():
        contenders = rows.find(section, place, operation)
        chosen = {column: next((contenders[name] for name in names if name in contenders), None)
                  for column, names in COLUMNS.items()}
        ours, limit, original = chosen["ours"], chosen["the limit"], chosen["original"]
        if ours is None or not any(row for name, row in chosen.items() if name != "ours"):
            continue
        lines.append(f"| {'' if section == 'wal' else section + ': '}{operation} | {place} | " +
                     " | ".join(cell(row) if row else "" for row in chosen.values()) +
                     f" | {length(ours['cpu'])} | {share(ours, limit, 'cpu')} | {ours['peak_mib']:.0f} | "
                     f"{share(ours, original, 'peak_mib')} | {asked(rows, section, operation, ours)} |")
    return lines


def share(ours, other, what):
    return f"{ours[what] / other[what]:.2f} ×" if other and other[what] else ""


def document(rows, notes, picture):
    return "\n".join([f"{machine()}.", "", *(f"- {note}" for note in notes), "", f"![The figures as a plot]({picture})", "",
                      "Medians, with the least and the most. *The limit* is what standard tools reach: curl, with "
                      "compressors and tar where they are needed.", "", *table(rows)])
