"""The least privileges of docs/azure.md and docs/gcs.md: each command does its work with them, and misses every one that
is taken away. Azurite enforces the letters of signatures, the fake of Google's store permissions."""
import contextlib
import itertools
import json
import pathlib
import random
import re

import pytest

from support.backups import BackupHost, Place, Source, accepted_by_postgresql, succeeds

COMMANDS = ("check-wal-archive", "wal-archive", "wal-restore", "backup", "backup-list", "backup-show", "backup-keep",
            "backup-delete", "restore")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def documented(page):
    """{command: [privileges]} of the page's table: its second column."""
    rows = re.findall(r"^\| `barman-cloud-(\S+)` \| ([^|]*) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    return {command: re.findall(r"`([^`]+)`", cell) for command, cell in rows}


LETTERS = {command: list(*cell) for command, cell in documented("azure.md").items()}
PERMISSIONS = documented("gcs.md")


def test_every_command_has_its_row():
    assert set(LETTERS) == set(PERMISSIONS) == set(COMMANDS)


class Archive(Place):
    """Of a store that takes privileges away."""
    store = ""

    def __init__(self, url):
        super().__init__(url, provider=["--cloud-provider", self.store, "-v"])


class AzureArchive(Archive):
    store, privileges = "azure-blob-storage", LETTERS
    refusal = "HTTP 403"
    for_orphans = ["w"]
    large, large_options, spoilt_status = 3 * 2**20, ["--max-single-put-size", "1MB", "--max-block-size", "1MB"], 0

    def __init__(self, azure, container):
        super().__init__(f"{azure.url}/{container}/prod")
        self.azure, self.container = azure, container

    def under(self, letters):
        return {"AZURE_STORAGE_SAS_TOKEN": self.azure.container_sas(self.container, permissions="".join(letters))}

    def names(self, _letter):
        return self.refusal

    def spoilt(self, _name):
        """Unfinished WAL is left to the service here: there is nothing to abort."""
        return contextlib.nullcontext()


class GcsArchive(Archive):
    store, privileges = "google-cloud-storage", PERMISSIONS
    refusal = "denied on resource"
    for_orphans = ["storage.multipartUploads.list", "storage.multipartUploads.listParts", "storage.multipartUploads.abort"]
    large, large_options, spoilt_status = 33 * 2**20, ["--gzip"], 4
    everything = {*itertools.chain(*PERMISSIONS.values()), *for_orphans, "storage.objects.update", "storage.buckets.get"}

    def __init__(self, gcs, bucket):
        super().__init__(f"gs://{bucket}/prod")
        self.gcs, self.bucket = gcs, bucket

    def under(self, permissions):
        self.gcs.deny(self.bucket, *(self.everything - set(permissions)))
        return {"STORAGE_EMULATOR_HOST": self.gcs.settings["GCS_ANONYMOUS_ENDPOINT"]}

    def names(self, permission):
        return f"'{permission}' {self.refusal}"

    def spoilt(self, name):
        """The upload in parts of that name cannot be completed, and is aborted."""
        return self.gcs.fault(f"{self.bucket}.*{name}.*uploadId=", method="POST", status=400, reason="InvalidArgument")


@pytest.fixture(scope="module")
def source(executables):
    host = BackupHost(executables, dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"), ""))
    host.environment["TAPSTER_MAX_ATTEMPTS"] = "2"
    try:
        yield Source(host)
    finally:
        host.close()


@pytest.fixture(params=["azure", "gcs"])
def archive(request):
    if request.param == "azure":
        return AzureArchive(request.getfixturevalue("azure"), request.getfixturevalue("azure_container"))
    return GcsArchive(request.getfixturevalue("gcs"), request.getfixturevalue("gcs_bucket"))


class Trial:
    """Runs commands of the source's host with the privileges at hand."""

    def __init__(self, source, archive):
        self.source, self.host, self.archive = source, source.host, archive
        self.numbers = itertools.count(1)

    def segment(self, content):
        return self.host.file(f"0000000A00000000{next(self.numbers):08X}", content)

    def all_of(self, command, scenario):
        """`scenario(run)` runs the command, each time with the status that it must end with. With the documented privileges
        it does; without one of them something is refused that names it."""
        archive, wanted = self.archive, self.archive.privileges[command]
        for missing in wanted:
            told = self.told(command, scenario, [each for each in wanted if each != missing], strict=False)
            assert archive.names(missing) in told, f"{command} does without {missing}: {told}"
        assert archive.refusal not in self.told(command, scenario, wanted)

    def told(self, command, scenario, privileges, strict=True):
        environment, said = self.archive.under(privileges), []

        def run(*options, expected=0, after=(), place=self.archive):
            done = self.host.ours(command, place, *options, after=after, **environment)
            assert not strict or done.returncode == expected, f"exit {done.returncode}, wanted {expected}: {done.stderr}"
            said.append(done.stderr)
        scenario(run)
        return "".join(said)


@pytest.fixture
def trial(source, archive):
    return Trial(source, archive)


@pytest.fixture
def azure_trial(source, azure, azure_container):
    return Trial(source, AzureArchive(azure, azure_container))


def test_check_wal_archive(trial):
    trial.all_of("check-wal-archive", lambda run: run())


@pytest.mark.parametrize("command, positionals", [
    ("wal-archive", ["0000000A0000000000000001"]), ("wal-restore", ["0000000A0000000000000001", "x"]), ("backup", []),
    ("backup-list", []), ("backup-show", ["latest"]), ("backup-keep", ["--status", "latest"]),
    ("backup-delete", ["--orphans"]), ("restore", ["latest", "x"])])
def test_testing_the_connection_takes_the_privileges_of_the_check(trial, command, positionals):
    privileges = trial.archive.privileges["check-wal-archive"]
    trial.told(command, lambda run: run("-t", after=positionals), privileges)


def test_a_signature_of_the_account_makes_a_missing_container(azure_trial, azure, azure_container):
    azure.remove_container(azure_container)
    refused = azure_trial.told("check-wal-archive", lambda run: run(expected=4), ["l", "c", "w"])
    assert AzureArchive.refusal in refused
    signature = {"AZURE_STORAGE_SAS_TOKEN": azure.account_sas(permissions="lc", resources="co")}
    succeeds(azure_trial.host.ours("check-wal-archive", azure_trial.archive, **signature))
    assert azure.has_container(azure_container)


def test_wal(trial):
    archive = trial.archive
    content = random.Random(1).randbytes(archive.large)

    def archived(run):
        path = trial.segment(b"one" * 1000)
        run(after=[path])
        run(after=[path])
        path.write_bytes(b"other" * 1000)
        run(after=[path], expected=1)
        with archive.spoilt((path := trial.segment(content)).name):
            run(*archive.large_options, after=[path], expected=archive.spoilt_status)
    trial.all_of("wal-archive", archived)
    large = trial.segment(content)
    trial.told("wal-archive", lambda run: run(*archive.large_options, after=[large]), archive.privileges["wal-archive"])

    stored = trial.segment(b"a segment" * 1000)
    trial.told("wal-archive", lambda run: run("--gzip", after=[stored]), archive.privileges["wal-archive"])
    fetched = trial.host.folder / "fetched"

    def restored(run):
        run(after=[stored.name, fetched])
        run(after=["0000000B0000000000000001", fetched], expected=1)
    trial.all_of("wal-restore", restored)
    assert fetched.read_bytes() == stored.read_bytes()


def test_a_signature_that_only_creates_archives(azure_trial, azure, azure_container):
    path = azure_trial.segment(b"one" * 1000)

    def archived(run):
        run(after=[path])
        run(after=[path])
        path.write_bytes(b"other" * 1000)
        run(after=[path], expected=1)
    azure_trial.told("wal-archive", archived, ["r", "c", "l"])
    [stored] = azure.names(azure_container)
    assert azure.get(azure_container, stored) == b"one" * 1000


def test_base_backups(trial):
    archive, host = trial.archive, trial.host

    def taken(run):
        run("--port", trial.source.cluster.port, "--immediate-checkpoint", "--wal-timeout", "0")
    trial.all_of("backup", taken)

    known = []

    def listed(run):
        run("--format", "json")
    trial.all_of("backup-list", listed)
    done = host.ours("backup-list", archive, "--format", "json", **archive.under(archive.privileges["backup-list"]))
    known = [backup["backup_id"] for backup in json.loads(done.stdout)["backups_list"] if backup["status"] == "DONE"]
    assert len(known) > 1, "backups that only lacked what they can do without"
    first, last = known[0], known[-1]

    def shown(run):
        run(after=[last])
        run(after=["latest"])
    trial.all_of("backup-show", shown)

    def kept(run):
        run("--target", "full", after=[first])
        run("--status", after=["latest"])
        run("--release", after=[first])
    trial.all_of("backup-keep", kept)

    targets = itertools.count(1)

    def restored(run):
        target = host.folder / f"{archive.store}-{next(targets)}"
        rules = [word for name in trial.source.locations for word in ("--tablespace", f"{name}:{target}_{name}")]
        run(*rules, after=[last, target])
        restored.target = target
    trial.all_of("restore", restored)
    accepted_by_postgresql(host, restored.target)

    trial.all_of("backup-delete", lambda run: run("--backup-id", first))
    trial.told("backup-delete", lambda run: run("--orphans"), [*archive.privileges["backup-delete"], *archive.for_orphans])
    done = host.ours("backup-list", archive, **archive.under(archive.privileges["backup-list"]))
    assert last in done.stdout and first not in done.stdout
