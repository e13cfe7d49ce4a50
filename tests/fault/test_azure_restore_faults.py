"""wal-restore from Azurite while the network and the service misbehave: 1 only for proven absence, 2 when trying again
may help, 4 for the rest; the destination appears whole or not at all.
"""
import gzip
import signal
import subprocess
import time

import pytest

from support import azure_errors, faults
from support.azure_errors import REQUEST_ID
from support.azure_fixtures import azure_proxy as proxy  # noqa: F401
from support.azure_site import PROVIDER, AzureSite
from support.http_server import Response
from support.postgres import until
from support.proxy import closed_port
from support.scripted_azure import ACCOUNT, KEY
from support.site import SEGMENT, SERVER, error_line, expect, lines, wal_key

LIST = "comp=list"


@pytest.fixture
def site(run, azure, proxy, azure_container, tmp_path):
    run = run.with_env(**azure.environment("key"), TAPSTER_MAX_ATTEMPTS="2")
    return AzureSite(run, f"{proxy.endpoint}/{azure.account}", azure_container, tmp_path)


@pytest.fixture(params=["plain", "blocks"])
def kept(request, azure, site, content):
    """A segment in the container: stored by somebody else, who compressed it, or by us in blocks (without an MD5)."""
    if request.param == "plain":
        azure.put(site.bucket, wal_key(suffix=".gz"), gzip.compress(content))
        return wal_key(suffix=".gz")
    expect(site.archive(site.segment(content), "--max-single-put-size", "16KB", "--max-block-size", "16KB"), 0)
    return wal_key()


def bad_gateway(exchange):
    """Not the service speaks, but something in front of it."""
    exchange.read_body()
    exchange.send(Response(502, [("Content-Type", "text/html")], b"<html>Bad Gateway</html>"))


TRANSIENT = {
    "reset before the request": faults.reset(), "reset after the request": faults.reset_after_request(),
    "500 InternalError": azure_errors.internal_error(), "502": bad_gateway,
    "503 ServerBusy": azure_errors.server_busy(),
    "503 ServerBusy with Retry-After": azure_errors.server_busy(0), "429 TooManyRequests": azure_errors.throttled()}
CUTS = {f"{how} at {tenths}/10": faults.cut_response(tenths, with_reset=how == "reset")
        for how in ("cut", "reset") for tenths in (0, 1, 5, 9)}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_happens_once_is_survived(proxy, site, kept, content, fault):
    for path in (LIST, kept):
        proxy.inject(TRANSIENT[fault], method="GET", path=path, times=1)
    assert lines(expect(site.restore(), 0), "ERROR") == []
    assert site.restored() == content
    assert all(rule.seen > rule.nth for rule in proxy.rules), "not every fault was met"


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_stays_is_a_network_failure(proxy, site, kept, fault):
    status, _, code = fault.partition(" ")
    mentioned = [status, code.split(" ")[0], *([REQUEST_ID] if code else [])] if status.isdigit() else []
    for path in (LIST, kept):
        proxy.rules.clear()
        proxy.inject(TRANSIENT[fault], path=path)
        error_line(expect(site.restore(), 2), "Barman cloud WAL restore exception", *mentioned, site.bucket)
        assert site.restored() is None


@pytest.mark.parametrize("fault", CUTS)
def test_a_download_that_is_cut_goes_on_where_it_was(proxy, site, kept, content, fault):
    proxy.inject(CUTS[fault], method="GET", path=kept, times=1)
    expect(site.restore(), 0)
    assert site.restored() == content
    first, second = proxy.seen("GET", kept)
    if not fault.endswith(" 0/10"):
        assert second.header("range", "").startswith("bytes=") and second.header("if-match"), second.headers
    if fault.startswith("cut") and not fault.endswith(" 0/10"):
        assert int(second.header("range")[6:].split("-")[0]) > 0


def test_a_download_that_is_cut_again_and_again(proxy, site, kept, content):
    proxy.inject(faults.cut_response(3), method="GET", path=kept, times=8)
    expect(site.with_env(TAPSTER_MAX_ATTEMPTS=10).restore(), 0)
    assert site.restored() == content
    starts = [int(request.header("range", "bytes=0-")[6:].split("-")[0]) for request in proxy.seen("GET", kept)]
    assert starts == sorted(set(starts)) and len(starts) == 9


@pytest.mark.parametrize("fault", ["cut at 0/10", "reset at 0/10"])
def test_a_download_that_never_moves_is_given_up(proxy, site, kept, fault):
    proxy.inject(CUTS[fault], method="GET", path=kept)
    error_line(expect(site.restore(), 2), site.bucket)
    assert site.restored() is None


def test_two_versions_of_a_blob_are_never_mixed(proxy, site, azure, kept, content):
    """The blob is replaced while its download is interrupted; If-Match finds out."""
    other = content[::-1]

    def replace(exchange):
        response = exchange.answer()
        azure.put(site.bucket, kept, gzip.compress(other) if kept.endswith(".gz") else other)
        exchange.send(response, body=response.body[:len(response.body) // 2], content_length=len(response.body))
        exchange.close()
    proxy.inject(replace, method="GET", path=kept, times=1)
    error_line(expect(site.restore(), 2, 4), kept, "replaced")
    assert site.restored() is None
    expect(site.restore(), 0)
    assert site.restored() == other


def test_an_answer_whose_etag_is_another_is_not_mixed_in_though_if_match_is_ignored(proxy, site, kept):
    def other_version(response):
        return Response(206, response.with_header("ETag", '"0x8DDOTHER"').headers, bytes(len(response.body)))
    proxy.inject(faults.cut_response(5), method="GET", path=kept, times=1)
    proxy.inject(faults.change_response(other_version), method="GET", path=kept)
    error_line(expect(site.restore(), 2, 4), kept)
    assert site.restored() is None


def test_a_service_that_ignores_range_is_not_believed(proxy, site, azure, kept, content):
    def whole(exchange):
        exchange.read_body()
        _, headers, body = azure.request("GET", site.bucket, kept)
        exchange.send(Response(200, list(headers.items()), body))
    proxy.inject(faults.cut_response(5), method="GET", path=kept, times=1)
    proxy.inject(whole, method="GET", path=kept)
    expect(site.restore(), 0)
    assert site.restored() == content


@pytest.mark.parametrize("fault", [azure_errors.wrong_md5(), faults.flip_byte()], ids=["wrong MD5", "a flipped bit"])
def test_a_blob_that_is_damaged_is_no_segment(proxy, site, azure, content, fault):
    azure.put(site.bucket, wal_key(), content)
    proxy.inject(fault, method="GET", path=wal_key())
    error_line(expect(site.restore(), 4), wal_key(), "MD5")
    assert site.restored() is None


@pytest.mark.parametrize("status, code, cure", [
    (403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor"),
    (403, "AuthorizationFailure", "firewall"),
    (404, "ContainerNotFound", "create it"), (404, "ResourceNotFound", ""), (409, "BlobArchived", "rehydrate"),
    (400, "InvalidQueryParameterValue", "")])
def test_a_refusal_is_not_absence(proxy, site, kept, status, code, cure):
    for path in ("", kept):
        proxy.rules.clear()
        proxy.requests.clear()
        proxy.inject(azure_errors.refuse(status, code), path=path)
        line = error_line(expect(site.restore(), 4), code, str(status), REQUEST_ID, cure, site.bucket)
        assert not path or kept in line
        assert site.restored() is None
        assert len(proxy.requests) <= 2, "a refusal is not retried"


def test_a_page_of_something_in_between_is_not_absence(proxy, site):
    """404 from a proxy that knows nothing of the service, and 200 from one that asks to log in."""
    for response in (Response(404, [("Content-Type", "text/html")], b"<html>Not Found</html>"),
                     Response(200, [("Content-Type", "text/html")], b"<html>Log in</html>")):
        proxy.rules.clear()
        proxy.inject(lambda exchange, sent=response: (exchange.read_body(), exchange.send(sent)))
        error_line(expect(site.restore(), 2, 4))
        assert site.restored() is None


def test_absence_is_proven(proxy, site, kept):
    for name in ("000000010000000000000009", "00000009.history", SEGMENT + ".00000028.backup"):
        result = expect(site.restore(name=name), 1)
        assert lines(result, "ERROR") == [] and site.restored() is None
    missing = AzureSite(site.run, site.endpoint, "no-such-container-at-all", site.folder)
    error_line(expect(missing.restore(), 4), "ContainerNotFound", "no-such-container-at-all")
    proxy.inject(azure_errors.refuse(404, "BlobNotFound"), method="GET", path=kept)
    error_line(expect(site.restore(), 4), wal_key())  # listed, and gone at the download: that proves nothing
    assert site.restored() is None


@pytest.mark.parametrize("fault", [azure_errors.permission_mismatch(), azure_errors.server_busy(), faults.reset(),
                                   azure_errors.internal_error(), faults.cut_response(5)])
def test_absence_is_never_guessed(proxy, site, fault):
    """Nothing is in the archive, but no failure may look like that."""
    proxy.inject(fault)
    error_line(expect(site.restore(), 2, 4))
    assert proxy.requests


@pytest.mark.parametrize("fault", [azure_errors.server_busy(), azure_errors.permission_mismatch(),
                                   faults.cut_response(5)], ids=["503", "403", "cut"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_of_the_listing_that_fails(scripted_azure, run, tmp_path, content, fault, nth):
    """Both the compressed form and the one asked for are on the second page, behind one without blobs."""
    site = AzureSite(run.with_env(AZURE_STORAGE_ACCOUNT=ACCOUNT, AZURE_STORAGE_KEY=KEY, TAPSTER_MAX_ATTEMPTS="2"),
                     scripted_azure.url, "wals", tmp_path)
    expect(site.archive(site.segment(content)), 0)
    scripted_azure.empty_first_page = True
    scripted_azure.inject_at("ListBlobs", fault, nth=nth)
    error_line(expect(site.restore(), 2, 4), "List Blobs")
    assert site.restored() is None
    scripted_azure.rules.clear()
    expect(site.restore(), 0)
    assert site.restored() == content


def test_nobody_listens(site, azure):
    nowhere = AzureSite(site.run, f"http://127.0.0.1:{closed_port()}/{azure.account}", site.bucket, site.folder)
    error_line(expect(nowhere.restore(), 2), "127.0.0.1")
    error_line(expect(nowhere.restore("-t"), 2), "127.0.0.1")
    unknown = AzureSite(site.run, "https://no-such-account.blob.core.invalid", site.bucket, site.folder)
    error_line(expect(unknown.restore(), 2), "no-such-account")
    assert site.restored() is None


@pytest.mark.parametrize("tenths", [None, 5])
def test_a_stall_is_ended_by_the_read_timeout(proxy, site, kept, content, tenths):
    proxy.inject(faults.stall(20, tenths), method="GET", path=kept, times=1)
    start = time.monotonic()
    expect(site.restore("--read-timeout", "3"), 0)
    assert site.restored() == content and time.monotonic() - start < 10


def test_a_stall_that_stays_is_a_network_failure(proxy, site, kept):
    proxy.inject(faults.stall(20), method="GET", path=kept)
    start = time.monotonic()
    error_line(expect(site.restore("--read-timeout", "1"), 2), "time", site.bucket)
    assert site.restored() is None and time.monotonic() - start < 10


def test_a_slow_download_is_no_stall(proxy, site, azure, content):
    azure.put(site.bucket, wal_key(), content)
    proxy.inject(faults.slow_response(24 * 1024), method="GET", path=wal_key())
    expect(site.restore("--read-timeout", "2"), 0)
    assert site.restored() == content


def test_retry_after_is_honoured(proxy, site, azure, content):
    azure.put(site.bucket, wal_key(), content)
    proxy.inject(azure_errors.server_busy(retry_after=2), method="GET", path=wal_key(), times=1)
    expect(site.restore(), 0)
    first, second = proxy.seen("GET", wal_key())
    assert 1.9 <= second.time - first.time < 8


def test_a_restore_that_is_killed_leaves_no_segment(proxy, site, kept, content):
    halfway = []

    def hold(exchange):
        response = exchange.answer()
        exchange.send(response, body=response.body[:len(response.body) // 2], content_length=len(response.body))
        halfway.append(True)
        exchange.wait(30)
        exchange.close(reset=True)
    proxy.inject(hold, method="GET", path=kept, times=1)
    command = subprocess.Popen([site.run.path("wal-restore"), *PROVIDER, f"{site.endpoint}/{site.bucket}", SERVER,
                                SEGMENT, str(site.destination)], env=site.run.environment, stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until(lambda: halfway, "half of the blob to be sent")
    command.send_signal(signal.SIGTERM)
    assert command.wait(10) != 0
    assert site.restored() is None
    expect(site.restore(), 0)
    assert site.restored() == content
