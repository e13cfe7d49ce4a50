"""Fixtures of the fake of Google Cloud Storage that tests/servers/gcs-up started; tests/conftest.py hands them out."""
import gzip
import pathlib
import types
import uuid

import pytest

from support.backups import BackupHost
from support.gcs import Gcs
from support.gcs_site import KEY, GcsSite
from support.proxy import FaultProxy
from support.site import wal_key


@pytest.fixture
def gcs(gcs_settings):
    """A look at the fake's buckets, by its door without authorization."""
    return Gcs(gcs_settings)


@pytest.fixture
def gcs_bucket(gcs):
    """A bucket of the test's own, removed with what is in it."""
    name = "tests-" + uuid.uuid4().hex[:12]
    gcs.create_bucket(name)
    yield name
    gcs.remove_bucket(name)


@pytest.fixture
def gcs_proxy(gcs_settings):
    """A FaultProxy in front of the fake."""
    with FaultProxy(gcs_settings["GCS_ENDPOINT"]) as server:
        yield server
    assert not server.problems, "\n".join(server.problems)


@pytest.fixture
def gcs_site(run, gcs_proxy, gcs, gcs_bucket, tmp_path):
    """The archive in the fake, seen through `gcs_proxy`; two attempts, so that failures come fast."""
    return GcsSite(run.with_env(TAPSTER_MAX_ATTEMPTS="2"), None, gcs_bucket, tmp_path).on(gcs, gcs_proxy.endpoint)


@pytest.fixture(params=["plain", "gzip"])
def gcs_kept(request, gcs, gcs_bucket, content):
    """The key of a segment in the bucket, stored by somebody else (without our metadata)."""
    suffix = ".gz" if request.param == "gzip" else ""
    gcs.put(gcs_bucket, wal_key(suffix=suffix), gzip.compress(content) if suffix else content)
    return wal_key(suffix=suffix)


@pytest.fixture
def gcs_plain(gcs, gcs_bucket, content):
    """The same, plain."""
    gcs.put(gcs_bucket, KEY, content)


@pytest.fixture(scope="module")
def gcs_source(executables, gcs_settings):
    """A small running cluster with a tablespace, whose host's commands find the fake; its WAL goes nowhere at first."""
    host = BackupHost(executables, dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"), ""))
    key_file = host.file("key.json", pathlib.Path(gcs_settings["GCS_KEY_FILE"]).read_text())
    host.environment.update(Gcs(gcs_settings).environment(), GOOGLE_APPLICATION_CREDENTIALS=str(key_file),
                            TAPSTER_MAX_ATTEMPTS="2")
    try:
        cluster = host.cluster("source").create(1)
        cluster.configure(archive_command=f"{host.archiver} %p", archive_timeout=0, shared_buffers="16MB")
        cluster.start()
        (host.folder / "space").mkdir()
        host.own(host.folder / "space")
        cluster.sql(f"create tablespace space location '{host.folder}/space'")
        cluster.sql("create table inside tablespace space as select n, md5(n::text) from generate_series(1, 1000) n")
        yield types.SimpleNamespace(host=host, ours=host.ours, cluster=cluster)
    finally:
        host.close()
