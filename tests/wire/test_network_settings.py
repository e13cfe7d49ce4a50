"""Proxies and certificate authorities, from the variables that people set."""
import pytest

from support.certificates import Authority
from support.proxy import ForwardProxy, closed_port
from support.site import Site, error_line, expect


@pytest.fixture
def forward():
    with ForwardProxy() as server:
        yield server
    assert not server.problems, "\n".join(server.problems)


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Another authority, that signed none of our servers."""
    return Authority(tmp_path_factory.mktemp("stranger"))


# -- proxies -------------------------------------------------------------------------------------

@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_http_goes_through_the_proxy(site_on, scripted, forward, content, variable):
    site = site_on(scripted).with_env(**{variable: forward.endpoint})
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    assert site.restored() == content
    assert len(forward.requests) == len(scripted.requests) > 0
    assert {request.method for request in forward.requests} >= {"PUT", "GET"}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_https_goes_through_a_tunnel(site_on, scripted_tls, forward, content, variable):
    site = site_on(scripted_tls).with_env(**{variable: forward.endpoint})
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    assert site.restored() == content
    assert {(request.method, request.target) for request in forward.requests} == {
        ("CONNECT", f"localhost:{scripted_tls.port}")}
    assert all(request.header("authorization") is None for request in forward.requests)


def test_the_other_scheme_s_proxy_is_not_used(site_on, scripted, scripted_tls, forward, content):
    site = site_on(scripted).with_env(HTTPS_PROXY=forward.endpoint)
    expect(site.archive(site.segment(content)), 0)
    site = site_on(scripted_tls).with_env(HTTP_PROXY=forward.endpoint)
    expect(site.archive(site.segment(content)), 0)
    assert forward.requests == []


@pytest.mark.parametrize("variable, value", [
    ("NO_PROXY", "localhost"), ("no_proxy", "localhost"), ("NO_PROXY", "*"), ("NO_PROXY", "example.org,localhost")])
def test_no_proxy_by_name(site_on, scripted_tls, forward, content, variable, value):
    site = site_on(scripted_tls).with_env(HTTPS_PROXY=forward.endpoint, **{variable: value})
    expect(site.archive(site.segment(content)), 0)
    assert forward.requests == []


@pytest.mark.parametrize("value, direct", [
    ("127.0.0.1", True), ("127.0.0.0/8", True), ("10.0.0.0/8", False), ("27.0.0.1", False)])
def test_no_proxy_by_address(site_on, scripted, forward, content, value, direct):
    site = site_on(scripted).with_env(HTTP_PROXY=forward.endpoint, NO_PROXY=value)
    expect(site.archive(site.segment(content)), 0)
    assert (forward.requests == []) == direct


def test_no_proxy_by_domain(scripted_run, scripted, forward, content, tmp_path):
    site = Site(scripted_run.with_env(HTTP_PROXY=forward.endpoint, NO_PROXY=".localhost"),
                f"http://s3.localhost:{scripted.port}", "wals", tmp_path)
    scripted.base_host = "s3.localhost"
    expect(site.archive(site.segment(content)), 0)
    assert forward.requests == []


def test_a_dead_proxy_is_a_network_failure_that_names_it(site_on, scripted, content):
    port = closed_port()
    site = site_on(scripted).with_env(HTTP_PROXY=f"http://127.0.0.1:{port}")
    error_line(expect(site.restore(), 2), str(port))
    error_line(expect(site.archive(site.segment(content)), 4), str(port))
    assert site.restored() is None and scripted.requests == []


def test_the_proxy_s_password_is_in_no_message(site_on, scripted, content):
    site = site_on(scripted).with_env(HTTP_PROXY=f"http://user:proxy-secret@127.0.0.1:{closed_port()}")
    result = expect(site.archive(site.segment(content), "-vv"), 4)
    assert "proxy-secret" not in result.stderr


# -- certificate authorities ---------------------------------------------------------------------

@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("which", ["root", "intermediate"])
def test_a_private_authority_by_environment(site_on, scripted_tls, authority, content, variable, which):
    """Also when only the intermediate is known, as in a Kubernetes secret."""
    site = site_on(scripted_tls).with_env(AWS_CA_BUNDLE=None).with_env(**{variable: getattr(authority, which)})
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    assert site.restored() == content


@pytest.mark.parametrize("which", ["root", "intermediate"])
def test_a_private_authority_by_profile(site_on, scripted_tls, authority, content, tmp_path, which):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(f"[default]\nca_bundle = {getattr(authority, which)}\n")
    site = site_on(scripted_tls).with_env(AWS_CA_BUNDLE=None)
    expect(site.archive(site.segment(content)), 0)


def test_aws_ca_bundle_beats_the_others(site_on, scripted_tls, authority, stranger, content):
    site = site_on(scripted_tls).with_env(AWS_CA_BUNDLE=authority.root, REQUESTS_CA_BUNDLE=stranger.root,
                                          SSL_CERT_FILE=stranger.root)
    expect(site.archive(site.segment(content)), 0)


@pytest.mark.parametrize("command", ["archive", "restore", "check"])
@pytest.mark.parametrize("bundle", ["stranger", None])
def test_an_unknown_authority_is_one_clear_line(site_on, scripted_tls, stranger, content, command, bundle):
    site = site_on(scripted_tls).with_env(AWS_CA_BUNDLE=stranger.root if bundle else None)
    result = expect({"archive": lambda: site.archive(site.segment(content)), "restore": site.restore,
                     "check": site.check}[command](), 4)
    line = error_line(result, "certificate", "AWS_CA_BUNDLE")
    assert f"localhost:{scripted_tls.port}" in line
    assert scripted_tls.requests == [] and site.restored() is None
    assert scripted_tls.connections <= 2, "a certificate that is not trusted will not be so the third time"


def test_a_certificate_for_another_name(scripted_run, scripted_tls, content, tmp_path):
    site = Site(scripted_run.with_env(HTTPS_PROXY=None), f"https://127.0.0.2:{scripted_tls.port}", "wals", tmp_path)
    with ForwardProxy() as forward:
        site = site.with_env(HTTPS_PROXY=forward.endpoint)
        error_line(expect(site.archive(site.segment(content)), 4), "127.0.0.2")
    assert scripted_tls.requests == []


@pytest.mark.parametrize("text", [None, "", "not a certificate\n"])
def test_a_bad_bundle_is_named(site_on, scripted_tls, content, tmp_path, text):
    bundle = tmp_path / "bundle.pem"
    if text is not None:
        bundle.write_text(text)
    site = site_on(scripted_tls).with_env(AWS_CA_BUNDLE=str(bundle))
    error_line(expect(site.archive(site.segment(content)), 4), str(bundle))
    assert scripted_tls.requests == []


def test_plain_http_needs_no_bundle(site_on, scripted, content):
    site = site_on(scripted).with_env(AWS_CA_BUNDLE="/does/not/exist")
    expect(site.archive(site.segment(content)), 0)
