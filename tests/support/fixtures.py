"""Fixtures that the wire, fault and acceptance tests share."""
import functools

import pytest

from support.backups import BackupHost, Place, Source
from support.certificates import Authority
from support.proxy import FaultProxy
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY, ScriptedS3
from support.segments import segment_bytes
from support.site import Site


@functools.cache
def _small_segment():
    return segment_bytes(seed=7, size=64 * 1024)


@pytest.fixture
def content():
    """64 KiB that look like the beginning of a WAL segment: most tests need no more."""
    return _small_segment()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A private CA whose intermediate signed the certificates of all test servers."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def scripted():
    """The scripted store over http, with the bucket "wals". Strict: what it minded fails the test."""
    with ScriptedS3() as store:
        store.buckets["wals"] = {}
        yield store
    assert not store.problems, "\n".join(store.problems)


@pytest.fixture
def scripted_tls(authority):
    """The same over https."""
    with ScriptedS3(authority.server_context()) as store:
        store.buckets["wals"] = {}
        yield store
    assert not store.problems, "\n".join(store.problems)


@pytest.fixture(params=["http", "https"])
def store(request):
    """The scripted store, once over http and once over https."""
    return request.getfixturevalue("scripted" if request.param == "http" else "scripted_tls")


@pytest.fixture
def scripted_run(run, authority):
    """`run` with the scripted store's credentials and the private CA."""
    return run.with_env(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_MAX_ATTEMPTS="2",
                        AWS_EC2_METADATA_DISABLED="true", AWS_CA_BUNDLE=authority.root)


@pytest.fixture
def site_on(scripted_run, tmp_path):
    """site_on(store) -> Site with an archive in the bucket "wals"."""
    return lambda store: Site(scripted_run, store.endpoint, "wals", tmp_path)


@pytest.fixture
def site(site_on, store):
    return site_on(store)


@pytest.fixture
def proxy(rgw):
    """A FaultProxy in front of the Ceph gateway, over http."""
    with FaultProxy(rgw["S3_ENDPOINT"]) as server:
        yield server
    assert not server.problems, "\n".join(server.problems)


@pytest.fixture
def proxied(s3_run, proxy, bucket, tmp_path):
    """The archive on the gateway, seen through `proxy`; the bucket is a new one."""
    return Site(s3_run, proxy.endpoint, bucket, tmp_path)


@pytest.fixture(scope="module")
def source(executables, rgw):
    """A running cluster that archives and is backed up; see support/backups.py."""
    host = BackupHost(executables, rgw)
    try:
        yield Source(host)
    finally:
        host.close()


@pytest.fixture
def archive(source, rgw, bucket):
    """An empty archive of `source` on the gateway, to which it archives now. Other clusters go with the test."""
    place = Place(f"s3://{bucket}/some/folder", rgw["S3_ENDPOINT"])
    source.host.archive_to(place, "--gzip")
    yield place
    source.host.archive_nowhere()
    source.host.remove_clusters(source.cluster)
