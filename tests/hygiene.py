#!/usr/bin/python3
"""The tree speaks of the project alone: no file that git tracks names a path of somebody's machine.

usage: hygiene.py [ROOT]     Prints every such line; exit 1 when there is one.
"""
import pathlib
import re
import subprocess
import sys

# Written in pieces so that this file does not find itself.
PRIVATE_PATH = re.compile(r"(?<![\w.:/-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/\w+"]) + r")(?=[/\s'\"`,;:)]|$)")


def private_paths(text):
    return [number for number, line in enumerate(text.splitlines(), 1) if PRIVATE_PATH.search(line)]


def main():
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
    print(f"{len(names)} files read, {found} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
