"""The picture: six panels, as SVG or PNG by the name of the file."""
import re

from common.report import machine
from runbench.summary import wall

COLOURS = {"ours": "#0b6e4f", "original": "#c0392b", "pgBackRest": "#d68910", "curl": "#7f8c8d", "limit": "#7f8c8d"}
FORMS = ("plain", "gzip", "zstd", "lz4")
BASE_FORMS = (*FORMS, "snappy", "bzip2")
LINES = {"one at a time": ("o", "#c0392b"), "--parallel 4": ("s", "#2e86c1"), "-p 4": ("s", "#2e86c1"),
         "--parallel 8": ("^", "#0b6e4f"), "-p 8": ("^", "#0b6e4f"), "curl, 8 at once": ("x", "#7f8c8d")}


def bars(axes, rows, section, place, verb, forms, contenders, unit, scale):
    """Groups of bars: how long each contender takes, by form."""
    axes.set_title(f"{'WAL' if section == 'wal' else 'base'} {verb}, {place}")
    found = {form: rows.find(section, place, f"{verb} {form}") for form in forms}
    found = {form: series for form, series in found.items() if series}
    taking_part = [name for name in contenders if any(name in series for series in found.values())]
    if not found:
        return nothing(axes)
    width = 0.8 / len(taking_part)
    for at, name in enumerate(taking_part):
        places = [number + (at - (len(taking_part) - 1) / 2) * width for number, form in enumerate(found) if name in found[form]]
        times = [wall(series[name]) * scale for series in found.values() if name in series]
        bar = axes.bar(places, times, width, label=name, color=COLOURS[name])
        axes.bar_label(bar, [f"{time:.0f}" if time >= 10 else f"{time:.1f}" for time in times], fontsize=6, padding=1)
    axes.set_yscale("log")
    axes.margins(y=0.2)
    axes.set_xticks(range(len(found)), list(found))
    axes.set_ylabel(f"{unit}, logarithmic")
    return axes.legend(fontsize=7, ncols=2)


def wires(axes, rows, operation, count_bytes=16 * 2 ** 20):
    """Segments per second by round trip."""
    axes.set_title(f"{operation} over a long wire")
    places = sorted({row["place"] for row in rows.all if row["section"] == "wire" and row["operation"] == operation},
                    key=round_trip)
    if not places:
        return nothing(axes)
    for name, (mark, colour) in LINES.items():
        points = [(round_trip(place), found[name]) for place in places if name in (found := rows.find("wire", place, operation))]
        if points:
            axes.plot([time for time, _ in points], [row["bytes"] / count_bytes / wall(row) for _, row in points],
                      marker=mark, color=colour, label=name, linestyle="--" if name.startswith("curl") else "-")
    axes.set_xscale("log")
    axes.set_yscale("log")
    times = [round_trip(place) for place in places]
    axes.set_xticks(times, [f"{time:g}" for time in times])
    axes.minorticks_off()
    axes.set_xlabel("round trip, ms")
    axes.set_ylabel("segments/s, logarithmic")
    return axes.legend(fontsize=7)


def round_trip(place):
    return float(re.match(r"[\d.]+", place)[0])


def nothing(axes):
    axes.text(0.5, 0.5, "not measured", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()


def draw(rows, dates, paths):
    import matplotlib  # noqa: PLC0415: only where a picture is wanted

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "tapster", "font.size": 8, "axes.titlesize": 9})
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(3, 2, figsize=(11, 12), layout="constrained")
    wal, base = ("ours", "original", "pgBackRest", "curl"), ("ours", "original", "pgBackRest", "limit")
    bars(panels[0][0], rows, "wal", "RGW https", "archive", FORMS, wal, "ms per segment", 1e3)
    bars(panels[0][1], rows, "wal", "RGW https", "restore", FORMS, wal, "ms per segment", 1e3)
    bars(panels[1][0], rows, "base", "RGW http", "backup", BASE_FORMS, base, "s", 1)
    bars(panels[1][1], rows, "base", "RGW http", "restore", BASE_FORMS, base, "s", 1)
    wires(panels[2][0], rows, "WAL archive")
    wires(panels[2][1], rows, "WAL restore")
    for axes in panels.flat:
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{machine()}\n{dates}; less is better in the bars, more in the lines", fontsize=9)
    for path in paths:
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=110, metadata=metadata)
    pyplot.close(figure)
