"""Base backups to Azurite, and restoring them, while the network and the service fail.

After whatever happened: the exit status is the documented one, the catalogue can be read, what is DONE in it can be
restored, and neither blocks that nobody committed nor an empty blob are left behind.
"""
import hashlib
import os
import pathlib
import shutil
import signal
import time
import types

import pytest

from support import azure_errors, faults
from support.azure import Azure
from support.azure_errors import REQUEST_ID
from support.azure_fixtures import azure_proxy as proxy  # noqa: F401
from support.azure_site import AzurePlace
from support.backups import BackupHost, accepted_by_postgresql, succeeds
from support.http_server import Response
from support.postgres import until
from support.site import lines

DATA, TABLESPACE, INFO, LISTING = r"/data\.tar", r"/\d+\.tar", r"/backup\.info", "comp=list&"
BLOCK, COMMIT = DATA + r"\?comp=block&", DATA + r"\?comp=blocklist"
# Before it begins, a backup tries whether it may write: it sends a first block, and discards it.
STEPS = {"the trial": (BLOCK, 1), "the first block": (BLOCK, 2), "a block in the middle": (BLOCK, 5),
         "the block list": (COMMIT, 2), "the archive of a tablespace": (TABLESPACE, 1),
         "its block list": (TABLESPACE + r"\?comp=blocklist", 1), "the manifest": ("backup_manifest", 1),
         "backup.info": (INFO, 1)}
ONCE = {"reset before the request": faults.reset(), "the request cut": faults.cut_request(5),
        "the answer lost": faults.lose_answer(), "503 with Retry-After": azure_errors.server_busy(retry_after=0)}


@pytest.fixture(scope="module")
def client(azurite):
    return Azure.over_http(azurite)


@pytest.fixture(scope="module")
def source(executables, client):
    """A small running cluster with a tablespace."""
    aws = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"), "")  # of no use here
    host = BackupHost(executables, aws)
    host.environment.update(client.environment("key"), TAPSTER_MAX_ATTEMPTS="2")
    try:
        cluster = host.cluster("source").create(1)
        cluster.configure(archive_command=f"{host.archiver} %p", archive_timeout=0, shared_buffers="16MB")
        cluster.start()
        (host.folder / "space").mkdir()
        host.own(host.folder / "space")
        cluster.sql(f"create tablespace space location '{host.folder}/space'")
        cluster.sql("create table inside tablespace space as select n, md5(n::text) from generate_series(1, 1000) n")
        yield types.SimpleNamespace(host=host, ours=host.ours, cluster=cluster)
    finally:
        host.close()


def failed(done, statuses, *mentioned):
    assert done.returncode in statuses, f"exit {done.returncode}, wanted {statuses}: {done.stderr}"
    text = "\n".join(lines(done, "ERROR"))
    assert text and "Traceback" not in done.stderr, done.stderr
    missing = [word for word in mentioned if str(word).lower() not in text.lower()]
    assert not missing, f"{missing} not in: {done.stderr}"


# -- backups -------------------------------------------------------------------------------------

class Scene:
    def __init__(self, source, proxy, client, container):
        self.source, self.proxy, self.client, self.container = source, proxy, client, container
        self.ours = source.ours
        self.place = AzurePlace(f"{client.url}/{container}/some/folder")
        self.through = self.place.through(proxy.endpoint)

    def attempt(self, *options):
        return self.ours.backup(self.through, self.source.cluster, *options)

    def holds(self, status, restorable=False):
        """What must be true after every case; `status` of the one backup in the catalogue, None: there is none.
        `restorable`: it is restored as well."""
        self.proxy.rules.clear()
        found = self.ours.backups(self.place)
        assert [backup["status"] for backup in found] == ([status] if status else []), found
        assert self.client.uncommitted(self.container) == []
        blobs = self.client.names(self.container)
        assert [name for name in blobs if self.client.stat(self.container, name)["content-length"] == "0"] == []
        if status == "FAILED":
            assert found[0]["error"]
        if restorable:
            target = self.source.host.folder / "proof"
            rule = ["--tablespace", f"space:{target}_space"]
            succeeds(self.ours.restore(self.place, found[0]["backup_id"], target, *rule))
            accepted_by_postgresql(self.source.host, target)
            for path in self.source.host.folder.glob("proof*"):
                shutil.rmtree(path)


@pytest.fixture
def scene(source, proxy, client, azure_container):
    """An empty archive, to which the cluster archives, past the proxy."""
    scene = Scene(source, proxy, client, azure_container)
    source.host.archive_to(scene.place)
    yield scene
    source.host.archive_nowhere()


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_happens_once_at_every_step_is_survived(scene, fault):
    for path, nth in STEPS.values():
        scene.proxy.inject(ONCE[fault], method="PUT", path=path, nth=nth, times=1)
    succeeds(scene.attempt())
    assert all(rule.seen >= rule.nth for rule in scene.proxy.rules), "not every fault was met"
    scene.holds("DONE", restorable=fault in ("the request cut", "the answer lost"))


@pytest.mark.parametrize("step", STEPS)
def test_a_fault_that_stays_ends_the_backup(scene, step):
    path, nth = STEPS[step]
    refused = step in ("the trial", "a block in the middle", "its block list", "backup.info")
    # A block list serves to discard blocks as well, which is to work here; and a backup that fails says so in
    # backup.info.
    times = 8 if step == "backup.info" else 1 if refused else 2
    scene.proxy.inject(azure_errors.permission_mismatch() if refused else azure_errors.server_busy(), method="PUT",
                       path=path, nth=nth, times=times)
    failed(scene.attempt(), (1,), REQUEST_ID, *(["AuthorizationPermissionMismatch", "Storage Blob Data Contributor"]
                                                if refused else ["ServerBusy", "TAPSTER_MAX_ATTEMPTS"]))
    # Without its last object there is nothing in the catalogue, neither done nor failed.
    scene.holds(None if step == "backup.info" else "FAILED")


def test_blocks_are_discarded_though_the_answers_to_that_are_lost(scene):
    """An empty blob is committed to discard them, and deleted: repeating either finds its work done. In the trial, and
    after a failure."""
    scene.proxy.inject(azure_errors.permission_mismatch(), method="PUT", path=BLOCK, nth=5)
    for method, path in (("PUT", COMMIT), ("DELETE", DATA)):
        for nth in (1, 2):  # the second rule also sees the repetition of what the first one took
            scene.proxy.inject(faults.lose_answer(), method=method, path=path, nth=nth, times=1)
    failed(scene.attempt(), (1,), "AuthorizationPermissionMismatch")
    assert len(scene.proxy.seen("PUT", COMMIT)) == 4 and len(scene.proxy.seen("DELETE", DATA)) == 4
    scene.holds("FAILED")


def test_blocks_that_cannot_be_discarded_are_spoken_of(scene):
    scene.proxy.inject(azure_errors.permission_mismatch(), method="PUT", path=BLOCK, nth=5)
    scene.proxy.inject(azure_errors.server_busy(), method="PUT", path=COMMIT, nth=2)
    done = scene.attempt()
    failed(done, (1,), "AuthorizationPermissionMismatch")
    warnings = [line for line in lines(done, "WARNING") if "could not be discarded" in line]
    assert warnings and all(word in line for line in warnings for word in ("data.tar", "ServerBusy", REQUEST_ID))
    assert len(scene.client.uncommitted(scene.container)) == 1
    assert [backup["status"] for backup in scene.ours.backups(scene.place)] == ["FAILED"]


def test_a_block_list_whose_answer_is_always_lost(scene):
    """The archive is there, whole; the backup does not know, and has failed."""
    scene.proxy.inject(faults.lose_answer(), method="PUT", path=COMMIT, nth=2)
    failed(scene.attempt(), (1,), "data.tar")
    scene.holds("FAILED")


def test_a_stall_that_stays_ends_the_backup_in_time(scene):
    scene.proxy.inject(faults.stall(60), method="PUT", path=BLOCK, nth=5)
    began = time.monotonic()
    failed(scene.attempt("--read-timeout", "1"), (1,), "time")
    assert time.monotonic() - began < 20
    scene.holds("FAILED")


def test_a_container_that_is_not_there_is_found_out_before_the_backup_begins(scene):
    missing = AzurePlace(f"{scene.client.url}/no-such-container-at-all/x")
    failed(scene.ours.backup(missing, scene.source.cluster), (1,), "no-such-container-at-all", "ContainerNotFound")
    scene.holds(None)


def test_a_signal_ends_the_backup_tidily(scene):
    reached = []

    def hold(exchange):
        exchange.read_body()
        reached.append(True)
        exchange.wait(90)
        exchange.close(reset=True)
    scene.proxy.inject(hold, method="PUT", path=BLOCK, nth=5)
    process = scene.ours.start("backup", scene.through, "--port", scene.source.cluster.port, "--immediate-checkpoint")
    until(lambda: reached or process.poll() is not None, "the backup to be in the middle")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=45)
    assert process.returncode == 1 and " ERROR: " in err, err
    scene.holds("FAILED")


# -- restoring -----------------------------------------------------------------------------------

def contents(data):
    """Every file below PGDATA and its tablespaces, by digest."""
    return {str(pathlib.Path(folder, name).relative_to(data)):
            hashlib.sha256(pathlib.Path(folder, name).read_bytes()).hexdigest()
            for folder, _, names in os.walk(data, followlinks=True) for name in names}


@pytest.fixture(scope="module")
def kept(source, client):
    """One backup of the cluster, and what is in it."""
    container = client.fresh_container()
    place = AzurePlace(f"{client.url}/{container}/some/folder")
    source.host.archive_to(place)
    target = Target(source, place, source.ours.taken(place, source.cluster))
    source.host.archive_nowhere()
    succeeds(target.restore())
    expected = contents(target.data)
    target.clear()
    yield types.SimpleNamespace(place=place, id=target.id, expected=expected)
    client.remove_container(container)


class Target:
    def __init__(self, source, place, backup_id):
        self.ours, self.place, self.id = source.ours, place, backup_id
        self.parent = source.host.folder / "target"
        self.parent.mkdir(exist_ok=True)
        source.host.own(self.parent)
        self.data = self.parent / "data"

    def restore(self, *options, **named):
        return self.ours.restore(self.place, self.id, self.data, "--tablespace", f"space:{self.parent}/space", *options,
                                 **named)

    def clear(self):
        for path in self.parent.iterdir():
            shutil.rmtree(path)


@pytest.fixture
def target(source, kept, proxy):
    target = Target(source, kept.place.through(proxy.endpoint), kept.id)
    yield target
    target.clear()


@pytest.fixture
def recovers(kept, target, proxy):
    """After a failure: the same command again, and once more after removing what it asks to remove."""
    def check():
        proxy.rules.clear()
        again = target.restore()
        if again.returncode != 0:
            assert str(target.parent) in "\n".join(lines(again, "ERROR")), again.stderr
            target.clear()
            succeeds(target.restore())
        assert contents(target.data) == kept.expected
    return check


READS = {"reset before the request": faults.reset(), "cut at 3/10": faults.cut_response(3),
         "reset at 5/10": faults.cut_response(5, with_reset=True),
         "503 with Retry-After": azure_errors.server_busy(retry_after=0)}


@pytest.mark.parametrize("fault", READS)
def test_a_fault_that_happens_once_at_every_read_is_survived(proxy, target, kept, fault):
    for path, nth in ((LISTING, 1), (INFO, 1), (TABLESPACE, 1), (DATA, 1), (DATA, 3)):
        proxy.inject(READS[fault], method="GET", path=path, nth=nth, times=1)
    done = succeeds(target.restore(TAPSTER_MAX_ATTEMPTS=4))  # one range may meet both
    assert lines(done, "ERROR") == []
    assert all(rule.seen >= rule.nth for rule in proxy.rules), "not every fault was met"
    assert contents(target.data) == kept.expected


@pytest.mark.parametrize("path", [LISTING, INFO, DATA])
@pytest.mark.parametrize("fault, status, mentioned", [
    (azure_errors.server_busy(), 2, ["ServerBusy", REQUEST_ID]), (faults.cut_response(0), 2, []),
    (azure_errors.permission_mismatch(), 4, ["AuthorizationPermissionMismatch", REQUEST_ID]),
    (azure_errors.refuse(404, "ContainerNotFound"), 4, ["ContainerNotFound", REQUEST_ID])],
    ids=["503", "cut", "403", "404"])
def test_a_fault_that_stays_ends_the_restore(proxy, target, path, fault, status, mentioned):
    proxy.inject(fault, method="GET|HEAD", path=path)
    failed(target.restore(), (status,), *mentioned)
    assert path == DATA or list(target.parent.iterdir()) == []


def test_a_restore_that_failed_in_the_middle_can_be_done_again(proxy, target, recovers):
    proxy.inject(azure_errors.server_busy(), method="GET", path=DATA, nth=3)
    failed(target.restore(), (2,), "ServerBusy", "data.tar")
    recovers()


def test_a_range_of_another_version(proxy, target, recovers):
    def another(response):
        headers = response.with_header("ETag", '"0x8DDOTHER"').headers
        return Response(response.status, headers, bytes(len(response.body)))
    proxy.inject(faults.change_response(another), method="GET", path=DATA, nth=3)
    failed(target.restore(), (2, 4), "data.tar")
    recovers()


def test_an_archive_that_disappears_on_the_way(proxy, target):
    proxy.inject(azure_errors.refuse(404, "BlobNotFound"), method="GET|HEAD", path=DATA, nth=3)
    failed(target.restore(), (1, 4), "data.tar")


def test_a_stall_of_one_range_is_survived_and_one_that_stays_is_a_network_failure(proxy, target, kept):
    proxy.inject(faults.stall(60, 5), method="GET", path=DATA, nth=2, times=1)
    began = time.monotonic()
    succeeds(target.restore("--read-timeout", "5"))
    assert contents(target.data) == kept.expected
    target.clear()
    proxy.inject(faults.stall(60), method="GET", path=DATA)
    failed(target.restore("--read-timeout", "1"), (2,), "time", "data.tar")
    assert time.monotonic() - began < 55
