"""Access tokens of Google Cloud Storage that are revoked, expire, or cannot be had."""
import pytest

from support.gcs import Gcs
from support.gcs_server.server import Server
from support.gcs_site import INSERT, KEY, LIST, MEDIA, GcsSite, at
from support.proxy import FaultProxy
from support.site import error_line, expect, lines


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A fake of our own, whose tokens may be revoked without taking those of other tests."""
    with Server(tmp_path_factory.mktemp("gcs")) as server:
        yield Gcs(server.settings)


@pytest.fixture
def guarded(own, run, tmp_path):
    """(site, proxy) of an empty bucket in that fake."""
    bucket = "tests-tokens"
    own.create_bucket(bucket)
    with FaultProxy(own.settings["GCS_ENDPOINT"]) as proxy:
        yield GcsSite(run.with_env(TAPSTER_MAX_ATTEMPTS="2"), None, bucket, tmp_path).on(own, proxy.endpoint), proxy
    own.remove_bucket(bucket)
    assert not proxy.problems


def token_requests(own, since):
    return [entry["status"] for entry in own.requests(since, method="POST") if entry["path"] == "/token"]


def revoking(own):
    """The token is withdrawn when the request is on its way, which meets a true 401."""
    def fault(exchange):
        exchange.read_body()
        own.revoke_tokens()
        exchange.send(exchange.answer())
    return fault


def test_a_token_that_is_revoked_is_renewed_once(own, guarded, content):
    site, proxy = guarded
    for step, command in ((LIST, "archive"), (INSERT, "archive"), (LIST, "restore"), (MEDIA, "restore")):
        if command == "archive":
            own.remove_bucket(site.bucket)
            own.create_bucket(site.bucket)
        at(proxy, step, revoking(own), times=1)
        mark = own.mark()
        done = site.archive(site.segment(content)) if command == "archive" else site.restore()
        assert lines(expect(done, 0), "ERROR") == []
        assert token_requests(own, mark) == [200, 200]
        assert 401 in [entry["status"] for entry in own.requests(mark, site.bucket)]
        assert own.get(site.bucket, KEY) == content and own.unfinished(site.bucket) == []
    assert site.restored() == content


def test_a_token_that_is_refused_again_is_an_error_that_names_the_credentials(own, guarded, content):
    site, proxy = guarded
    at(proxy, INSERT, revoking(own))
    mark = own.mark()
    error_line(expect(site.archive(site.segment(content)), 4), "authError", "HTTP 401", KEY,
               "GOOGLE_APPLICATION_CREDENTIALS")
    assert token_requests(own, mark) == [200, 200] and len(proxy.seen(*INSERT)) == 2
    assert own.get(site.bucket, KEY) is None and own.unfinished(site.bucket) == []
    own.put(site.bucket, KEY, content)
    at(proxy, MEDIA, revoking(own))
    error_line(expect(site.restore(), 4), "AuthenticationRequired", "HTTP 401", KEY, "GOOGLE_APPLICATION_CREDENTIALS")
    assert site.restored() is None


def test_a_token_service_that_fails(own, guarded, content):
    site, _ = guarded
    own.put(site.bucket, KEY, content)
    with own.fault("^/token", port="accounts", status=503, times="always"):
        error_line(expect(site.restore(), 2), "503")
        error_line(expect(site.archive(site.segment(content)), 4), "503")
    with own.fault("^/token", port="accounts", status=403, times="always"):
        error_line(expect(site.restore(), 4), "403")
    with own.fault("^/token", port="accounts", status=503):
        expect(site.restore(), 0)
    assert site.restored() == content


def test_tokens_that_expire_at_once(own, guarded, content):
    """Each request takes a new one, since none of them lasts."""
    site, _ = guarded
    own.token_lifetime(1)
    mark = own.mark()
    try:
        expect(site.archive(site.segment(content)), 0)
    finally:
        own.token_lifetime(3600)
    assert token_requests(own, mark) == [200, 200]
    assert own.get(site.bucket, KEY) == content
