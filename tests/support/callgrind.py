"""Counts instructions with valgrind's callgrind, by object and by function."""
import collections
import os
import pathlib
import subprocess


def count(command, folder, environment):
    """Runs `command` in `folder`; (object, mangled function) -> instructions executed in it itself."""
    report = pathlib.Path(folder) / "callgrind.out"
    report.unlink(missing_ok=True)
    words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", "--demangle=no", "--compress-strings=no",
             "--compress-pos=no", "--trace-children=no", *command]
    done = subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=240, check=False)
    if done.returncode != 0:
        raise AssertionError(f"status {done.returncode} from {' '.join(map(str, command))}:\n{done.stderr}")
    return read(report.read_text(encoding="utf-8", errors="replace"))


def read(text):
    """The same, of a report without compressed names and positions."""
    found, place, function, of_call = collections.Counter(), "", "", False
    for line in text.splitlines():
        if line.startswith("ob="):
            place = line[3:]
        elif line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            of_call = True  # the next line says what the callee cost
        elif line[:1].isdigit():
            if not of_call:
                found[place, function] += int(line.split()[1])
            of_call = False
    return found


def shares(counted, program):
    """What `program` executed: "C++" (ours, and what its templates and the C++ runtime are made of), "executable" (and
    the C libraries that are linked in, which are the codecs), "process" (and every shared library)."""
    inside = os.path.realpath(program)
    own = {function: cost for (place, function), cost in counted.items() if place == inside}
    names = [name for name in own if name.startswith("_Z")]
    assert names, f"{program} has no symbols: nothing to count by"
    return {"C++": sum(cost for name, cost in own.items() if name in ("main", *names)), "executable": sum(own.values()),
            "process": sum(counted.values())}
