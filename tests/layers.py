#!/usr/bin/python3
"""The layers and rooms of the source tree, held by its #include lines and its file names.

usage: layers.py [ROOT]     Prints every fault; exit 1 when there is one.

A layer is a folder of src (and tools, above them all). BELOW says which layers it may include. A room is a folder in a
layer: rooms of one layer include each other in one direction only. A room holds at most MOST_FILES files, and the name
of a source tells the header that it implements: X.cpp or X_part.cpp, for X.h beside it or include/tapster/X.h.

A public header (include/tapster) belongs to the layer of the source of the same name, and includes nothing but the
standard library, fmt and its own kind.
"""
import pathlib
import re
import sys

BELOW = {"base": set()}
BELOW["text"] = {"base"}
BELOW["crypto"] = {"base", "text"}
BELOW["file"] = {"base"}
BELOW["codec"] = {"base", "text", "file"}
BELOW["tar"] = {"base", "text"}
BELOW["http"] = {"base", "text"}
BELOW["store"] = {"base", "text", "crypto", "file", "codec", "http"}
BELOW["wal"] = BELOW["store"] | {"store"}
BELOW["catalog"] = BELOW["wal"] | {"wal"}
BELOW["postgres"] = {"base", "text", "catalog"}
BELOW["backup"] = BELOW["catalog"] | {"catalog", "postgres", "tar"}
BELOW["tools"] = set(BELOW)

MOST_FILES = 24

# Third-party headers, and the only files that may see them (as regular expressions).
HOMES = [
    (r"curl/.*", r"src/http/.*"),
    (r"openssl/.*", r"src/crypto/(digest|crypto_errors|pkcs12|rsa_signature)[^/]*"),
    (r"isa-l/.*", r"src/codec/deflate/piece_compressor_isal\.cpp"),
    (r"(zlib|libdeflate|bzlib|lzma|zstd|lz4[a-z]*|snappy[a-z-]*)\.h", r"src/codec/.*"),
    (r"pugixml\.hpp", r"src/text/xml[^/]*"),
    (r"libpq-fe\.h|libpq/.*", r"src/postgres/.*"),
    (r"CLI/.*", r"tools/grammar/.*"),
    (r"nlohmann/.*", r"src/.*"),
    (r"fmt/.*", r".*"),
]
STANDARD = re.compile(r"[a-z_0-9]+")  # <vector>, <cstdint>
SYSTEM = re.compile(r"(sys|netinet|arpa|linux)/[a-z_0-9]+\.h|[a-z]+intrin\.h|cpuid\.h|arm_acle\.h|"
                    r"(dirent|dlfcn|errno|fcntl|fnmatch|grp|limits|locale|netdb|poll|pthread|pwd|signal|spawn|stdio|"
                    r"stdlib|string|termios|time|unistd)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """'src/http/client.cpp' -> 'http', 'tools/...' -> 'tools', a public header -> None."""
    parts = path.split("/")
    return "tools" if parts[0] == "tools" else parts[1] if parts[0] == "src" else None


def third_party_fault(path, header):
    if STANDARD.fullmatch(header):
        return None
    for pattern, home in HOMES:
        if re.fullmatch(pattern, header):
            return None if re.fullmatch(home, path) else f"<{header}> may only be seen by {home}"
    if SYSTEM.fullmatch(header):
        return None if layer_of(path) else f"public headers keep to the standard library: <{header}>"
    return f"<{header}> has no home: give it one in tests/layers.py"


def room_of(path):
    """'src/store/s3/s3_store.h' -> 'store/s3', 'tools/grammar/help.h' -> 'tools/grammar'."""
    return str(pathlib.PurePath(path.removeprefix("src/")).parent)


def room_of_header(header, path, sources):
    """The room of a header that `path` includes: tools name theirs "grammar/help.h", the library "store/s3/s3_store.h"."""
    return room_of(f"tools/{header}" if path.startswith("tools/") and f"tools/{header}" in sources else header)


def room_faults(sources):
    """Rooms that include each other, by whatever way round, and rooms with too many files."""
    files, includes = {}, {}
    for path, text in sorted(sources.items()):
        if layer_of(path) is None:
            continue
        files.setdefault(str(pathlib.PurePath(path).parent), []).append(path)
        for mark, header in INCLUDE.findall(text):
            room = room_of_header(header, path, sources)
            if mark == '"' and "/" in header and room != room_of(path):
                includes.setdefault(room_of(path), {}).setdefault(room, path)
    for room, paths in files.items():
        if len(paths) > MOST_FILES:
            yield paths[0], f"{room} holds {len(paths)} files: which rooms are in it?"

    def reached(room, seen):
        for other in includes.get(room, {}):
            if other not in seen:
                seen.add(other)
                reached(other, seen)
        return seen

    for room, others in includes.items():
        for other, path in others.items():
            if room.split("/")[0] == other.split("/")[0] and room in reached(other, {other}):
                yield path, f"the rooms {room} and {other} include each other"


def name_faults(sources):
    """Sources whose name does not tell which header they implement."""
    for path in sorted(sources):
        where = pathlib.PurePath(path)
        if where.suffix != ".cpp" or where.name == "main.cpp":
            continue
        words = where.stem.split("_")
        names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
        if not any(header in sources for name in names
                   for header in (str(where.with_name(name + ".h")), f"include/tapster/{name}.h")):
            yield path, "no header has this name, or begins it"


def faults(sources):
    """sources: {path: text} of include/, src/ and tools/. Yields (path, what is wrong)."""
    public = {pathlib.PurePath(path).stem: layer_of(path) for path in sources
              if path.startswith("src/") and path.endswith(".cpp")
              and f"include/tapster/{pathlib.PurePath(path).stem}.h" in sources}
    yield from room_faults(sources)
    yield from name_faults(sources)
    for path, text in sorted(sources.items()):
        own = layer_of(path)
        if own is not None and own not in BELOW:
            yield path, f"the folder {own} is no layer: add it to tests/layers.py"
            continue
        for mark, header in INCLUDE.findall(text):
            first = header.split("/")[0]
            if header.startswith("tapster/"):
                target = public.get(pathlib.PurePath(header).stem)
            elif mark == "<":
                fault = third_party_fault(path, header)
                if fault:
                    yield path, fault
                continue
            elif own is None:
                yield path, f'public headers include each other as <tapster/...>: "{header}"'
                continue
            else:
                target = first if "/" in header and first in BELOW else "tools" if own == "tools" else own
            if own and target and target != own and target not in BELOW[own]:
                yield path, f"{own} must not include {target}: {header}"


def self_test():
    """Faults planted on purpose are found, and what is right is left alone."""
    fine = {
        "include/tapster/wal_name.h": "#include <tapster/error.h>\n#include <optional>\n",
        "include/tapster/error.h": "#include <string>\n#include <fmt/core.h>\n",
        "src/crypto/digest.h": "",
        "src/crypto/digest.cpp": '#include "crypto/digest.h"\n#include <openssl/evp.h>\n#include <dlfcn.h>\n',
        "src/base/error.cpp": "#include <tapster/error.h>\n",
        "src/http/client.h": "",
        "src/http/client_open.cpp": '#include "http/client.h"\n#include "text/encoding.h"\n#include <curl/curl.h>\n',
        "src/wal/wal_name.cpp": '#include <tapster/wal_name.h>\n#include "store/s3/store.h"\n#include "names.h"\n',
        "src/store/s3/store.h": '#include "store/cloud/call.h"\n',
        "src/store/cloud/call.h": "",
        "tools/grammar/parser.h": "",
        "tools/grammar/parser.cpp": '#include "grammar/parser.h"\n#include <CLI/CLI.hpp>\n#include "options/values.h"\n',
        "tools/options/values.h": "",
    }
    assert list(faults(fine)) == [], list(faults(fine))
    planted = {
        "src/base/a.h": '#include "http/client.h"',
        "src/base/b.h": "#include <tapster/wal_name.h>",
        "src/codec/c.h": '  #  include "store/file/store.h"',
        "src/store/d.h": '#include "wal/archive.h"',
        "src/http/e.h": '#include "wal/exit_status.h"\n#include "tools/x.h"',
        "src/postgres/f.h": '#include "file/files.h"',
        "src/store/s3/g.h": "#include <curl/curl.h>",
        "src/text/encoding.h": "#include <openssl/evp.h>",
        "src/wal/h.h": "#include <zstd.h>",
        "tools/wal-archive/main.cpp": "#include <CLI/CLI.hpp>",
        "tools/options/i.h": "#include <nlohmann/json.hpp>",
        "src/codec/j.h": "#include <boost/optional.hpp>",
        "include/tapster/k.h": "#include <unistd.h>",
        "include/tapster/l.h": '#include "text/encoding.h"',
        "include/tapster/m.h": "#include <nlohmann/json_fwd.hpp>",
        "src/misc/n.h": "",
        "src/base/nameless.cpp": "",
        "src/store/cloud/back.h": '#include "store/s3/store.h"',
        "tools/options/back.h": '#include "grammar/parser.h"',
    }
    for path, text in planted.items():
        found = [where for where, _ in faults({**fine, path: text})]
        assert path in found and not set(found) - {path, "src/store/s3/store.h", "tools/grammar/parser.cpp"}, (path, found)
    crowd = {f"src/base/x{number}.h": "" for number in range(MOST_FILES + 1)}
    assert [fault for _, fault in faults({**fine, **crowd}) if "which rooms" in fault]


def main():
    self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    sources = {str(path.relative_to(root)): path.read_text() for folder in ("include", "src", "tools")
               for path in (root / folder).rglob("*") if path.suffix in (".h", ".cpp")}
    assert sources, f"no sources below {root}"
    found = list(faults(sources))
    for path, fault in found:
        print(f"{path}: {fault}")
    print(f"{len(sources)} files read, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
