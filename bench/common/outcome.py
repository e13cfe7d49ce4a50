"""Where the outcome of a benchmark goes: to the screen, to a file, to the page of results, to bench/run."""
import json
import pathlib

from common.report import write_into

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "RESULTS.md"


def add_options(parser):
    parser.add_argument("--output", type=pathlib.Path, help="writes the report into this file too")
    parser.add_argument("--json", type=pathlib.Path, help="writes the figures of every run into this file")
    parser.add_argument("--write", action="store_true", help="writes the report into bench/RESULTS.md, when it is whole")


def publish(options, section, text, figures, whole=True):
    """`text`: the report. `figures`: what `rows` returns. `whole`: nothing was left out or failed."""
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    if options.json:
        options.json.write_text(json.dumps({"section": section, "rows": figures}, indent=1) + "\n")
    if options.write and whole:
        write_into(RESULTS, f"{section} results", text)


def rows(results, item_bytes=0):
    """Of (place, operation, ...) -> {contender: Series}; `item_bytes` is how much a run moves, where that is a speed."""
    return [{"place": key[0], "operation": " ".join(str(word) for word in key[1:] if word), "contender": name,
             "walls": series.walls, "cpu": series.cpu, "peak_mib": series.peak_mib, "bytes": item_bytes,
             "requests": dict(series.requests[-1]) if series.requests else {}}
            for key, contenders in results.items() for name, series in contenders.items()]
