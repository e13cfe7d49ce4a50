"""wal-restore while the network and the gateway misbehave: 1 only for proven absence, 2 when trying again
may help, 4 for the rest; the destination appears whole or not at all, and nothing is left beside it.
"""
import gzip
import os
import resource
import signal
import subprocess
import time

import pytest

from support import faults
from support.http_server import Response
from support.proxy import closed_port
from support.site import SEGMENT, SERVER, Site, error_line, expect, lines, wal_key


@pytest.fixture(params=["plain", "gzip"])
def kept(request, s3, bucket, content):
    """A segment in the bucket, stored by somebody else (without our metadata)."""
    suffix = ".gz" if request.param == "gzip" else ""
    s3.put(bucket, wal_key(suffix=suffix), gzip.compress(content) if suffix else content)
    return wal_key(suffix=suffix)


@pytest.fixture
def ours(s3_run, rgw, bucket, content, tmp_path):
    """A plain segment that our own wal-archive stored."""
    site = Site(s3_run, rgw["S3_ENDPOINT"], bucket, tmp_path)
    expect(site.archive(site.segment(content)), 0)


CUTS = {f"{how} at {tenths}/10": faults.cut_response(tenths, with_reset=how == "reset")
        for how in ("cut", "reset") for tenths in range(10)}
TRANSIENT = {
    "reset before the request": faults.reset(),
    "reset after the request": faults.reset_after_request(),
    "500": faults.refuse(500, "InternalError"), "502": faults.refuse(502, "BadGateway"), "503": faults.slow_down(),
    "503 with Retry-After": faults.slow_down(retry_after=0), "429": faults.throttled(),
    "429 with Retry-After": faults.throttled(retry_after=0)}
NAMED = {"500": ["InternalError", "500"], "502": ["502"], "503": ["SlowDown", "503"], "429": ["TooManyRequests", "429"]}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_happens_once_is_survived(proxy, proxied, kept, content, fault):
    for method, path in (("GET|HEAD", ""), ("GET", kept)):
        proxy.rules.clear()
        proxy.inject(TRANSIENT[fault], method=method, path=path, times=1)
        assert lines(expect(proxied.restore(), 0), "ERROR") == []
        assert proxied.restored() == content
        proxied.destination.unlink()


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_stays_is_a_network_failure(proxy, proxied, kept, bucket, fault):
    mentioned = [text for key, texts in NAMED.items() if fault.startswith(key) for text in (*texts, faults.REQUEST_ID)]
    for path in ("", kept):
        proxy.rules.clear()
        proxy.inject(TRANSIENT[fault], path=path)
        error_line(expect(proxied.restore(), 2), "Barman cloud WAL restore exception", *mentioned, bucket)
        assert proxied.restored() is None


@pytest.mark.parametrize("fault", CUTS)
def test_a_download_that_is_cut_goes_on_where_it_was(proxy, proxied, kept, content, fault):
    proxy.inject(CUTS[fault], method="GET", path=kept, times=1)
    expect(proxied.restore(), 0)
    assert proxied.restored() == content
    first, second = proxy.seen("GET", kept)
    if not fault.endswith(" 0/10"):
        assert second.header("range", "").startswith("bytes=") and second.header("if-match"), second.headers
    if fault.startswith("cut") and not fault.endswith(" 0/10"):
        assert int(second.header("range")[6:].split("-")[0]) > 0


def test_a_download_that_is_cut_again_and_again(proxy, proxied, kept, content):
    proxy.inject(faults.cut_response(3), method="GET", path=kept, times=8)
    site = proxied.with_env(AWS_MAX_ATTEMPTS="10")
    expect(site.restore(), 0)
    assert site.restored() == content
    starts = [int(request.header("range", "bytes=0-")[6:].split("-")[0]) for request in proxy.seen("GET", kept)]
    assert starts == sorted(set(starts)) and len(starts) == 9


@pytest.mark.parametrize("fault", ["cut at 0/10", "reset at 0/10"])
def test_a_download_that_never_moves_is_given_up(proxy, proxied, kept, fault):
    proxy.inject(CUTS[fault], method="GET", path=kept)
    error_line(expect(proxied.restore(), 2), proxied.bucket)
    assert proxied.restored() is None


def test_two_versions_of_an_object_are_never_mixed(proxy, proxied, s3, kept, content):
    """The object is replaced while its download is interrupted; If-Match finds out."""
    other = content[::-1]
    new = gzip.compress(other) if kept.endswith(".gz") else other

    def replace(exchange):
        faults.cut_response(5)(exchange)
        s3.put(proxied.bucket, kept, new)
    proxy.inject(replace, method="GET", path=kept, times=1)
    result = expect(proxied.restore(), 0, 2, 4)
    if result.returncode == 0:
        assert proxied.restored() == other
    else:
        error_line(result, kept)
        assert proxied.restored() is None
    expect(proxied.restore(), 0)
    assert proxied.restored() == other


def test_an_etag_that_changes_between_ranges_is_noticed_though_if_match_is_ignored(proxy, proxied, kept, content):
    def other_version(response):
        return Response(206, response.with_header("ETag", '"another"').headers, bytes(len(response.body)))
    proxy.inject(faults.cut_response(5), method="GET", path=kept, times=1)
    proxy.inject(faults.change_response(other_version), method="GET", path=kept)
    result = expect(proxied.restore(), 2, 4)
    error_line(result, kept)
    assert proxied.restored() is None


def test_a_store_that_ignores_range_is_not_believed(proxy, proxied, kept, content):
    def whole(exchange):
        exchange.request.headers = [pair for pair in exchange.request.headers if pair[0].lower() != "range"]
        exchange.send(exchange.answer())
    proxy.inject(faults.cut_response(5), method="GET", path=kept, times=1)
    proxy.inject(whole, method="GET", path=kept)
    result = expect(proxied.restore(), 0, 2, 4)
    assert proxied.restored() == (content if result.returncode == 0 else None)


@pytest.mark.parametrize("status, code", [(403, "AccessDenied"), (404, "NoSuchBucket"),
                                          (400, "InvalidArgument"), (501, "NotImplemented")])
def test_a_refusal_is_not_absence(proxy, proxied, kept, bucket, status, code):
    for path in ("", kept):
        proxy.rules.clear()
        proxy.requests.clear()
        proxy.inject(faults.refuse(status, code), path=path)
        line = error_line(expect(proxied.restore(), 4), code, str(status), faults.REQUEST_ID, bucket)
        assert not path or kept in line
        assert proxied.restored() is None
        assert len(proxy.requests) <= 12, "a refusal is not retried"


def test_absence_is_proven(proxied, proxy, s3, kept, bucket):
    for name in ("000000010000000000000009", "00000009.history", SEGMENT + ".00000028.backup"):
        result = expect(proxied.restore(name=name), 1)
        assert lines(result, "ERROR") == [] and proxied.restored() is None
    missing = Site(proxied.run, proxied.endpoint, "no-such-bucket-at-all", proxied.folder)
    error_line(expect(missing.restore(), 4), "NoSuchBucket", "no-such-bucket-at-all")
    expect(proxied.restore(name="not-a-wal-name"), 3)
    proxy.inject(faults.refuse(404, "NoSuchKey"), method="GET", path=kept)
    error_line(expect(proxied.restore(), 4), wal_key())  # listed, and gone at the download: that proves nothing
    assert proxied.restored() is None


@pytest.mark.parametrize("method", ["GET", "HEAD", None])
@pytest.mark.parametrize("fault", [faults.refuse(403, "AccessDenied"), faults.slow_down(), faults.reset(),
                                   faults.refuse(500, "InternalError")])
def test_absence_is_never_guessed(proxy, proxied, bucket, method, fault):
    """Nothing is in the archive, but no failure may look like that."""
    proxy.inject(fault, method=method)
    asked = expect(proxied.restore(), 1, 2, 4)
    if asked.returncode == 1:
        proxy_saw = [request for request in proxy.requests if not method or request.method == method]
        assert not proxy_saw, "a request failed, and the command said: not found"


def test_nobody_listens(s3_run, bucket, tmp_path):
    port = closed_port()
    site = Site(s3_run, f"http://127.0.0.1:{port}", bucket, tmp_path)
    error_line(expect(site.restore(), 2), str(port))
    error_line(expect(site.check(), 2), str(port))
    error_line(expect(site.restore("-t"), 2), str(port))
    site = Site(s3_run, "http://does-not-exist.invalid", bucket, tmp_path)
    error_line(expect(site.restore(), 2), "does-not-exist.invalid")
    assert site.restored() is None


def test_an_error_with_status_200_is_not_a_segment(proxy, proxied, kept):
    proxy.inject(faults.error_with_200(), method="GET")
    error_line(expect(proxied.restore(), 2, 4))
    assert proxied.restored() is None


@pytest.mark.parametrize("difference", [1, 4096])
def test_a_length_that_is_too_long(proxy, proxied, kept, content, difference):
    proxy.inject(faults.wrong_length(difference), method="GET", path=kept)
    result = expect(proxied.restore(), 0, 2, 4)
    assert proxied.restored() == (content if result.returncode == 0 else None)
    assert result.returncode == 0 or error_line(result, kept)


def test_a_length_that_is_too_short(proxy, proxied, ours, content):
    """The missing bytes are missed: by the listed size or by the digest that was stored with the segment."""
    proxy.inject(faults.wrong_length(-100), method="GET", path=wal_key())
    result = expect(proxied.restore(), 2, 4)
    error_line(result, wal_key())
    assert proxied.restored() is None


@pytest.mark.parametrize("position", [0.0, 0.3, 1.0])
def test_a_flipped_byte_in_our_own_segment_is_noticed(proxy, proxied, ours, position):
    proxy.inject(faults.flip_byte(position), method="GET", path=wal_key())
    error_line(expect(proxied.restore(), 2, 4), wal_key())
    assert proxied.restored() is None


def test_damage_in_a_compressed_segment_is_noticed(proxy, proxied, s3, bucket, content):
    key = wal_key(suffix=".gz")
    s3.put(bucket, key, gzip.compress(content))
    for position in (0.0, 0.5, 1.0):
        proxy.rules.clear()
        proxy.inject(faults.flip_byte(position), method="GET", path=key)
        error_line(expect(proxied.restore(), 4), key)
        assert proxied.restored() is None


@pytest.mark.parametrize("tenths", [None, 0, 5])
def test_a_stall_is_ended_by_the_read_timeout(proxy, proxied, kept, content, tenths):
    proxy.inject(faults.stall(20, tenths), method="GET", path=kept, times=1)
    start = time.monotonic()
    expect(proxied.restore("--read-timeout", "3"), 0)
    assert proxied.restored() == content and time.monotonic() - start < 10


def test_a_stall_that_stays_is_a_network_failure(proxy, proxied, kept):
    proxy.inject(faults.stall(20), method="GET", path=kept)
    start = time.monotonic()
    error_line(expect(proxied.restore("--read-timeout=1"), 2), "time")
    assert proxied.restored() is None and time.monotonic() - start < 10


def test_a_slow_download_is_no_stall(proxy, proxied, kept, content):
    proxy.inject(faults.slow_response(24 * 1024), method="GET", path=kept)
    expect(proxied.restore("--read-timeout", "2"), 0)
    assert proxied.restored() == content


def test_retry_after_is_honoured(proxy, proxied, kept):
    proxy.inject(faults.slow_down(retry_after=2), method="GET", path=kept, times=1)
    expect(proxied.restore(), 0)
    first, second = proxy.seen("GET", kept)
    assert 1.9 <= second.time - first.time < 8


def test_an_old_destination_survives_a_failure_and_is_replaced_by_success(proxy, proxied, kept, content):
    proxied.destination.write_bytes(b"old")
    proxy.inject(faults.cut_response(0), method="GET", path=kept)
    expect(proxied.restore(), 2)
    assert proxied.restored() == b"old"
    proxy.rules.clear()
    expect(proxied.restore(), 0)
    assert proxied.restored() == content and proxied.destination.stat().st_mode & 0o777 == 0o600


# -- the local side ------------------------------------------------------------------------------

def test_a_full_disk_leaves_nothing(proxied, kept, content, tmp_path):
    """A tmpfs of 16 KiB, for which the test must be root (as in CI)."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)], check=True)
    try:
        target = small / "RECOVERYXLOG"
        error_line(expect(proxied.restore(destination=target), 4), str(target), "space")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_file_size_limit_leaves_nothing(proxied, kept):
    """The signal that comes with it (SIGXFSZ) would end recovery."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))  # noqa: E731
    error_line(expect(proxied.restore(preexec_fn=limit), 4))
    assert proxied.restored() is None


def test_a_folder_that_is_not_there_or_not_ours(proxied, kept, tmp_path):
    for target in (tmp_path / "absent" / "RECOVERYXLOG", tmp_path):
        error_line(expect(proxied.restore(destination=target), 4), str(target.parent))
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_restore_that_is_killed_leaves_no_segment(proxy, proxied, kept, content, signal_number):
    proxy.inject(faults.stall(30, 5), method="GET", path=kept, times=1)
    command = subprocess.Popen([proxied.run.path("wal-restore"), "--endpoint-url", proxied.endpoint,
                                f"s3://{proxied.bucket}", SERVER, SEGMENT, str(proxied.destination)],
                               env=proxied.run.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not proxy.seen("GET", kept) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)  # for the first half of the body, which nobody can see from outside, to arrive
    os.kill(command.pid, signal_number)
    assert command.wait(10) != 0
    assert not proxied.destination.exists()
    assert list(proxied.destination.parent.iterdir()) == []
    expect(proxied.restore(), 0)
    assert proxied.restored() == content
