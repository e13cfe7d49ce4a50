#!/usr/bin/python3
"""The layers of the source tree, held by its #include lines.

usage: layers.py [ROOT]     Prints every include that points upward or leaves its home; exit 1 when there is one.

    base <- io <- http <- store <- {wal <- catalog <- backup} <- tools,    {base, catalog} <- postgres <- backup

A public header (include/tapster) belongs to the layer of the source file of the same name in its folder, if there is one,
and includes nothing but the standard library, fmt and its own kind.
"""
import pathlib
import re
import sys

BELOW = {
    "base": set(),
    "io": {"base"},
    "http": {"base", "io"},
    "store": {"base", "io", "http"},
    "postgres": {"base", "catalog"},
    "wal": {"base", "io", "http", "store"},
    "catalog": {"base", "io", "http", "store", "wal"},
    "backup": {"base", "io", "http", "store", "wal", "catalog", "postgres"},
    "tools": {"base", "io", "http", "store", "wal", "catalog", "backup", "postgres"},
}

# Third-party headers, and the only files that may see them (as regular expressions).
HOMES = [
    (r"curl/.*", r"src/http/.*"),
    (r"openssl/.*", r"src/base/(digest|crypto_errors|pkcs12|rsa_signature)[^/]*"),
    (r"isa-l/.*", r"src/io/isal_deflater\.cpp"),
    (r"(zlib|libdeflate|bzlib|lzma|zstd|lz4[a-z]*|snappy[a-z-]*)\.h", r"src/io/.*"),
    (r"pugixml\.hpp", r"src/base/xml[^/]*"),
    (r"libpq-fe\.h|libpq/.*", r"src/postgres/.*"),
    (r"CLI/.*", r"tools/common/.*"),
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


def faults(sources):
    """sources: {path: text} of include/, src/ and tools/. Yields (path, what is wrong)."""
    public = {}
    for path in sources:
        if path.startswith("src/") and path.endswith(".cpp") and path.count("/") == 2:  # not src/store/s3/error.cpp
            public.setdefault(pathlib.PurePath(path).stem, layer_of(path))
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
        "src/base/digest.cpp": '#include "base/digest.h"\n#include <openssl/evp.h>\n#include <dlfcn.h>\n',
        "src/base/error.cpp": "#include <tapster/error.h>\n",
        "src/http/client.cpp": '#include "http/client.h"\n#include "base/encoding.h"\n#include <curl/curl.h>\n',
        "src/wal/wal_name.cpp": '#include <tapster/wal_name.h>\n#include "store/s3/store.h"\n#include "names.h"\n',
        "tools/common/parser.cpp": '#include "common/parser.h"\n#include <CLI/CLI.hpp>\n#include "wal/names.h"\n',
    }
    assert list(faults(fine)) == [], list(faults(fine))
    planted = {
        "src/base/a.cpp": '#include "http/client.h"',
        "src/base/b.cpp": "#include <tapster/wal_name.h>",
        "src/io/c.cpp": '  #  include "store/file/store.h"',
        "src/store/d.h": '#include "wal/archive.h"',
        "src/http/e.cpp": '#include "common/exit_status.h"\n#include "tools/x.h"',
        "src/postgres/f.cpp": '#include "io/files.h"',
        "src/store/s3/g.cpp": "#include <curl/curl.h>",
        "src/base/encoding.cpp": "#include <openssl/evp.h>",
        "src/wal/h.cpp": "#include <zstd.h>",
        "tools/wal-archive/main.cpp": "#include <CLI/CLI.hpp>",
        "tools/common/i.cpp": "#include <nlohmann/json.hpp>",
        "src/io/j.cpp": "#include <boost/optional.hpp>",
        "include/tapster/k.h": "#include <unistd.h>",
        "include/tapster/l.h": '#include "base/encoding.h"',
        "include/tapster/m.h": "#include <nlohmann/json_fwd.hpp>",
        "src/misc/n.cpp": "",
    }
    for path, text in planted.items():
        found = [where for where, _ in faults({**fine, path: text})]
        assert found and set(found) == {path}, (path, found)


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
