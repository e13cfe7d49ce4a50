"""wal-archive on Azurite while the network and the service misbehave.

Every case stores one segment in one request and another in blocks, at once (`both`).
"""
import concurrent.futures
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
from support.site import error_line, expect, lines, wal_key

NAMES = {"whole": "000000010000000000000001", "blocks": "000000010000000000000002"}
OPTIONS = {"whole": [],
           "blocks": ["--max-single-put-size", "16KB", "--max-block-size", "16KB", "--max-concurrency", "2"]}
BLOCK, COMMIT = r"2\?comp=block&", r"2\?comp=blocklist"


@pytest.fixture
def azure_run(run, azure):
    return run.with_env(**azure.environment("key"), TAPSTER_MAX_ATTEMPTS="2")


@pytest.fixture
def proxied(azure_run, azure, proxy, azure_container, tmp_path):
    return AzureSite(azure_run, f"{proxy.endpoint}/{azure.account}", azure_container, tmp_path)


@pytest.fixture
def both(proxied, content):
    """both(*options) -> the results of archiving one segment whole and one in blocks, side by side."""
    def go(*options, site=proxied):
        paths = {form: site.segment(content, name) for form, name in NAMES.items()}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = {form: pool.submit(site.archive, paths[form], *OPTIONS[form], *options) for form in NAMES}
            return {form: run.result() for form, run in runs.items()}
    return go


@pytest.fixture
def stored(azure, azure_container, content):
    """The forms whose segment is there: all that is there is whole."""
    def look():
        found = set()
        for form, name in NAMES.items():
            body = azure.get(azure_container, wal_key(name))
            if body is not None:
                assert body == content
                found.add(form)
        assert len(azure.names(azure_container)) == len(found), azure.names(azure_container)
        # Blocks of an upload that is to create only are left to the service; a later success discards them.
        broken_off = {wal_key(NAMES["blocks"])} if "blocks" not in found else set()
        assert set(azure.uncommitted(azure_container)) <= broken_off
        return found
    return look


def cut_head(exchange):
    """The service did what was asked; half of the answer's first line arrives."""
    exchange.answer()
    exchange.connection.sendall(b"HTTP/1.1 2")
    exchange.close()


TRANSIENT = {
    "reset before the request": faults.reset(), "reset after the request": faults.reset_after_request(),
    "request cut": faults.cut_request(5), "request cut politely": faults.cut_request(5, with_reset=False),
    "answer lost": faults.lose_answer(), "answer cut": cut_head,
    "500 InternalError": azure_errors.internal_error(), "500 OperationTimedOut": azure_errors.operation_timed_out(),
    "502": lambda exchange: (exchange.read_body(), exchange.send(Response(502, [], b"<html>Bad Gateway</html>"))),
    "503 ServerBusy": azure_errors.server_busy(), "503 ServerBusy with Retry-After": azure_errors.server_busy(0),
    "429 TooManyRequests": azure_errors.throttled(0)}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_happens_once_at_every_step_is_survived(proxy, both, stored, fault):
    proxy.inject(TRANSIENT[fault], method="PUT", path=NAMES["whole"], times=1)
    for path, nth in ((BLOCK, 1), (BLOCK, 3), (COMMIT, 1)):
        proxy.inject(TRANSIENT[fault], method="PUT", path=path, nth=nth, times=1)
    for result in both().values():
        expect(result, 0)
        assert lines(result, "ERROR") == []
    assert all(rule.seen >= rule.nth for rule in proxy.rules), "not every fault was met"
    assert stored() == {"whole", "blocks"}


@pytest.mark.parametrize("fault", [name for name in TRANSIENT if not name.startswith("answer")])
def test_a_fault_that_stays_is_an_error_after_the_retries(proxy, both, stored, azure_container, fault):
    proxy.inject(TRANSIENT[fault], method="PUT")
    status, _, code = fault.partition(" ")
    mentioned = [status, code.split(" ")[0], *([REQUEST_ID] if code else [])] if status.isdigit() else []
    cure = ["TAPSTER_MAX_ATTEMPTS"] if code.startswith(("ServerBusy", "TooMany")) else []
    for form, result in both().items():
        error_line(expect(result, 4), "Barman cloud WAL archiver exception", *mentioned, *cure, azure_container,
                   wal_key(NAMES[form]))
    assert stored() == set()
    # Two attempts each; and libcurl repeats by itself when a kept connection dies before an answer.
    for name in NAMES.values():
        assert len([request for request in proxy.seen("PUT") if name in request.target]) in (2, 3)
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)
    assert stored() == {"whole", "blocks"}


@pytest.mark.parametrize("path, nth", [(BLOCK, 3), (COMMIT, 1)], ids=["a block", "the block list"])
@pytest.mark.parametrize("fault", ["503 ServerBusy", "request cut", "403"])
def test_an_upload_in_blocks_that_is_broken_off_stores_nothing(proxy, both, stored, fault, path, nth):
    proxy.inject(TRANSIENT.get(fault, azure_errors.permission_mismatch()), method="PUT", path=path, nth=nth)
    error_line(expect(both()["blocks"], 4), wal_key(NAMES["blocks"]))
    assert stored() == {"whole"}
    proxy.rules.clear()
    expect(both()["blocks"], 0)
    assert stored() == {"whole", "blocks"}


def test_an_answer_that_was_lost_is_known_to_be_ours(proxy, both, stored):
    """Create-only: the repeat is refused, as the blob is there, and what is there is looked at."""
    proxy.inject(faults.lose_answer(), method="PUT", path=NAMES["whole"], times=1)
    proxy.inject(faults.lose_answer(), method="PUT", path=COMMIT, times=1)
    for result in both().values():
        assert lines(expect(result, 0), "ERROR") == []
    for path in (NAMES["whole"], COMMIT):
        assert [request.header("if-none-match") for request in proxy.seen("PUT", path)] == ["*", "*"]
    assert len(proxy.seen("HEAD", NAMES["whole"])) == 1 and len(proxy.seen("GET", COMMIT)) == 1
    assert stored() == {"whole", "blocks"}


def test_an_answer_that_is_always_lost(proxy, both, stored):
    """The blob is there, whole; whether the command finds out or not, it may not claim more than it knows."""
    for path in (NAMES["whole"], COMMIT):
        proxy.inject(faults.lose_answer(), method="PUT", path=path)
    for result in both().values():
        expect(result, 0, 4)
    assert stored() == {"whole", "blocks"}
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)


@pytest.mark.parametrize("same", [True, False])
def test_somebody_else_was_faster(proxy, both, azure, azure_container, content, same):
    """Between the look at the archive and the upload."""
    theirs = content if same else content[::-1]

    def overtaken(exchange):
        azure.put(azure_container, exchange.request.path.partition(f"{azure_container}/")[2], theirs)
        exchange.server.respond(exchange)
    for path in (NAMES["whole"], COMMIT):
        proxy.inject(overtaken, method="PUT", path=path, times=1)
    for form, result in both().items():
        expect(result, 0 if same else 1)
        assert same or error_line(result, "another content", wal_key(NAMES[form]))
        assert azure.get(azure_container, wal_key(NAMES[form])) == theirs


REFUSALS = [
    (403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor"),
    (403, "AuthenticationFailed", "key"), (403, "AuthorizationFailure", "firewall"),
    (404, "ContainerNotFound", "barman-cloud-check-wal-archive"),
    (409, "ContainerBeingDeleted", "try again in a minute"),
    (412, "LeaseIdMissing", "lease"), (413, "RequestBodyTooLarge", "--max-single-put-size")]


@pytest.mark.parametrize("status, code, cure", REFUSALS)
@pytest.mark.parametrize("method", ["PUT", None])
def test_a_refusal_is_final_and_says_everything(proxy, both, stored, azure_container, status, code, cure, method):
    proxy.inject(azure_errors.refuse(status, code), method=method)
    for form, result in both().items():
        error_line(expect(result, 4), code, str(status), REQUEST_ID, cure, azure_container,
                   *([wal_key(NAMES[form])] if method else []))
    assert stored() == set()
    assert len(proxy.seen("PUT")) <= 2, "a refusal is not retried"


@pytest.mark.parametrize("status, code", [(409, "BlobAlreadyExists"), (412, "ConditionNotMet")])
def test_a_blob_that_is_said_to_exist_and_does_not(proxy, both, stored, status, code):
    proxy.inject(azure_errors.refuse(status, code), method="PUT", path=rf"{NAMES['whole']}|{COMMIT}")
    for form, result in both().items():
        error_line(expect(result, 4), wal_key(NAMES[form]))
    assert stored() == set()


def test_data_that_is_damaged_on_the_way_is_not_stored(proxy, both, stored):
    """The emulator verifies Content-MD5, with a code of its own."""
    def damaged(exchange):
        exchange.read_body()
        body = exchange.request.raw_body
        exchange.request.raw_body = body[:-1] + bytes([body[-1] ^ 1])
        exchange.server.respond(exchange)
    for path, nth in ((NAMES["whole"], 1), (BLOCK, 2)):
        proxy.inject(damaged, method="PUT", path=path, nth=nth, times=1)
    for form, result in both().items():
        error_line(expect(result, 4), "InvalidOperation", "MD5", wal_key(NAMES[form]))
    assert stored() == set()


@pytest.mark.parametrize("times, status", [(1, 0), (99, 4)])
def test_data_that_was_damaged_on_the_way_is_sent_again(proxy, both, stored, times, status):
    """As the service itself refuses it."""
    for path, nth in ((NAMES["whole"], 1), (BLOCK, 2)):
        proxy.inject(azure_errors.refuse(400, "Md5Mismatch"), method="PUT", path=path, nth=nth, times=times)
    for result in both().values():
        expect(result, status)
        assert status == 0 or error_line(result, "Md5Mismatch", REQUEST_ID, "changes the data")
    assert stored() == ({"whole", "blocks"} if status == 0 else set())


def test_nobody_listens(azure, azure_run, both, stored, azure_container, tmp_path):
    port = closed_port()
    site = AzureSite(azure_run, f"http://127.0.0.1:{port}/{azure.account}", azure_container, tmp_path)
    for result in both(site=site).values():
        error_line(expect(result, 4), str(port))
    error_line(expect(site.check(), 2), str(port))
    assert stored() == set()


@pytest.mark.parametrize("times, status", [(1, 0), (99, 4)])
def test_a_stall_is_ended_by_the_read_timeout(proxy, both, stored, times, status):
    for path in (NAMES["whole"], COMMIT):
        proxy.inject(faults.stall(20), method="PUT", path=path, times=times)
    start = time.monotonic()
    for result in both("--read-timeout", "3" if status == 0 else "1").values():
        expect(result, status)
        assert status == 0 or error_line(result, "time")
    assert time.monotonic() - start < 12
    assert stored() == ({"whole", "blocks"} if status == 0 else set())


def test_a_slow_service_is_survived(proxy, both, stored):
    proxy.inject(faults.slow_request(64 * 1024), method="PUT")
    for result in both().values():
        expect(result, 0)
    assert stored() == {"whole", "blocks"}


def test_the_number_of_attempts_is_the_user_s(proxy, proxied, content):
    for attempts in (1, 4):
        proxy.requests.clear()
        proxy.rules.clear()
        proxy.inject(azure_errors.server_busy(), method="PUT")
        site = proxied.with_env(TAPSTER_MAX_ATTEMPTS=attempts)
        expect(site.archive(site.segment(content)), 4)
        assert len(proxy.seen("PUT")) == attempts


@pytest.mark.parametrize("fault", [azure_errors.server_busy, azure_errors.throttled])
def test_retry_after_is_honoured(proxy, proxied, content, fault):
    proxy.inject(fault(retry_after=2), method="PUT", times=1)
    expect(proxied.archive(proxied.segment(content)), 0)
    first, second = proxy.seen("PUT")
    assert 1.9 <= second.time - first.time < 8


def test_an_archiver_that_is_killed_leaves_no_segment_and_the_next_run_works(proxy, proxied, both, stored, content):
    """Killed while the service holds back the answer to a block, and to the block list."""
    path = proxied.segment(content, NAMES["blocks"])
    for step in (BLOCK, COMMIT):
        proxy.rules.clear()
        proxy.requests.clear()
        proxy.inject(faults.stall(30), method="PUT", path=step, nth=3 if step == BLOCK else 1)
        command = subprocess.Popen(
            [proxied.run.path("wal-archive"), *PROVIDER, *OPTIONS["blocks"], f"{proxied.endpoint}/{proxied.bucket}",
             "main", str(path)], env=proxied.run.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: any(rule.seen >= rule.nth for rule in proxy.rules), step)
        command.send_signal(signal.SIGKILL)
        command.wait(10)
        assert stored() == set()
    proxy.rules.clear()
    for result in both().values():
        expect(result, 0)
    assert stored() == {"whole", "blocks"}
