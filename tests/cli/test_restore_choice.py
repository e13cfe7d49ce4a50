"""Which backup barman-cloud-restore takes."""
import pytest

from support.base_backups import pgdata_members
from support.restoring import (ID, archive_root, backup, failure, restore, untouched)


@pytest.fixture
def three(backup):
    """Two finished ones on timelines 1 and 2, and a failed one."""
    for number, fields in enumerate((
            {"timeline": 1, "end_time": "2026-11-01 10:00:00+00:00", "end_xlog": "0/3000100", "backup_name": "one"},
            {"timeline": 2, "end_time": "2026-11-02 10:00:00.5+00:00", "end_xlog": "1/0", "backup_name": "two"},
            {"timeline": 2, "end_time": "None", "end_xlog": "None", "status": "FAILED", "backup_name": "failed"})):
        backup(f"2026110{number + 1}T100000", **fields).store_archive(
            "data", *pgdata_members(control=str(number + 1).encode()))


@pytest.mark.parametrize("name, options, chosen", [
    ("last", [], 2), ("latest", [], 2), ("first", [], 1), ("oldest", [], 1), ("one", [], 1), ("auto", [], 2),
    ("auto", ["--target-tli", "1"], 1), ("auto", ["--target-tli", "2"], 2), ("auto", ["--target-tli", "latest"], 2),
    ("auto", ["--target-time", "2026-11-02 10:00:00.5+00"], 2), ("auto", ["--target-time", "2026-11-02T10:00:00Z"], 1),
    ("auto", ["--target-time", "2026-11-02 12:00:00.4+02:00"], 1), ("auto", ["--target-lsn", "1/0"], 2),
    ("auto", ["--target-lsn", "0/FFFFFFFF"], 1), ("auto", ["--target-lsn", "2/0", "--target-tli", "1"], 1),
    ("20261101T100000", ["--target-tli", "7", "--target-lsn", "0/1"], 1), ("two", ["--target-tli", "current"], 2),
])
def test_the_backup_that_is_chosen(three, restore, archive_root, tmp_path, name, options, chosen):
    (archive_root / "main/wals/0000000200000000").mkdir(parents=True)
    (archive_root / "main/wals/0000000200000000/000000020000000000000001").write_text("x")
    (archive_root / "main/wals/0000000300000000").mkdir()  # has nothing
    done = restore(*options, backup_id=name)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "data/global/pg_control").read_text() == str(chosen)


@pytest.mark.parametrize("options", [["--target-tli", "3"], ["--target-lsn", "0/1"], ["--target-tli", "latest"],
                                     ["--target-time", "2026-11-01 09:59:59.999999Z"]])
def test_no_candidate(three, restore, archive_root, tmp_path, options):
    (archive_root / "main/wals").mkdir()
    (archive_root / "main/wals/00000003.history").write_text("x")
    assert failure(restore(*options, backup_id="auto"), 1) == "Cannot find any candidate backup for recovery."
    untouched(tmp_path)


@pytest.mark.parametrize("name", ["last", "first"])
def test_only_failed_backups(backup, restore, name):
    backup(status="FAILED")
    assert failure(restore(backup_id=name), 1) == "Cannot find any candidate backup for recovery."


def test_unknown_names(three, restore):
    assert "Unknown backup 'nobody' for server 'main'" in failure(restore(backup_id="nobody"), 4)
    assert "has the status FAILED" in failure(restore(backup_id="last-failed"), 1)


@pytest.mark.parametrize("identifier", [ID, "auto"])
@pytest.mark.parametrize("options, status", [
    (["--target-tli", "foo"], 3), (["--target-tli", "0"], 3), (["--target-lsn", "foo"], 4), (["--target-lsn", ""], 4),
    (["--target-time", "yesterday"], 4), (["--target-time", "10:00"], 4), (["--target-time", ""], 4),
    (["--target-time", "2026-01-01", "--target-lsn", "0/1"], 3)])
def test_targets_are_always_checked(three, restore, tmp_path, identifier, options, status):
    assert restore(*options, backup_id=identifier).returncode == status
    untouched(tmp_path)


def test_timelines_that_choose_nothing(three, restore):
    assert "current" in failure(restore("--target-tli", "current", backup_id="auto"), 4)
    assert "no WAL" in failure(restore("--target-tli", "latest", backup_id="auto"), 4)
