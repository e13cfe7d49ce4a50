"""Restoring a base backup from the fake of Google Cloud Storage while the network and the service fail.

2 when trying again may help, 4 for refusals and damage, 1 for a backup that is not there. Afterwards the same command
succeeds, where it asks for that in an empty folder; in the end every file is as it was stored.
"""
import hashlib
import os
import pathlib
import shutil
import time
import types
import uuid

import pytest

from support import faults
from support.backups import Place, succeeds
from support.gcs import REQUEST_ID, Gcs, refuse, trouble
from support.gcs_server import refusals
from support.http_server import Response
from support.site import lines

ARCHIVE, TABLESPACE, INFO = r"^/[^?]*/data\.tar", r"^/[^?]*/\d+\.tar", r"^/[^?]*/backup\.info"
LISTING = r"/storage/v1/b/[^/]+/o\?"
FORMS = {LISTING: "json", INFO: "xml", ARCHIVE: "xml", TABLESPACE: "xml"}


def contents(data):
    """Every file below PGDATA and its tablespaces, by digest."""
    return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder, _, names in os.walk(data, followlinks=True) for path in (pathlib.Path(folder, name) for name in names)}


class Target:
    """Where to restore to: PGDATA and a tablespace."""

    def __init__(self, host, place, backup_id):
        self.host, self.place, self.id = host, place, backup_id
        self.parent = host.folder / "target"
        self.parent.mkdir(exist_ok=True)
        host.own(self.parent)
        self.data = self.parent / "data"

    def restore(self, *options, **environment):
        return self.host.ours.restore(self.place, self.id, self.data, "--tablespace", f"space:{self.parent}/space",
                                      *options, **environment)

    def clear(self):
        for path in self.parent.iterdir():
            shutil.rmtree(path)


@pytest.fixture(scope="module")
def kept(gcs_source, gcs_settings):
    """One backup of the cluster, plain, and what is in it."""
    client, bucket, host = Gcs(gcs_settings), "tests-" + uuid.uuid4().hex[:12], gcs_source.host
    client.create_bucket(bucket)
    place = Place(f"gs://{bucket}/some/folder")
    host.archive_to(place)
    target = Target(host, place, host.ours.taken(place, gcs_source.cluster))
    host.archive_nowhere()
    succeeds(target.restore())
    expected = contents(target.data)
    target.clear()
    yield types.SimpleNamespace(place=place, id=target.id, expected=expected, client=client, bucket=bucket)
    client.remove_bucket(bucket)


@pytest.fixture
def target(gcs_source, kept):
    target = Target(gcs_source.host, kept.place, kept.id)
    yield target
    target.clear()


@pytest.fixture
def restore(gcs_proxy, target):
    return lambda *options, **named: target.restore(*options, STORAGE_EMULATOR_HOST=gcs_proxy.endpoint, **named)


@pytest.fixture
def whole(kept, target):
    return lambda: contents(target.data) == kept.expected


@pytest.fixture
def recovers(target, whole):
    """After a failure: the same command again, and once more after removing what it asks to remove."""
    def check():
        again = target.restore()
        if again.returncode != 0:
            assert str(target.parent) in "\n".join(lines(again, "ERROR")), again.stderr
            target.clear()
            succeeds(target.restore())
        assert whole()
    return check


def failed(done, statuses, *mentioned):
    assert done.returncode in statuses, f"exit {done.returncode}, wanted {statuses}: {done.stderr}"
    errors = lines(done, "ERROR")
    assert len(errors) == 1 and "Traceback" not in done.stderr, done.stderr
    missing = [word for word in mentioned if str(word).lower() not in errors[0].lower()]
    assert not missing, f"{missing} not in: {errors[0]}"


ONCE = {"reset": lambda form: faults.reset_after_request(), "cut at 3/10": lambda form: faults.cut_response(3),
        "reset at 5/10": lambda form: faults.cut_response(5, with_reset=True), "500": lambda form: trouble(500, form),
        "429": lambda form: trouble(429, form, headers=[("Retry-After", "0")]), "401": lambda form: trouble(401, form)}


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_happens_once_at_every_step_is_survived(gcs_proxy, restore, whole, fault):
    for path in (LISTING, INFO, TABLESPACE, ARCHIVE):
        gcs_proxy.inject(ONCE[fault](FORMS[path]), method="GET", path=path, times=1)
    if fault != "401":  # of which one range must not meet a second one
        gcs_proxy.inject(ONCE[fault]("xml"), method="GET", path=ARCHIVE, nth=3, times=1)
    assert lines(succeeds(restore(TAPSTER_MAX_ATTEMPTS=5)), "ERROR") == []
    assert all(rule.seen >= rule.nth for rule in gcs_proxy.rules), "not every fault was met"
    assert whole()


@pytest.mark.parametrize("path", FORMS, ids=["listing", "info", "archive", "tablespace"])
@pytest.mark.parametrize("fault", ["503", "cut"])
def test_a_fault_that_stays_is_a_network_failure(gcs_proxy, restore, recovers, path, fault):
    # A cut answer makes no progress only when nothing arrives at all.
    gcs_proxy.inject(trouble(503, FORMS[path]) if fault == "503" else faults.cut_response(0), method="GET", path=path)
    failed(restore(), (2,), *(["HTTP 503", REQUEST_ID] if fault == "503" else []))
    recovers()


@pytest.mark.parametrize("path", [LISTING, INFO, ARCHIVE], ids=["listing", "info", "archive"])
@pytest.mark.parametrize("refusal, code", [(refusals.trouble(403), {"json": "forbidden", "xml": "AccessDenied"}),
                                           (refusals.no_such_bucket(), {"json": "notFound", "xml": "NoSuchBucket"})],
                         ids=["403", "404"])
def test_a_refusal_is_final(gcs_proxy, restore, recovers, path, refusal, code):
    gcs_proxy.inject(refuse(refusal, FORMS[path]), method="GET", path=path)
    failed(restore(), (4,), code[FORMS[path]], REQUEST_ID)
    recovers()


def test_an_archive_that_disappears_on_the_way(gcs_proxy, restore, recovers, kept):
    gone = refusals.no_such_object(kept.bucket, "data.tar")
    gcs_proxy.inject(refuse(gone, "xml"), method="GET", path=ARCHIVE, nth=2)
    failed(restore(), (1, 4), "data.tar")
    recovers()


def test_two_generations_of_an_archive_are_never_mixed(gcs_proxy, restore, recovers):
    def another(response):
        return Response(response.status, response.with_header("x-goog-generation", "1234").headers,
                        bytes(len(response.body)))
    gcs_proxy.inject(faults.change_response(another), method="GET", path=ARCHIVE, nth=2)
    failed(restore(), (2, 4), "data.tar")
    recovers()


def test_a_download_that_is_cut_again_and_again_goes_on(gcs_proxy, restore, whole):
    gcs_proxy.inject(faults.cut_response(4), method="GET", path=ARCHIVE, times=8)
    succeeds(restore(TAPSTER_MAX_ATTEMPTS=10))
    assert whole()
    assert sum("generation" in request.query for request in gcs_proxy.seen("GET", ARCHIVE)) >= 8, "pinned when it goes on"


def test_a_stall_is_ended_by_the_read_timeout(gcs_proxy, restore, whole, recovers, target):
    gcs_proxy.inject(faults.stall(60, 5), method="GET", path=ARCHIVE, nth=2, times=1)
    began = time.monotonic()
    succeeds(restore("--read-timeout", "5"))
    assert whole()
    target.clear()
    gcs_proxy.inject(faults.stall(60), method="GET", path=ARCHIVE)
    failed(restore("--read-timeout", "1"), (2,), "time")
    assert time.monotonic() - began < 50
    recovers()
