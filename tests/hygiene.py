#!/usr/bin/python3
"""The tree speaks of the project alone, and its documents speak of what is there.

usage: hygiene.py [ROOT]     Prints every line that names a path of somebody's machine, and every line of a document
                             that names a file or folder of this tree that does not exist; exit 1 when there is one.
"""
import pathlib
import re
import subprocess
import sys

# Written in pieces so that this file does not find itself.
PRIVATE_PATH = re.compile(r"(?<![\w.:/-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/\w+"]) + r")(?=[/\s'\"`,;:)]|$)")


def private_paths(text):
    return [number for number, line in enumerate(text.splitlines(), 1) if PRIVATE_PATH.search(line)]


# `src/http/curl_client.cpp`, `src/file/atomic_file` (a header and its source), `src/store/s3`.
OWN_PATH = re.compile(r"`((?:src|include|tools|tests|bench|docs|man|scripts|findings)/[\w./-]*\w)`")


def missing_paths(text, exists):
    return [(number, path) for number, line in enumerate(text.splitlines(), 1)
            for path in OWN_PATH.findall(line) if not any(exists(path + end) for end in ("", ".h", ".cpp"))]


def main():
    there = {"src/a", "src/b.h"}.__contains__
    assert missing_paths("`src/a`, `src/b`\n`src/b.cpp` `src/*/x.h` src/d", there) == [(2, "src/b.cpp")]
    assert private_paths("a\ncd " + "/wo" + "rk/main\n") == [2]
    assert private_paths("'/ro" + "ot'") == [1]
    assert private_paths("s3://wo" + "rk/ $x/ro" + "ot /wo" + "rks a/ro" + "ot/b") == []

    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    # Another user's checkout is safe to list.
    listing = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z"],
                             check=True, capture_output=True).stdout.decode()
    names = [name for name in listing.split("\0") if name and (root / name).is_file()]
    assert names, f"git tracks nothing in {root}"
    found = 0
    for name in names:
        for number in private_paths((root / name).read_text(errors="replace")):
            print(f"{name}:{number}: a path of a private machine")
            found += 1
        if name.endswith(".md"):
            for number, path in missing_paths((root / name).read_text(), lambda path: (root / path).exists()):
                print(f"{name}:{number}: there is no {path}")
                found += 1
    print(f"{len(names)} files read, {found} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
