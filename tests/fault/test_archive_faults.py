"""wal-archive while the network and the gateway misbehave: exit code, message, and nothing half-stored.

Every case runs plain and gzip at once (`both`), to keep the matrix short in time.
"""
import concurrent.futures
import gzip
import signal
import subprocess
import time

import pytest

from support import faults
from support.proxy import closed_port
from support.site import Site, error_line, expect, lines, wal_key

NAMES = {"plain": "000000010000000000000001", "gzip": "000000010000000000000002"}
OPTIONS = {"plain": [], "gzip": ["--gzip"]}
SUFFIX = {"plain": "", "gzip": ".gz"}


@pytest.fixture
def both(proxied, content):
    """both(*options) -> the results of archiving one segment plain and one with gzip, side by side."""
    def go(*options, site=proxied):
        paths = {codec: site.segment(content, name) for codec, name in NAMES.items()}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = {codec: pool.submit(site.archive, paths[codec], *OPTIONS[codec], *options) for codec in NAMES}
            return {codec: run.result() for codec, run in runs.items()}
    return go


@pytest.fixture
def stored(s3, bucket, content):
    """What is in the bucket, which must be whole: the codecs whose segment is there. No dangling upload."""
    def look():
        found = set()
        for codec, name in NAMES.items():
            body = s3.get(bucket, wal_key(name, SUFFIX[codec]))
            if body is not None:
                assert (gzip.decompress(body) if codec == "gzip" else body) == content
                found.add(codec)
        assert len(s3.keys(bucket)) == len(found), s3.keys(bucket)
        assert s3.uploads(bucket) == []
        return found
    return look


def per_path(proxy, fault, times, **match):
    """Each of the two segments meets the fault `times` times."""
    for name in NAMES.values():
        proxy.inject(fault, path=name, times=times, **match)


TRANSIENT = {
    "reset before the request": faults.reset(),
    "reset after the request": faults.reset_after_request(),
    **{f"request cut at {tenths}/10": faults.cut_request(tenths) for tenths in range(10)},
    "request cut politely": faults.cut_request(5, with_reset=False),
    "answer lost": faults.lose_answer(),
    "answer cut": faults.cut_response(0),
    "500": faults.refuse(500, "InternalError"),
    "502": faults.refuse(502, "BadGateway"),
    "503": faults.slow_down(),
    "503 with Retry-After": faults.slow_down(retry_after=0),
    "429": faults.throttled(),
    "429 with Retry-After": faults.throttled(retry_after=0),
}
NAMED = {"500": ("InternalError", "500"), "502": ("502",), "503": ("SlowDown", "503"), "429": ("TooManyRequests", "429")}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_happens_once_is_survived(proxy, both, stored, fault):
    per_path(proxy, TRANSIENT[fault], 1, method="PUT")
    for result in both().values():
        expect(result, 0)
        assert lines(result, "ERROR") == []
    assert stored() == {"plain", "gzip"}


@pytest.mark.parametrize("fault", [name for name in TRANSIENT if name not in ("answer lost", "answer cut")])
def test_a_fault_that_stays_is_an_error_after_the_retries(proxy, both, stored, bucket, fault):
    proxy.inject(TRANSIENT[fault], method="PUT")
    for codec, result in both().items():
        mentioned = [text for key, texts in NAMED.items() if fault.startswith(key) for text in (*texts, faults.REQUEST_ID)]
        error_line(expect(result, 4), "Barman cloud WAL archiver exception", *mentioned, bucket, NAMES[codec])
    assert stored() == set()
    # AWS_MAX_ATTEMPTS=2 for each segment; and libcurl repeats by itself when a kept connection (that of the
    # listing before) dies before an answer. Whether it sees that death as one depends on which came first, the
    # end of the connection or bytes that were still to be sent: one segment can meet it so, the other not.
    for name in NAMES.values():
        assert len([request for request in proxy.seen("PUT") if name in request.target]) in (2, 3)
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)
    assert stored() == {"plain", "gzip"}


def test_an_answer_that_is_always_lost(proxy, both, stored):
    """The object is there, whole; whether the command finds out or not, it may not claim more than it knows."""
    proxy.inject(faults.lose_answer(), method="PUT")
    for result in both().values():
        expect(result, 0, 4)
    assert stored() == {"plain", "gzip"}
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)


FINAL = {
    "403": (403, "AccessDenied"), "404": (404, "NoSuchBucket"), "400": (400, "InvalidArgument"),
    "405": (405, "MethodNotAllowed"), "409": (409, "InvalidBucketState")}


@pytest.mark.parametrize("fault", FINAL)
@pytest.mark.parametrize("method", ["PUT", None])
def test_a_refusal_is_final_and_says_everything(proxy, both, stored, bucket, fault, method):
    status, code = FINAL[fault]
    proxy.inject(faults.refuse(status, code), method=method)
    for result in both().values():
        error_line(expect(result, 4), code, str(status), faults.REQUEST_ID, bucket)
    assert stored() == set()
    assert len(proxy.seen("PUT")) <= 2, "a refusal is not retried"


@pytest.mark.parametrize("status, code, cure", [
    (403, "AccessDenied", "policies"), (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"), (403, "ExpiredToken", "renew"),
    (404, "NoSuchBucket", "bucket")])
def test_the_message_names_the_likely_cure(proxy, proxied, content, bucket, status, code, cure):
    proxy.inject(faults.refuse(status, code, message=""), method="PUT")
    error_line(expect(proxied.archive(proxied.segment(content)), 4), code, str(status), cure, faults.REQUEST_ID,
               bucket, wal_key())


def test_an_object_that_is_said_to_exist_and_does_not(proxy, both, stored):
    proxy.inject(faults.refuse(412, "PreconditionFailed"), method="PUT")
    for result in both().values():
        error_line(expect(result, 1, 4))
    assert stored() == set()


def test_a_success_with_an_error_in_the_body_is_no_success(proxy, both, stored):
    proxy.inject(faults.error_with_200(), method="PUT")
    for result in both().values():
        error_line(expect(result, 4), "InternalError")
    assert stored() == set()


def test_nobody_listens(s3_run, both, stored, bucket, tmp_path):
    port = closed_port()
    site = Site(s3_run, f"http://127.0.0.1:{port}", bucket, tmp_path)
    for result in both(site=site).values():
        error_line(expect(result, 4), str(port))
    assert stored() == set()


@pytest.mark.parametrize("times, status", [(1, 0), (99, 4)])
def test_a_stall_is_ended_by_the_read_timeout(proxy, both, stored, times, status):
    per_path(proxy, faults.stall(20), times, method="PUT")
    start = time.monotonic()
    for result in both("--read-timeout", "3" if status == 0 else "1").values():
        expect(result, status)
        assert status == 0 or error_line(result, "time")
    assert time.monotonic() - start < 12
    assert stored() == ({"plain", "gzip"} if status == 0 else set())


def test_a_slow_store_is_survived(proxy, both, stored):
    proxy.inject(faults.slow_request(48 * 1024), method="PUT")
    for result in both().values():
        expect(result, 0)
    assert stored() == {"plain", "gzip"}


def test_the_number_of_attempts_is_the_user_s(proxy, proxied, content):
    for attempts in (1, 4):
        proxy.requests.clear()
        proxy.rules.clear()
        proxy.inject(faults.slow_down(), method="PUT")
        site = proxied.with_env(AWS_MAX_ATTEMPTS=attempts)
        expect(site.archive(site.segment(content)), 4)
        assert len(proxy.seen("PUT")) == attempts


@pytest.mark.parametrize("fault", [faults.slow_down(retry_after=2), faults.throttled(retry_after=2)])
def test_retry_after_is_honoured(proxy, proxied, content, fault):
    proxy.inject(fault, method="PUT", times=1)
    expect(proxied.archive(proxied.segment(content)), 0)
    first, second = proxy.seen("PUT")
    assert 1.9 <= second.time - first.time < 8


def test_the_check_of_an_archive(proxy, proxied, bucket):
    for fault, status, mentioned in [
            (faults.refuse(403, "AccessDenied"), 4, ["AccessDenied", "403", bucket]),
            (faults.reset(), 2, []), (faults.slow_down(), 2, ["503", bucket]),
            (faults.error_with_200(), (2, 4), ["InternalError"]), (faults.cut_response(5), 2, []),
            (faults.refuse(400, "InvalidArgument"), 4, ["InvalidArgument"])]:
        proxy.rules.clear()
        proxy.inject(fault, method="GET")
        error_line(expect(proxied.check(), *([status] if isinstance(status, int) else status)), *mentioned)
    proxy.rules.clear()
    for fault in (faults.slow_down(), faults.reset(), faults.cut_response(3)):
        proxy.inject(fault, method="GET|HEAD", nth=1, times=1)
        expect(proxied.check(), 0)
        proxy.rules.clear()
    for fault, status in [(faults.refuse(403, "AccessDenied"), 4), (faults.slow_down(), 2), (faults.reset(), 2)]:
        proxy.rules.clear()
        proxy.inject(fault)
        error_line(expect(proxied.check("-t"), status))


def test_an_archiver_that_is_killed_leaves_nothing_and_the_next_run_works(proxy, proxied, both, stored, content):
    """Killed while the store holds back its answer, and in the middle of the body."""
    for number, fault in enumerate((faults.stall(30), faults.slow_request(4096)), 1):
        proxy.rules.clear()
        proxy.requests.clear()
        proxy.inject(fault, method="PUT")
        path = proxied.segment(content, NAMES["plain"])
        command = subprocess.Popen([proxied.run.path("wal-archive"), "--endpoint-url", proxied.endpoint,
                                    f"s3://{proxied.bucket}", "main", str(path)], env=proxied.run.environment,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not proxy.seen("PUT") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert proxy.seen("PUT")
        command.send_signal(signal.SIGKILL)
        command.wait(10)
        assert stored() == set(), number
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)
    assert stored() == {"plain", "gzip"}


def test_a_segment_that_cannot_be_read(proxied, stored, tmp_path):
    missing = tmp_path / NAMES["plain"]
    error_line(expect(proxied.archive(missing), 4), str(missing))
    missing.mkdir()
    error_line(expect(proxied.archive(missing), 4), str(missing))
    assert stored() == set()
