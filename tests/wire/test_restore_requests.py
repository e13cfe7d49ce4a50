"""What restoring a segment costs on the wire: one request, once the form of the archive's segments is known."""
import pytest

from support.azure_fixtures import azure_proxy  # noqa: F401
from support.azure_site import AzureSite
from support.replay import content_of, name_of
from support.site import expect


@pytest.fixture(params=["s3", "azure", "gcs"])
def seen(request, tmp_path):
    """(site, the server that sees its requests)"""
    if request.param == "s3":
        server = request.getfixturevalue("scripted")
        return request.getfixturevalue("site_on")(server), server
    if request.param == "gcs":
        return request.getfixturevalue("gcs_site"), request.getfixturevalue("gcs_proxy")
    azure, server = request.getfixturevalue("azure"), request.getfixturevalue("azure_proxy")
    run = request.getfixturevalue("run").with_env(**azure.environment("key"))
    return AzureSite(run, f"{server.endpoint}/{azure.account}", request.getfixturevalue("azure_container"),
                     tmp_path), server


def requests_of(server, action):
    """(method, whether it is for the segment itself) of each request that the action makes."""
    server.requests.clear()
    action()
    return [(request.method, "/0000000100000000/" in request.path) for request in server.requests]


LOOK, FETCH = ("GET", False), ("GET", True)


@pytest.mark.parametrize("options, suffix", [([], ""), (["--gzip"], ".gz"), (["--zstd"], ".zst")])
def test_one_request_for_a_segment_in_the_form_of_the_last_one(seen, options, suffix):
    site, server = seen
    for number in range(1, 4):
        expect(site.archive(site.segment(content_of(number), name_of(number)), *options), 0)
    assert requests_of(server, lambda: expect(site.restore(name=name_of(1)), 0)) == [LOOK, FETCH]
    for number in (2, 3):
        assert requests_of(server, lambda: expect(site.restore(name=name_of(number)), 0)) == [FETCH]
        assert server.requests[0].path.endswith(name_of(number) + suffix)
        assert site.restored() == content_of(number)
    # Absence is proven by the listing, as ever, and another form is found by it.
    assert requests_of(server, lambda: expect(site.restore(name=name_of(4)), 1)) == [FETCH, LOOK]
    expect(site.archive(site.segment(content_of(4), name_of(4)), "--lz4"), 0)
    assert requests_of(server, lambda: expect(site.restore(name=name_of(4)), 0)) == [FETCH, LOOK, FETCH]
    assert site.restored() == content_of(4)


def test_nothing_is_remembered_where_nothing_can_be_written(site_on, scripted):
    site = site_on(scripted)
    for number in (1, 2):
        expect(site.archive(site.segment(content_of(number), name_of(number)), "--spool-dir", "/proc/nowhere"), 0)
        result = expect(site.restore("--spool-dir", "/proc/nowhere", "-v", name=name_of(number)), 0)
        assert "/proc/nowhere" not in result.stderr
    assert len(scripted.seen("GET", "list-type")) == 4  # of each command one
