"""No secret is in what the commands say or leave behind: all nine, through every entrance, whatever happens."""
import base64
import concurrent.futures
import contextlib
import datetime
import os
import urllib.parse

import pytest

from support.entrances import ENTRANCES, GOOGLE
from support.gcs_server import Server
from support.secrecy import Secrets, on_the_wire
from support.site import SEGMENT, SERVER
from support.stored_backups import backup_info

ID = "20260102T030405"
FOLDERS = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
NOTHING_GIVEN = ("azure azure-cli", "gcs metadata server")  # whoever is there may come in
HELPERS = ("az", "azd", "gcloud", "aws", "sh", "bash", "openssl", "curl", "psql", "tar", "gzip")


class Desk:
    """Where the commands run: with folders of their own for everything that a program may like to keep, and programs in
    PATH that only write down how they were called; there are no others."""

    def __init__(self, run, folder, content):
        self.folder, self.inputs, self.output = folder, folder / "inputs", folder / "output"
        self.calls = folder / "calls.log"
        for name in (*FOLDERS, "cwd", "inputs", "output", "helpers"):
            (folder / name).mkdir()
        self.calls.touch()
        for name in HELPERS:
            (folder / "helpers" / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\nexit 1\n')
            (folder / "helpers" / name).chmod(0o755)
        (self.inputs / SEGMENT).write_bytes(content)
        self.run = run.with_env(PATH=folder / "helpers", TAPSTER_MAX_ATTEMPTS="1", AWS_MAX_ATTEMPTS="1",
                                **{name: folder / name for name in FOLDERS}, **self._barmans_backup())

    def _barmans_backup(self):
        """The environment of a hook of Barman's: a backup that needs no PostgreSQL."""
        data = self.inputs / "backup/data"
        (data / "global").mkdir(parents=True)
        (data / "global/pg_control").write_bytes(b"c" * 8192)
        (data / "backup_label").write_text("START WAL LOCATION\n")
        (data.parent / "backup.info").write_text(backup_info(
            SEGMENT, end_time=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)))
        return {"BARMAN_HOOK": "backup_script", "BARMAN_PHASE": "post", "BARMAN_BACKUP_DIR": data.parent,
                "BARMAN_BACKUP_ID": ID, "BARMAN_STATUS": "DONE", "BARMAN_BACKUP_INFO_PATH": data.parent / "backup.info"}

    def commands(self):
        """Each with its options and what stands behind the URL and the server, in an order in which all work."""
        return [("check-wal-archive", [], []), ("wal-archive", [], [self.inputs / SEGMENT]),
                ("wal-restore", [], [SEGMENT, self.output / SEGMENT]), ("backup", [], []), ("backup-list", [], []),
                ("backup-show", [], [ID]), ("backup-keep", ["--target", "full"], [ID]),
                ("backup-keep", ["--release"], [ID]), ("restore", [], [ID, self.output / "restored"]),
                ("backup-delete", ["--backup-id", ID], [])]

    def run_all(self, entrance, at_once=1, **changes):
        """(command, CompletedProcess) of each; `at_once` where all fail, and wait in between."""
        environment = {**entrance.environment, **changes}
        if "PATH" in environment:  # with a helper of its own: that one is called, and writes down the same
            environment["PATH"] = f"{environment['PATH'].split(':')[0]}:{self.folder}/helpers:{os.environ['PATH']}"
        run = self.run.with_env(**environment)

        def one(line):
            command, options, after = line
            without_hook = {"BARMAN_HOOK": None} if command == "wal-archive" else {}
            return command, run.with_env(**without_hook)(command, "-vv", *entrance.options, *options, entrance.url, SERVER,
                                                         *after, cwd=self.folder / "cwd")
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(one, self.commands()))

    def written(self):
        """What lies where only output, or nothing, belongs."""
        return sorted(str(path.relative_to(self.folder)) for name in (*FOLDERS, "cwd", "output")
                      for path in (self.folder / name).rglob("*") if path.is_file())

    def calls_of_helpers(self):
        logs = [self.calls, self.inputs / "bin/az.log"]
        return "".join(path.read_text() for path in logs if path.exists())


@pytest.fixture
def desk(run, tmp_path, content):
    return Desk(run, tmp_path, content)


@pytest.fixture(scope="module")
def gcs_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture(params=ENTRANCES)
def entrance(request, authority, desk):
    enter = ENTRANCES[request.param]
    with contextlib.ExitStack() as stack:
        if request.param in GOOGLE:
            found = enter(authority, desk.inputs, request.getfixturevalue("gcs_server"))
        else:
            found = enter(authority, desk.inputs)
        yield stack.enter_context(found)


@pytest.mark.parametrize("said", ["is {}", "is {:.20}...", "is ...{}", "at x?sig={}&x"])
def test_a_leak_would_be_found(said):
    secret = "wJalr/XUtnFEMI+K7MDENG/bPxRfiCY=="
    known = Secrets(secret_key=secret, private_key=f"-----BEGIN\n{'line' * 16}\n{secret}\n-----END")
    for form in (secret, urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        assert known.leaks(said.format(form)) == ["private key"]
    assert known.leaks("a line with nothing in it") == []


def tell_nothing(desk, entrance, results):
    """What every run has in common; returns what went over the wire."""
    seen = on_the_wire(entrance.requests)
    known = Secrets()
    known.found = {**entrance.secrets.found, **seen.found, **entrance.tokens()}
    for command, done in results:
        assert known.leaks(done.stdout + done.stderr) == [], f"{command} -vv\n{done.stdout}{done.stderr}"
    assert known.leaks(desk.calls_of_helpers()) == []
    return seen


def test_when_all_is_well(desk, entrance):
    results = desk.run_all(entrance)
    for command, done in results:
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stderr}"
        assert "DEBUG: " in done.stderr and ": HTTP 20" in done.stderr, f"{command} logs no requests\n{done.stderr}"
    seen = tell_nothing(desk, entrance, results)
    assert entrance.sends <= seen.labels, "a secret that was never used cannot leak"
    problems = [problem for server in entrance.servers for problem in server.problems]
    assert problems == []
    assert desk.written() == [f"output/{SEGMENT}", "output/restored/backup_label", "output/restored/global/pg_control"]
    by_program = entrance.options[-1] == "azure-cli"
    assert ("get-access-token" in desk.calls_of_helpers()) == by_program
    assert by_program or desk.calls_of_helpers() == "", "a program was called"


def test_when_access_is_denied(desk, entrance):
    entrance.deny()
    results = desk.run_all(entrance, 10)
    for command, done in results:
        assert done.returncode != 0 and "HTTP 403" in done.stderr, f"{command}\n{done.stderr}"
    assert entrance.sends - {"customer key"} <= tell_nothing(desk, entrance, results).labels
    assert desk.written() == []


@pytest.mark.parametrize("entrance", [name for name in ENTRANCES if name not in NOTHING_GIVEN], indirect=True)
def test_when_the_credentials_are_wrong(desk, entrance):
    results = desk.run_all(entrance, 5, **entrance.wrong)
    for command, done in results:
        assert done.returncode != 0 and " ERROR: " in done.stderr, f"{command}\n{done.stderr}"
    tell_nothing(desk, entrance, results)
    assert entrance.requests
    assert desk.written() == []


def test_when_nobody_answers(desk, entrance):
    entrance.stop()
    results = desk.run_all(entrance, 10)
    for command, done in results:
        assert done.returncode != 0 and "connect" in done.stderr.lower(), f"{command}\n{done.stderr}"
    tell_nothing(desk, entrance, results)
    assert desk.written() == []
