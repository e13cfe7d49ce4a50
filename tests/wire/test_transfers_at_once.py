"""How many parts and ranges travel at once: more than at first where the store is far away, but never more than was asked
for. Each transfer takes a while in the store, which counts how many it has at a time. More are tried only where the
store is what is waited for: where it is decisive, the store is slower than the disk of a busy machine.
"""
import time

import pytest

from support.backups import BackupHost, Place, Source, succeeds
from support.base_backups import Backup, member, pgdata_members
from support.http_server import Request
from support.scripted_objects import StoredObject
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY, ScriptedS3
from support.site import expect

ID = "20261120T092518"


class DistantS3(ScriptedS3):
    """Every part that comes and every range that goes takes `seconds`."""

    seconds = 0.3

    def __init__(self):
        super().__init__()
        self.buckets["wals"] = {}
        self.at_once = self.most_at_once = 0

    def _dispatch(self, request):
        if "partNumber" not in request.query and request.header("range") is None:
            return super()._dispatch(request)
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            time.sleep(self.seconds)
            return super()._dispatch(request)
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture
def distant():
    with DistantS3() as store:
        yield store
    assert not store.problems, "\n".join(store.problems)


@pytest.mark.parametrize("options, seconds, least, most",
                         [([], 1.5, 9, 16), (["--jobs", "4"], 0.3, 4, 4), (["--jobs", "1"], 0.3, 1, 1)])
def test_ranges_of_a_restore(scripted_run, distant, tmp_path, options, seconds, least, most):
    distant.seconds = seconds
    backup = Backup(tmp_path / "made", "main", ID)
    backup.store_archive("data", *pgdata_members(member("base/5/16384", bytes(160 << 20))))
    for path in backup.folder.iterdir():
        distant.buckets["wals"][f"main/base/{ID}/{path.name}"] = StoredObject(path.read_bytes(), Request("PUT", "/", []))
        path.unlink()
    expect(scripted_run("restore", *options, "--endpoint-url", distant.endpoint, "s3://wals", "main", ID,
                        tmp_path / "data"), 0)
    assert (tmp_path / "data/base/5/16384").stat().st_size == 160 << 20
    assert least <= distant.most_at_once <= most


@pytest.fixture(scope="module")
def source(executables):
    host = BackupHost(executables, {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                                    "AWS_DEFAULT_REGION": ""})
    try:
        yield Source(host, scale=8)
    finally:
        host.close()


@pytest.mark.parametrize("options, seconds, least, most",
                         [([], 1.5, 4, 5), (["--jobs", "2"], 0.3, 2, 2), (["-J", "1"], 0.3, 1, 1)])
def test_parts_of_a_backup(source, distant, options, seconds, least, most):
    distant.seconds = seconds
    host = source.host
    place = Place("s3://wals", distant.endpoint)
    host.archive_to(place)
    try:
        # Parts are as small as the largest archive allows: 5 MiB.
        succeeds(host.ours.backup(place, source.cluster, "--max-archive-size", "1GB", *options))
    finally:
        host.archive_nowhere()
    assert len(distant.seen("PUT", r"/data\.tar\?.*partNumber=")) >= 16
    assert least <= distant.most_at_once <= most
