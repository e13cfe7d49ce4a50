"""--version, --help, and that the manual pages say the same as --help."""
import os
import pathlib
import re
import subprocess

import pytest

COMMANDS = ("wal-archive", "wal-restore", "check-wal-archive", "backup", "backup-list", "backup-show", "backup-keep",
            "backup-delete", "restore")
MAN = pathlib.Path(__file__).resolve().parents[2] / "man"


def rendered(page, width):
    done = subprocess.run(["man", "--warnings", "-l", str(MAN / page)], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C", "MANWIDTH": str(width)})
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def default_in(text):
    """The parenthesis that every option with a value has, wherever lines were broken."""
    found = re.search(r"\(default: (.*?)\)", " ".join(text.split()))
    return found and found.group(1)


def options_of(text, indent):
    """{"-e, --encryption ENCRYPTION": default} of an indented listing."""
    options, current = {}, None
    for line in text.splitlines():
        head = re.match(rf" {{{indent}}}(-\S.*?)(?:  +(.*))?$", line)
        if head:
            current = head.group(1)
            options[current] = head.group(2) or ""
        elif current and line.startswith(" " * (indent + 2)):
            options[current] += " " + line.strip()
        elif line.strip():
            current = None
    return {name: default_in(meaning) for name, meaning in options.items()}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--version", "-V", "--vers", "-vV"])
def test_version_is_one_line(run, name, option):
    done = run(name, option)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"barman-cloud-{name} 3.20.0\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_goes_to_stdout_and_names_every_argument(run, name):
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: barman-cloud-{name} [-V] [--help] [-v | -q] [-t]\n")
    usage, _, rest = done.stdout.partition("\n\n")
    assert rest.endswith("\n") and all(len(line) < 80 for line in rest.splitlines() if not line.startswith("  -"))
    for option in options_of(done.stdout, 2):
        assert option.split(",")[0].split(" ")[0] in re.split(r"[\s\[\]()]+", usage)
    assert "server_name" in usage


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "backup"])  # its -h is --host
def test_h_is_not_help(run, name):
    more = {"wal-restore": ["c", "d"], "backup-show": ["c"], "backup-keep": ["-s", "c"], "backup-delete": ["--orphans"],
            "restore": ["c", "d"]}
    done = run(name, "-h", "a", "b", *more.get(name, []))
    assert done.returncode == 3
    assert done.stderr.endswith(f"\nbarman-cloud-{name}: error: unrecognized arguments: -h\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_manual_and_help_have_the_same_options_and_defaults(run, name):
    page, _ = rendered(f"barman-cloud-{name}.1", 1000)
    in_manual = options_of(page.partition("\nOPTIONS\n")[2].partition("\nEXIT STATUS\n")[0], 7)
    in_help = options_of(run(name, "--help").stdout, 2)
    assert len(in_help) > 15
    assert in_manual == in_help


@pytest.mark.parametrize("name", COMMANDS)
def test_values_have_a_default_in_the_help(run, name):
    without = {head for head, default in options_of(run(name, "--help").stdout, 2).items()
               if re.search(r" [A-Z{]", head) and default is None}
    assert without <= {"--profile AWS_PROFILE"}


@pytest.mark.parametrize("page", sorted(path.name for path in MAN.iterdir()))
def test_manual_pages_have_no_warnings(page):
    text, warnings = rendered(page, 80)
    assert warnings == ""
    assert "EXIT STATUS" in text and "3.20.0" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_that_cannot_be_written_is_a_failure(run, name):
    with open("/dev/full", "w") as full:
        done = subprocess.run([run.path(name), "--help"], env=run.environment, stdout=full, timeout=60)
    assert done.returncode == 4


@pytest.mark.parametrize("name", COMMANDS)
def test_closed_standard_streams_do_no_harm(run, name):
    done = subprocess.run(["sh", "-c", 'exec "$0" --version <&- >&- 2>&-', run.path(name)], env=run.environment,
                          timeout=60)
    assert done.returncode == 0
