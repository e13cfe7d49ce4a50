"""backup-list, backup-show and backup-keep on a directory: output byte for byte, exit statuses, messages."""
import json
import re
import shutil
import socket
import subprocess

import pytest

from support.catalogue import SAMPLES, catalogue, listed_backups, sample

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+\] "
NAMED, FAILED, OTHER = "20261120T092518", "20261120T092701", "20261120T092634"
HEADER = "Backup ID           End Time                 Begin Wal                     Archival Status  Name                \n"


class Archive:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.url = f"file://{folder}"

    def add(self, infos, keeps=None, server="main"):
        for name, text in catalogue(infos, keeps).items():
            path = self.folder / server / "base" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def annotation(self, identifier):
        path = self.folder / "main/base" / identifier / "annotations/keep"
        return path.read_text() if path.exists() else None


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


@pytest.fixture
def filled(archive):
    """What the original had when it printed the golden files."""
    archive.add(listed_backups(), {"20261120T092627": sample("annotation-keep.standalone")})
    return archive


@pytest.fixture
def refused(run):
    """A command whose endpoint refuses connections, with one attempt."""
    command = run.with_env(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1",
                           AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield command.with_env(AWS_ENDPOINT_URL=f"http://127.0.0.1:{taken.getsockname()[1]}")


def printed(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def failed(done, status, message):
    assert (done.returncode, done.stdout) == (status, "")
    assert re.fullmatch(rf"{LINE}ERROR: {re.escape(message)}\n", done.stderr), done.stderr


def test_the_golden_backups_are_put_together_as_they_were():
    infos = listed_backups()
    for identifier, name in ((NAMED, "done-tablespace-named"), (OTHER, "done-gzip"), ("20261120T093122", "done-split")):
        assert infos[identifier] == sample(f"backup.info.{name}")


def test_the_table_is_the_originals(run, filled):
    assert printed(run("backup-list", filled.url, "main")) == sample("backup-list.console.txt")
    assert printed(run("backup-list", "--format", "console", filled.url, "main")) == sample("backup-list.console.txt")


@pytest.mark.parametrize("form", ["json", "xml", ""])
def test_any_other_format_is_json(run, filled, form):
    golden = json.dumps(json.loads(sample("backup-list.pretty.json"))) + "\n"
    assert printed(run("backup-list", "--format", form, filled.url, "main")) == golden
    assert printed(run("backup-show", "--format", form, filled.url, "main", NAMED)) == sample("backup-show.json")


@pytest.mark.parametrize("name", [NAMED, "mybackup", "first", "oldest"])
def test_a_backup_is_shown_as_by_the_original(run, filled, name):
    assert printed(run("backup-show", filled.url, "main", name)) == sample("backup-show.console.txt")


def test_shortcuts_look_at_backups_of_any_status(run, filled):
    filled.add({"20261121T000000": "status=FAILED\n"})
    for name in ("last", "latest", "last-failed"):
        assert printed(run("backup-show", filled.url, "main", name)).startswith("Backup 20261121T000000:\n")


def test_the_list_of_an_unknown_server_is_empty(run, archive):
    assert printed(run("backup-list", "--format", "json", archive.url, "main")) == '{"backups_list": []}\n'
    assert printed(run("backup-list", archive.url, "main")) == HEADER


def test_an_archive_that_is_not_there_is_a_failure(run, tmp_path):
    for command in (["backup-list"], ["backup-list", "--format", "json"], ["backup-show"], ["backup-keep", "--status"]):
        name = ["last"] if command[0] != "backup-list" else []
        done = run(*command, f"file://{tmp_path}/nowhere", "main", *name)
        assert (done.returncode, done.stdout) == (4, "")
        assert f"{tmp_path}/nowhere" in done.stderr


def test_unknown_backups(run, filled):
    failed(run("backup-show", filled.url, "main", "20991231T235959"), 1,
           "Backup 20991231T235959 for server main does not exist")
    failed(run("backup-show", filled.url, "main", "nightly"), 4,
           "Barman cloud backup show exception: Unknown backup 'nightly' for server 'main'")
    failed(run("backup-show", filled.url, "other", "last"), 4,
           "Barman cloud backup show exception: Unknown backup 'last' for server 'other'")
    failed(run("backup-keep", "--status", filled.url, "main", "nightly"), 4,
           "Barman cloud keep exception: Unknown backup 'nightly' for server 'main'")


def test_a_name_that_two_backups_have_is_refused(run, filled):
    filled.add({"20261121T000000": sample("backup.info.done-tablespace-named")})
    failed(run("backup-show", filled.url, "main", "mybackup"), 4,
           "Barman cloud backup show exception: Multiple backups found matching name 'mybackup' (try using backup ID "
           f"instead): {NAMED} 20261121T000000")


def test_a_finished_backup_without_an_end_is_listed(run, archive):
    archive.add({NAMED: "status=DONE\n"})
    assert printed(run("backup-list", archive.url, "main")) == HEADER + NAMED.ljust(112) + "\n"


def test_what_cannot_be_read_is_a_warning_in_the_list(run, filled):
    filled.add({"20261121T000000": "nonsense\n", "20261121T000001": "status=DONE\nfuture=1\n"})
    done = run("backup-list", "--format", "json", filled.url, "main")
    assert done.returncode == 0
    listed = [backup["backup_id"] for backup in json.loads(done.stdout)["backups_list"]]
    assert listed == [*sorted(listed_backups()), "20261121T000001"]
    assert re.fullmatch(
        rf"{LINE}WARNING: Unable to open backup.info file for 20261121T000000: line 1: nonsense: there is no = in it\n"
        rf"{LINE}WARNING: The backup.info of 20261121T000001 has fields that are not known here, and are ignored: future\n",
        done.stderr)


def test_what_cannot_be_read_cannot_be_shown(run, archive):
    archive.add({NAMED: "timeline=x\n", OTHER: "future=1\n"})
    failed(run("backup-show", archive.url, "main", NAMED), 4,
           f"Barman cloud backup show exception: {archive.url}/main/base/{NAMED}/backup.info: line 1: timeline is not "
           "an integer: x")
    done = run("backup-show", archive.url, "main", OTHER)
    assert done.returncode == 0 and "Status                 : EMPTY\n" in done.stdout
    assert re.fullmatch(rf"{LINE}WARNING: .* not known here, and are not shown: future\n", done.stderr)


@pytest.mark.parametrize("target", ["full", "standalone"])
def test_a_backup_is_kept_and_released(run, filled, target):
    place = [filled.url, "main", NAMED]
    assert printed(run("backup-keep", "--status", *place)) == "Keep: nokeep\n"
    assert printed(run("backup-keep", "--target", target, *place)) == ""
    assert filled.annotation(NAMED) == sample(f"annotation-keep.{target}")
    assert printed(run("backup-keep", "-s", *place)) == f"Keep: {target}\n"
    assert f"KEEP:{target.upper()}" in printed(run("backup-list", filled.url, "main")).splitlines()[1]
    assert printed(run("backup-keep", "--release", *place)) == ""
    assert filled.annotation(NAMED) is None
    assert printed(run("backup-keep", "-r", *place)) == ""


def test_keeping_replaces_what_was_kept(run, filled):
    for target in ("standalone", "full"):
        printed(run("backup-keep", "--target", target, filled.url, "main", "mybackup"))
        assert filled.annotation(NAMED) == target


def test_an_unknown_annotation_is_shown_as_it_is(run, filled):
    filled.add({}, {NAMED: "forever\nand ever"})
    assert printed(run("backup-keep", "--status", filled.url, "main", NAMED)) == "Keep: forever\n"


def test_only_finished_backups_can_be_kept(run, filled):
    failed(run("backup-keep", "--target", "full", filled.url, "main", FAILED), 1,
           f"Cannot keep backup {FAILED} of server main: its status is FAILED, and only a backup that is DONE can be kept")
    assert filled.annotation(FAILED) is None
    failed(run("backup-keep", "--target", "full", filled.url, "main", "20991231T235959"), 4,
           "Barman cloud keep exception: Backup 20991231T235959 for server main does not exist")


def test_an_unknown_backup_is_not_kept(run, filled):
    place = [filled.url, "main", "20991231T235959"]
    assert printed(run("backup-keep", "--status", *place)) == "Keep: nokeep\n"
    assert printed(run("backup-keep", "--release", *place)) == ""


COMMANDS = [["backup-list"], ["backup-show", "last"], ["backup-keep", "--status", "last"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_connection_test(run, archive, tmp_path, command):
    name, *rest = command
    options, backup = [word for word in rest if word.startswith("-")], [word for word in rest if word == "last"]
    assert printed(run(name, "-t", *options, archive.url, "main", *backup)) == ""
    failed(run(name, "-t", *options, f"file://{tmp_path}/nowhere", "main", *backup), 1,
           f"Directory {tmp_path}/nowhere does not exist")


def test_network_failures(refused):
    for command in (["backup-list", "s3://b", "main"], ["backup-list", "--format", "json", "s3://b", "main"],
                    ["backup-show", "s3://b", "main", NAMED], ["backup-show", "s3://b", "main", "name"],
                    ["backup-keep", "--status", "s3://b", "main", NAMED],
                    ["backup-keep", "--release", "s3://b", "main", NAMED],
                    ["backup-keep", "--target", "full", "s3://b", "main", NAMED]):
        done = refused(*command)
        assert (done.returncode, done.stdout) == (4, "")
        assert refused(*command, "-t").returncode == 2


def test_a_result_that_nobody_gets_is_a_failure(run, filled):
    for command in (["backup-list", filled.url, "main"], ["backup-list", "--format", "json", filled.url, "main"],
                    ["backup-show", filled.url, "main", "last"], ["backup-keep", "-s", filled.url, "main", "last"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([run.path(command[0]), *command[1:]], env=run.environment, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == 4
        assert "cannot write to standard output" in done.stderr


USAGE_ERRORS = [
    ("backup-keep", ["a", "b", "c"], "one of the arguments -r/--release -s/--status --target is required"),
    ("backup-keep", ["-r", "-s", "a", "b", "c"], "argument -s/--status: not allowed with argument -r/--release"),
    ("backup-keep", ["--status", "--target", "full", "a", "b", "c"],
     "argument --target: not allowed with argument -s/--status"),
    ("backup-keep", ["--target", "half", "a", "b", "c"],
     "argument --target: invalid choice: 'half' (choose from 'full', 'standalone')"),
    ("backup-keep", ["-s", "a", "b"], "the following arguments are required: backup_id"),
    ("backup-show", ["a", "b"], "the following arguments are required: backup_id"),
    ("backup-show", ["a", "b", "c", "--format"], "argument --format: expected one argument"),
    ("backup-list", ["a"], "the following arguments are required: server_name"),
    ("backup-list", ["a", "b", "c"], "unrecognized arguments: c"),
    ("backup-list", ["-z", "a", "b"], "unrecognized arguments: -z"),
]


@pytest.mark.parametrize("name, arguments, text", USAGE_ERRORS)
def test_usage_errors_are_the_originals(run, name, arguments, text):
    original = shutil.which(f"barman-cloud-{name}", path="/usr/bin")
    assert original, "Debian's barman-cli-cloud is not installed"
    theirs = subprocess.run([original, *arguments], capture_output=True, text=True, timeout=60, check=False)
    for done in (run(name, *arguments), theirs):
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.endswith(f"\nbarman-cloud-{name}: error: {text}\n")


def test_the_samples_are_all_there():
    assert len(list(SAMPLES.glob("backup.info.*"))) == 8
