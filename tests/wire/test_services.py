"""The nine commands at services that differ from S3, under the services' own names: a proxy leads to scripted
stores that behave as these do (support/scripted_services.py).
"""
import contextlib
import json
import pathlib
import random
import shutil

import pytest

from support.backups import BackupHost, Place, Source, accepted_by_postgresql, succeeds
from support.proxy import ForwardProxy
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY
from support.scripted_services import (SERVICES, AlibabaOss, BackblazeB2, CloudflareR2, GoogleInterop, IbmCos, Minio,
                                       NetappOntap, OldGoogleInterop, Ovh, OvhSince2026, Scaleway)
from support.site import SEGMENT, Site, error_line, expect, lines, wal_key

BUCKET = "wals"
SECOND = "000000010000000000000002"
LARGE = 40 * 1024 * 1024  # more than wal-archive holds of a compressed segment
TAGLESS = (CloudflareR2, BackblazeB2)


def named(services=None):
    return pytest.mark.parametrize("kind", services or SERVICES, ids=lambda kind: kind.__name__)


@contextlib.contextmanager
def serving(kind, authority, forward):
    """The store, reached through the proxy `forward`; what it minded fails the test."""
    with kind(authority) as store:
        forward.route.update(store.routes(BUCKET))
        yield store
    assert not store.problems, "\n".join(store.problems)


def signed_regions(store):
    return {request.header("authorization").split("Credential=")[1].split("/")[2] for request in store.requests}


# -- WAL -----------------------------------------------------------------------------------------

@pytest.fixture
def forward():
    with ForwardProxy() as proxy:
        yield proxy


@pytest.fixture
def service(kind, authority, forward):
    with serving(kind, authority, forward) as store:
        yield store


@pytest.fixture
def site(scripted_run, forward, service, tmp_path):
    return Site(scripted_run.with_env(HTTPS_PROXY=forward.endpoint), service.endpoint, BUCKET, tmp_path)


@pytest.fixture(scope="session")
def large():
    return random.Random(3).randbytes(LARGE)


@named()
def test_wal_goes_and_comes_back_and_is_never_overwritten(site, service, content):
    expect(site.check(), 0)
    assert list(service.buckets) == [BUCKET]
    for codec, name, suffix in (([], SEGMENT, ""), (["--gzip"], SECOND, ".gz")):
        path = site.segment(content, name)
        for _ in range(2):
            assert "WARNING" not in expect(site.archive(path, *codec), 0).stderr
        stored = service.buckets[BUCKET][wal_key(name, suffix)]
        error_line(expect(site.archive(site.segment(content[::-1], name), *codec), 1), name)
        assert service.buckets[BUCKET][wal_key(name, suffix)] is stored
        expect(site.restore(name=name), 0)
        assert site.restored() == content
    expect(site.check(), 1)
    if service.signing_region:
        assert signed_regions(service) == {service.signing_region}, "the name of the host says the region"


@named([CloudflareR2, Scaleway, Ovh, GoogleInterop, BackblazeB2, AlibabaOss])
def test_a_large_segment_goes_in_parts_of_one_size(site, service, large):
    expect(site.check(), 0)
    expect(site.archive(site.segment(large), "--gzip"), 0)
    parts = service.seen("PUT", "partNumber=")
    assert len(parts) == 2
    stored = service.buckets[BUCKET][wal_key(suffix=".gz")]
    error_line(expect(site.archive(site.segment(large[::-1]), "--gzip"), 1), SEGMENT)
    assert service.buckets[BUCKET][wal_key(suffix=".gz")] is stored
    assert service.uploads == {}, "an upload was left open"
    expect(site.restore(timeout=120), 0)
    assert site.restored() == large


@named([CloudflareR2, BackblazeB2, Minio])
def test_tags_are_kept_or_left_out_with_a_warning(site, service, content, large, kind):
    expect(site.check(), 0)
    wanted = None if kind in TAGLESS else "owner=dba"
    for data, key, options in ((content, wal_key(), []), (large, wal_key(SECOND, ".gz"), ["--gzip"])):
        path = site.segment(data, key.split("/")[-1].removesuffix(".gz"))
        result = expect(site.archive(path, *options, "--tags", "owner,dba", "--read-timeout", "60"), 0)
        assert service.buckets[BUCKET][key].headers.get("x-amz-tagging") == wanted
        assert len(lines(result, "WARNING")) == (1 if kind in TAGLESS else 0), result.stderr


@named([CloudflareR2])
def test_no_look_where_the_condition_on_a_put_can_be_relied_on(site, service, content):
    service.buckets[BUCKET] = {}
    expect(site.archive(site.segment(content)), 0)
    put, = service.seen("PUT")
    assert put.header("if-none-match") == "*"
    assert service.seen("HEAD") == []


@named([CloudflareR2, GoogleInterop])
def test_a_completion_whose_condition_is_not_heeded_is_preceded_by_a_look(site, service, large, content, tmp_path):
    """Somebody else stores the segment while our parts are on their way."""
    service.buckets[BUCKET] = {}
    (tmp_path / "elsewhere").mkdir()
    other = Site(site.run, site.endpoint, BUCKET, tmp_path / "elsewhere")
    theirs = []

    def overtake(exchange):
        expect(other.archive(other.segment(content), "--gzip"), 0)
        theirs.append(service.buckets[BUCKET][wal_key(suffix=".gz")])
        exchange.server.respond(exchange)
    service.inject(overtake, method="PUT", path="partNumber=2", times=1)
    error_line(expect(site.archive(site.segment(large), "--gzip"), 1), SEGMENT)
    assert [service.buckets[BUCKET][wal_key(suffix=".gz")]] == theirs
    assert service.uploads == {}


@named([Ovh])
def test_a_store_that_refuses_conditions_gets_none_after_a_look(site, service, content):
    service.buckets[BUCKET] = {}
    expect(site.archive(site.segment(content)), 0)
    assert [request.header("if-none-match") for request in service.requests if request.method == "PUT"] == ["*", None]
    assert service.requests[0].query["prefix"] == f"main/wals/{SEGMENT[:16]}/{SEGMENT}"  # this was the look


@named([OvhSince2026])
def test_conditions_are_used_where_they_have_come_to_be_supported(site, service, content):
    service.buckets[BUCKET] = {}
    expect(site.archive(site.segment(content)), 0)
    put, = service.seen("PUT")
    assert put.header("if-none-match") == "*"


@named([BackblazeB2, CloudflareR2, GoogleInterop, Minio, Scaleway])
def test_no_checksum_header_goes_where_it_is_not_known_to_be_taken(site, service, content):
    expect(site.check(), 0)
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    names = {name for request in service.requests for name in request.header_names()}
    assert not [name for name in names if name.startswith(("x-amz-checksum", "x-amz-sdk-checksum"))]


@named([BackblazeB2])
def test_checksums_that_were_asked_for_and_are_refused_are_left_out(site, service, content):
    service.buckets[BUCKET] = {}
    result = expect(site.archive(site.segment(content), "--checksum-policy", "when_supported"), 0)
    assert len(lines(result, "WARNING")) == 1
    assert service.buckets[BUCKET][wal_key()].body == content


@named([AlibabaOss])
def test_a_wrong_addressing_style_is_told_with_its_cure(site, service, content):
    service.buckets[BUCKET] = {}
    result = expect(site.archive(site.segment(content), "--addressing-style", "path"), 4)
    error_line(result, "SecondLevelDomainForbidden", "--addressing-style virtual")


@named([CloudflareR2])
def test_what_a_store_does_not_implement_is_told_with_a_cure(site, service, content):
    service.buckets[BUCKET] = {}
    error_line(expect(site.archive(site.segment(content), "-e", "AES256"), 4), "NotImplemented", "encryption")


# -- base backups --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def tour(executables, authority):
    """A running cluster whose commands go through a proxy: (source, proxy)."""
    with ForwardProxy() as proxy:
        host = BackupHost(executables, {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                                        "AWS_DEFAULT_REGION": ""})
        bundle = host.file("ca.crt", pathlib.Path(authority.root).read_bytes())
        host.environment.update(HTTPS_PROXY=proxy.endpoint, AWS_CA_BUNDLE=str(bundle))
        try:
            yield Source(host, scale=2), proxy
        finally:
            host.close()


def restored(source, place, backup_id):
    """Restores everything and lets PostgreSQL judge it."""
    target = source.host.folder / "proof"
    rules = [word for name in source.locations for word in ("--tablespace", f"{name}:{target}_{name}")]
    succeeds(source.host.ours.restore(place, backup_id, target, *rules))
    accepted_by_postgresql(source.host, target)
    for path in source.host.folder.glob("proof*"):
        shutil.rmtree(path)


@named()
def test_the_nine_commands(tour, authority, kind):
    source, forward = tour
    ours, cluster = source.host.ours, source.cluster
    with serving(kind, authority, forward) as store:
        place = Place(f"s3://{BUCKET}/pg", store.endpoint)
        succeeds(ours("check-wal-archive", place))
        objects = store.buckets[BUCKET]
        source.host.archive_to(place, "--gzip")
        try:
            old = ours.taken(place, cluster)
            source.change(20)
            new = ours.taken(place, cluster, "--tags", "owner,dba", "--jobs", "2")
        finally:
            source.host.archive_nowhere()
        data = [request for request in store.seen("PUT", rf"{new}/data\.tar\?.*partNumber=")]
        sizes = {len(request.body) for request in data}
        assert len(data) > 1 and len(sizes) == 2, "several parts, all but the last of one size"
        # Large enough for the largest archive: 100 GiB, or 1,000 parts of no more than 32 MiB.
        most, least = (32, 28) if kind is Scaleway else (12, 10)
        assert least < max(sizes) / 2**20 <= most
        assert store.uploads == {}, "an upload was left open"
        assert json.loads(succeeds(ours("backup-show", place, "--format", "json", after=[new])).stdout)
        restored(source, place, new)
        segment = min(key.rpartition("/")[2] for key in objects if "/wals/" in key).removesuffix(".gz")
        fetched = source.host.folder / "fetched"
        succeeds(ours("wal-restore", place, after=[segment, fetched]))
        assert fetched.stat().st_size == 2**20
        fetched.unlink()
        succeeds(ours("backup-keep", place, "--target", "full", after=[old]))
        succeeds(ours("backup-delete", place, "--retention-policy", "REDUNDANCY 1"))
        assert ours.ids(place) == [old, new]
        succeeds(ours("backup-keep", place, "--release", after=[old]))
        succeeds(ours("backup-delete", place, "--retention-policy", "REDUNDANCY 1"))
        assert ours.ids(place) == [new]
        assert not [key for key in objects if f"/{old}/" in key or segment in key]
        restored(source, place, new)
        bulk = store.seen("POST", "delete")
        assert bulk and all(request.header("content-md5") for request in bulk)
        # One by one only where it cannot be helped; the keep and backup.info are deleted by themselves anyhow.
        assert (len(store.seen("DELETE", "/main/wals/")) > 1) == (kind in (NetappOntap, OldGoogleInterop))
