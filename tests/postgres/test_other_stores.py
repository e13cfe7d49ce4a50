"""All nine commands with a live PostgreSQL on Azure Blob Storage and on Google Cloud Storage."""
import contextlib
import json
import re
import signal
import uuid

import pytest

from support.azure import Azure
from support.backups import BackupHost, Place, Source, facts, recover, sound, succeeds
from support.gcs import Gcs
from support.other_stores import AzureArchive, GcsArchive, with_files
from support.postgres import until

STORES = ["azure-http", "azure-https", "gcs"]


@pytest.fixture(params=STORES)
def store(request):
    """Nothing is in it, and on Azure it does not exist yet."""
    name = f"tests-{uuid.uuid4().hex[:12]}"
    if request.param == "gcs":
        gcs = Gcs(request.getfixturevalue("gcs_settings"))
        found = GcsArchive(gcs, name, gcs.https_environment())
    else:
        settings = request.getfixturevalue("azurite")
        azure = Azure.over_http(settings) if request.param == "azure-http" else Azure.over_https(settings)
        found = AzureArchive(azure, name, azure.environment("key" if azure.context is None else "account-sas"))
    yield found
    found.remove()


@pytest.fixture
def scene(executables, store):
    """A running cluster with the store's credentials in its environment, and where it will archive to."""
    host = BackupHost(executables)
    host.environment.update(with_files(store.environment, lambda name, content: host.file(name, content, 0o600)))
    try:
        yield Source(host), Place(store.root + "some/folder", provider=store.options)
    finally:
        host.close()


@contextlib.contextmanager
def load(cluster):
    """pgbench goes on, and WAL is archived all the time."""
    process = cluster.host.spawn(cluster.host.programs / "pgbench", "-n", "-p", cluster.port, "-c", "2", "-R", "150",
                                 "-T", "300")
    try:
        yield
        assert process.poll() is None, f"pgbench ended: {process.communicate()}"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def archived(store):
    """Names of the segments in the archive, in order."""
    names = [key.rpartition("/")[2] for key in store.keys("some/folder/main/wals/")]
    return [name[:24] for name in names if re.fullmatch("[0-9A-F]{24}.gz", name)]


def test_the_nine_commands_under_load_and_a_point_in_time(scene, store):
    source, place = scene
    host, cluster, ours = source.host, source.cluster, source.host.ours
    succeeds(ours("check-wal-archive", place))
    assert store.exists() and store.keys() == [] and ours.backups(place) == []

    host.archive_to(place, "--gzip", "--tag", "kind,wal")
    with load(cluster):
        old = ours.taken(place, cluster)
        new = ours.taken(place, cluster, "--gzip", "--jobs", "4", "--min-chunk-size", "5MB", "--name", "the new one",
                         "--tag", "kind,base")
        plain = ours.taken(place, cluster, "--min-chunk-size", "5MB", "--tag", "kind,base")
        until(lambda: len(archived(store)) >= 12, "a dozen segments in the archive")
    shown = json.loads(succeeds(ours("backup-show", place, "--format", "json", after=["the new one"])).stdout)["cloud"]
    assert (shown["backup_id"], shown["status"]) == (new, "DONE")
    assert ours.ids(place, "DONE") == [old, new, plain]
    data = f"some/folder/main/base/{plain}/data.tar"
    assert store.parts(data) > 1 and store.tags(data) == {"kind": "base"}
    assert store.tags(store.keys("some/folder/main/wals/")[0]) == {"kind": "wal"}
    assert ours("check-wal-archive", place).returncode == 1  # there is WAL

    expected = source.point("the_point")
    source.mistake()
    cluster.archive_everything()
    assert cluster.sql("select failed_count from pg_stat_archiver") == "0"
    segments = archived(store)
    numbers = [int(name[16:], 16) for name in segments]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "there is a gap"

    retention = ("backup-delete", place, "--retention-policy", "REDUNDANCY 2")
    succeeds(ours("backup-keep", place, "--target", "full", after=[old]))
    assert succeeds(ours("backup-keep", place, "--status", after=[old])).stdout.strip() == "Keep: full"
    succeeds(ours(*retention))
    assert ours.ids(place) == [old, new, plain]
    succeeds(ours("backup-keep", place, "--release", after=[old]))
    succeeds(ours(*retention))
    assert ours.ids(place) == [new, plain] and store.keys(f"some/folder/main/base/{old}/") == []
    assert archived(store) == [name for name in segments if name >= shown["begin_wal"]] != segments

    rules = [word for space in source.locations
             for word in ("--tablespace", f"{space}:{host.folder}/back_{space}")]
    back = ours.restored(place, new, "back", *rules, with_manifest=True)
    recover(back, host.fetch(place), "the_point")
    assert facts(back) == expected != facts(cluster)
    sound(back)
    assert store.unfinished() == []
