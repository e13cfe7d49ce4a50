"""wal-archive and check-wal-archive while the network and Google Cloud Storage misbehave: exit code, message, and
nothing half-stored. The store is the strict fake, behind a proxy where it is the network's fault.
"""
import signal
import subprocess
import time

import pytest

from support import faults
from support.gcs import REQUEST_ID, refuse, trouble
from support.gcs_server import refusals
from support.gcs_server.refusals import JSON
from support.gcs_site import FORMS, INSERT, KEY, LIST, MEDIA, NOW, REFUSALS, TRANSIENT, at, names
from support.postgres import until
from support.proxy import closed_port
from support.site import SERVER, error_line, expect, lines


@pytest.fixture
def stored(gcs, gcs_bucket, content):
    """Whether the segment is in the bucket, where it must be whole and alone. No unfinished upload."""
    def look(expected=content):
        assert gcs.unfinished(gcs_bucket) == []
        body = gcs.get(gcs_bucket, KEY)
        assert gcs.keys(gcs_bucket) == ([KEY] if body is not None else [])
        assert body in (None, expected)
        return body is not None
    return look


# What may befall an upload alone.
UPLOADS = {
    **{f"request cut at {tenths}/10": faults.cut_request(tenths) for tenths in (0, 5, 9)},
    "request cut politely": faults.cut_request(5, with_reset=False)}
LOST = {"answer lost": faults.lose_answer(), "answer cut": faults.cut_response(0)}


def made(fault, step):
    return TRANSIENT[fault](FORMS[step]) if fault in TRANSIENT else {**UPLOADS, **LOST}[fault]


@pytest.mark.parametrize("fault", [*TRANSIENT, *UPLOADS, *LOST])
def test_archiving_survives_a_fault_that_happens_once(gcs_proxy, gcs_site, stored, content, fault):
    at(gcs_proxy, INSERT, made(fault, INSERT), times=1)
    if fault in TRANSIENT:
        gcs_proxy.inject(made(fault, LIST), method=LIST[0], path=LIST[1], times=1)
    assert lines(expect(gcs_site.archive(gcs_site.segment(content)), 0), "ERROR") == []
    assert len(gcs_proxy.seen(*INSERT)) >= 2 and stored()


@pytest.mark.parametrize("fault", [*TRANSIENT, *UPLOADS])
def test_archiving_gives_up_on_a_fault_that_stays(gcs_proxy, gcs_site, stored, content, gcs_bucket, fault):
    path = gcs_site.segment(content)
    at(gcs_proxy, INSERT, made(fault, INSERT))
    error_line(expect(gcs_site.archive(path), 4), "Barman cloud WAL archiver exception", *names(fault, JSON), gcs_bucket, KEY)
    # libcurl repeats by itself when a gcs_kept connection dies before an answer.
    assert not stored() and len(gcs_proxy.seen(*INSERT)) in (2, 3)
    if fault in TRANSIENT:
        at(gcs_proxy, LIST, made(fault, LIST))
        error_line(expect(gcs_site.archive(path), 4), *names(fault, JSON), gcs_bucket)
        assert not stored() and gcs_proxy.seen(*INSERT) == []
    gcs_proxy.rules.clear()
    expect(gcs_site.archive(path), 0)
    assert stored()


def test_archiving_when_the_answer_is_always_lost(gcs_proxy, gcs_site, stored, content):
    """The object is there, whole; the command may not claim more than it knows."""
    at(gcs_proxy, INSERT, faults.lose_answer())
    expect(gcs_site.archive(gcs_site.segment(content)), 0, 4)
    assert stored()
    gcs_proxy.rules.clear()
    expect(gcs_site.archive(gcs_site.segment(content)), 0)


def test_archiving_when_the_store_refuses_what_it_has_done(gcs_site, gcs, stored, content, gcs_bucket):
    """The create-only repetition meets our own object."""
    with gcs.fault(f"/b/{gcs_bucket}/o.*uploadType=multipart", status=503, after=True):
        expect(gcs_site.archive(gcs_site.segment(content)), 0)
    assert stored()


def test_archiving_when_somebody_else_was_faster(gcs_proxy, gcs_site, gcs, stored, gcs_bucket, content):
    """While the answer is lost, another puts other bytes there: they are not ours, and they stay."""
    def usurp(exchange):
        exchange.read_body()
        gcs.put(gcs_bucket, KEY, content[::-1])
        exchange.close(reset=True)
    at(gcs_proxy, INSERT, usurp, times=1)
    error_line(expect(gcs_site.archive(gcs_site.segment(content)), 1, 4), KEY)
    assert stored(content[::-1])


def test_archiving_what_is_said_to_exist_and_does_not(gcs_proxy, gcs_site, stored, content):
    at(gcs_proxy, INSERT, trouble(412))
    error_line(expect(gcs_site.archive(gcs_site.segment(content)), 1, 4), KEY)
    assert not stored()


def test_a_success_with_an_error_in_the_body_is_no_success(gcs_site, gcs, stored, content, gcs_bucket):
    path = f"/b/{gcs_bucket}/o.*uploadType=multipart"
    with gcs.fault(path, error_with_200=True, times="always"):
        error_line(expect(gcs_site.archive(gcs_site.segment(content)), 4), "InternalError", gcs_bucket, KEY)
    assert not stored()
    with gcs.fault(path, error_with_200=True):
        expect(gcs_site.archive(gcs_site.segment(content)), 0)
    assert stored()


@pytest.mark.parametrize("refusal", REFUSALS)
def test_archiving_takes_a_refusal_as_final_and_says_everything(gcs_proxy, gcs_site, stored, content, gcs_bucket, refusal):
    path = gcs_site.segment(content)
    made, mentioned = REFUSALS[refusal]
    for step, key in ((INSERT, KEY), (LIST, "")):
        at(gcs_proxy, step, refuse(made))
        error_line(expect(gcs_site.archive(path), 4), *mentioned, REQUEST_ID, gcs_bucket, key)
        assert not stored() and len(gcs_proxy.seen(*step)) == 1, "a refusal is not retried"


@pytest.mark.parametrize("permission, command", [("storage.objects.create", "archive"), ("storage.objects.list", "archive"),
                                                 ("storage.objects.list", "restore"), ("storage.objects.get", "restore")])
def test_a_permission_that_is_missing_is_named(gcs_site, gcs, gcs_plain, gcs_bucket, content, permission, command):
    gcs.deny(gcs_bucket, permission)
    if permission == "storage.objects.create":
        gcs.remove(gcs_bucket, KEY)
    done = gcs_site.restore() if command == "restore" else gcs_site.archive(gcs_site.segment(content))
    error_line(expect(done, 4), permission, "HTTP 403", gcs_bucket, "grant the permission")
    assert gcs_site.restored() is None


def test_a_byte_that_is_changed_on_its_way_to_the_store_is_noticed_there(gcs_proxy, gcs_site, stored, content):
    def damage(exchange):
        exchange.read_body()
        body = bytearray(exchange.request.raw_body)
        body[len(body) // 2] ^= 0x40
        exchange.request.raw_body = bytes(body)
        exchange.send(exchange.answer())
    at(gcs_proxy, INSERT, damage)
    error_line(expect(gcs_site.archive(gcs_site.segment(content)), 4), "crc32c", "HTTP 400", KEY, "changes the data")
    assert not stored()
    at(gcs_proxy, INSERT, damage, times=1)
    expect(gcs_site.archive(gcs_site.segment(content)), 0)
    assert stored()


@pytest.mark.parametrize("times, status", [(1, 0), (99, 4)])
def test_archiving_ends_a_stall_by_the_read_timeout(gcs_proxy, gcs_site, stored, content, times, status):
    at(gcs_proxy, INSERT, faults.stall(20), times=times)
    began = time.monotonic()
    done = expect(gcs_site.archive(gcs_site.segment(content), "--read-timeout", "3" if status == 0 else "1"), status)
    assert status == 0 or error_line(done, "time", KEY)
    assert time.monotonic() - began < 12 and stored() == (status == 0)


def test_archiving_to_a_slow_store(gcs_proxy, gcs_site, stored, content):
    at(gcs_proxy, INSERT, faults.slow_request(48 * 1024))
    expect(gcs_site.archive(gcs_site.segment(content)), 0)
    assert stored()


def test_retry_after_is_honoured_and_the_number_of_attempts_is_the_user_s(gcs_proxy, gcs_site, stored, content):
    at(gcs_proxy, INSERT, trouble(429, headers=[("Retry-After", "2")]), times=1)
    expect(gcs_site.archive(gcs_site.segment(content)), 0)
    first, second = gcs_proxy.seen(*INSERT)
    assert 1.9 <= second.time - first.time < 8 and stored()
    for attempts in (1, 4):
        at(gcs_proxy, MEDIA, trouble(503, "xml", headers=NOW))
        expect(gcs_site.with_env(TAPSTER_MAX_ATTEMPTS=attempts).restore(), 2)
        assert len(gcs_proxy.seen(*MEDIA)) == attempts


def test_an_archiver_that_is_killed_leaves_nothing_and_the_next_run_works(gcs_proxy, gcs_site, stored, content):
    """While the store holds back its answer, and in the middle of the body."""
    for fault in (faults.stall(30), faults.slow_request(4096)):
        at(gcs_proxy, INSERT, fault)
        command = subprocess.Popen([gcs_site.run.path("wal-archive"), f"gs://{gcs_site.bucket}", SERVER,
                                    str(gcs_site.segment(content))], env=gcs_site.run.environment,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: gcs_proxy.seen(*INSERT), "the upload")
        command.send_signal(signal.SIGKILL)
        command.wait(10)
        assert not stored()
    gcs_proxy.rules.clear()
    expect(gcs_site.archive(gcs_site.segment(content)), 0)
    assert stored()


def test_nobody_listens(gcs_site, gcs, content):
    port = closed_port()
    site = gcs_site.on(gcs, f"http://127.0.0.1:{port}")
    error_line(expect(site.archive(site.segment(content)), 4), str(port))
    for done in (site.restore(), site.check(), site.restore("-t")):
        error_line(expect(done, 2), str(port))
    error_line(expect(gcs_site.on(gcs, "http://does-not-exist.invalid").restore(), 2), "does-not-exist.invalid")
    assert site.restored() is None


def test_the_check_of_an_archive(gcs_proxy, gcs_site, gcs, gcs_bucket):
    for fault, status, mentioned in [
            (trouble(403), 4, ["forbidden", "HTTP 403", gcs_bucket]), (faults.reset(), 2, []),
            (trouble(503), 2, ["HTTP 503", gcs_bucket]), (faults.cut_response(5), 2, []),
            (refuse(refusals.invalid("no")), 4, ["HTTP 400"])]:
        at(gcs_proxy, LIST, fault)
        error_line(expect(gcs_site.check(), status), *mentioned)
        at(gcs_proxy, LIST, fault)
        error_line(expect(gcs_site.check("-t"), status), *mentioned)
        if status == 2:
            at(gcs_proxy, LIST, fault, times=1)
            expect(gcs_site.check(), 0)


@pytest.fixture
def new_bucket(gcs, gcs_bucket):
    name = gcs_bucket + "-new"
    yield name
    gcs.remove_bucket(name)


def test_a_bucket_that_cannot_be_made_and_one_of_which_nobody_heard(gcs_proxy, gcs_site, gcs, new_bucket):
    site = gcs_site.on(gcs, gcs_proxy.endpoint, new_bucket)
    create = ("POST", r"/storage/v1/b\?")
    for fault, status, mentioned in [(trouble(403), 4, ["forbidden", "HTTP 403"]), (trouble(503), 2, ["HTTP 503"]),
                                     (faults.reset_after_request(), 2, [])]:
        at(gcs_proxy, create, fault)
        error_line(expect(site.check(), status), *mentioned)
        assert not gcs.has_bucket(new_bucket)
    at(gcs_proxy, create, faults.lose_answer(), times=1)
    expect(site.check(), 0)
    assert gcs.has_bucket(new_bucket) and len(gcs_proxy.seen(*create)) == 2
