"""barman-cloud-backup-delete on a directory: exit statuses, what it prints, what is left."""
import os
import re
import subprocess
import time

import pytest

from support.stored_backups import backup_info, backup_objects, three_backups, wal_key, wal_name
from support.site import error_line, expect, lines

WINDOW = "RECOVERY WINDOW OF 30 DAYS"
DAY = 24 * 60 * 60


class Archive:
    def __init__(self, root):
        self.root = root
        root.mkdir()

    def add(self, objects):
        for key, text in objects.items():
            path = self.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def keys(self):
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def age(self, seconds):
        for path in self.root.rglob("*"):
            os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


@pytest.fixture
def three(archive):
    ids, objects = three_backups()
    archive.add(objects)
    return ids


@pytest.fixture
def delete(run, archive):
    return lambda *options, **named: run("backup-delete", *options, f"file://{archive.root}", "main", **named)


def ids_in(keys):
    return sorted({key.split("/")[2] for key in keys if key.endswith("/backup.info")})


def logs_in(keys):
    return sorted({int(match[1], 16) for key in keys if (match := re.search(r"/wals/00000001([0-9A-F]{8})/", key))})


def test_one_backup_and_its_wal_go(delete, archive, three):
    done = expect(delete("-b", three[0]), 0)
    assert (done.stdout, done.stderr) == ("", "")
    assert ids_in(archive.keys()) == three[1:]
    assert logs_in(archive.keys()) == [2, 3]
    assert "main/wals/00000001.history" in archive.keys()
    assert not (archive.root / "main/base" / three[0]).exists()


def test_the_obsolete_ones_go(delete, archive, three):
    expect(delete("--retention-policy", WINDOW), 0)
    assert ids_in(archive.keys()) == three[1:]  # the second is the newest from before the window
    expect(delete("--retention-policy", "recovery window of 1 month"), 0)
    assert ids_in(archive.keys()) == three[1:]
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert ids_in(archive.keys()) == three[2:]
    assert logs_in(archive.keys()) == [3]


def test_nothing_obsolete_is_fine(delete, archive, three):
    before = archive.keys()
    for policy in (WINDOW.replace("30", "365"), "REDUNDANCY 3"):
        done = expect(delete("-r", policy), 0)
        assert (done.stdout, done.stderr) == ("", "")
    assert archive.keys() == before


def test_an_empty_archive_is_fine(delete):
    for options in (["-r", WINDOW], ["-b", "20260101T000000"], ["--orphans"]):
        assert expect(delete(*options), 0).stdout == ""


def test_a_missing_directory_is_an_error(run, tmp_path):
    error_line(expect(run("backup-delete", "-r", WINDOW, f"file://{tmp_path}/none", "main"), 4),
               "Barman cloud backup delete exception: ")


def test_a_dry_run_prints_and_deletes_nothing(delete, archive, three):
    before = archive.keys()
    done = expect(delete("-b", three[0], "--dry-run"), 0)
    assert done.stdout == (
        f"Skipping deletion of objects ['main/base/{three[0]}/data.tar', 'main/base/{three[0]}/backup.info'] "
        "due to --dry-run option\n"
        "Skipping deletion of all objects under prefix main/wals/0000000100000000/ due to --dry-run option\n"
        "Skipping deletion of all objects under prefix main/wals/0000000100000001/ due to --dry-run option\n")
    archive.add({wal_key(wal_name(1, 4, 0)): "wal", wal_key(wal_name(1, 4, 1)): "wal"})
    archive.add(backup_objects("20360101T000000", wal_name(1, 4, 1)))
    for backup_id in three[:2]:
        expect(delete("-b", backup_id), 0)
    assert expect(delete("-b", three[2], "--dry-run"), 0).stdout.splitlines()[1:] == [
        "Skipping deletion of all objects under prefix main/wals/0000000100000003/ due to --dry-run option",
        f"Skipping deletion of objects ['{wal_key(wal_name(1, 4, 0))}'] due to --dry-run option"]
    assert archive.keys() < before | archive.keys()


def test_a_dry_run_that_cannot_be_printed_is_a_failure(run, archive, three):
    with open("/dev/full", "w") as full:
        done = subprocess.run([run.path("backup-delete"), "-b", three[0], "--dry-run", f"file://{archive.root}", "main"],
                              env=run.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 4


def test_by_name_and_by_order(delete, archive, three):
    archive.add(backup_objects("20360101T000000", wal_name(1, 5, 0), name="nightly"))
    archive.add(backup_objects("20360102T000000", wal_name(1, 6, 0), status="FAILED"))
    expect(delete("-b", "nightly"), 0)
    assert "20360101T000000" not in ids_in(archive.keys())
    expect(delete("-b", "last-failed"), 0)
    expect(delete("-b", "first"), 0)
    assert ids_in(archive.keys()) == three[1:]
    error_line(expect(delete("-b", "nightly"), 4), "Unknown backup 'nightly' for server 'main'")


def test_an_unknown_id_is_a_warning(delete, three):
    done = expect(delete("-b", "20200101T000000"), 0)
    assert len(lines(done, "WARNING")) == 1 and "20200101T000000" in done.stderr


def test_a_kept_backup_stays(delete, archive, three):
    archive.add({f"main/base/{three[0]}/annotations/keep": "full"})
    before = archive.keys()
    for options in (["-b", three[0]], ["-b", three[0], "--dry-run"], ["-b", "oldest"]):
        error_line(expect(delete(*options), 1), three[0], "kept")
    assert archive.keys() == before
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert ids_in(archive.keys()) == [three[0], three[2]]
    assert logs_in(archive.keys()) == [0, 1, 2, 3]  # kept in full: with all WAL


def test_the_minimum_redundancy(delete, archive, three):
    error_line(expect(delete("-b", three[0], "-m", "3"), 1), three[0], "minimum redundancy")
    done = expect(delete("-r", "REDUNDANCY 1", "-m", "3"), 0)
    assert len(lines(done, "WARNING")) == 1
    done = expect(delete("-r", "RECOVERY WINDOW OF 0 DAYS", "-m", "3"), 0)
    assert len(lines(done, "WARNING")) == 2
    assert ids_in(archive.keys()) == three
    expect(delete("-b", three[0], "-m", "2"), 0)


@pytest.mark.parametrize("text", ["no equals sign", backup_info(wal_name(1, 1, 0), extra="novelty=1\n"), "version=x\n"])
def test_an_unreadable_backup_stops_everything(delete, archive, three, text):
    archive.add({"main/base/20360101T000000/backup.info": text})
    before = archive.keys()
    for options in (["-b", three[0]], ["-r", "REDUNDANCY 1"], ["-r", "REDUNDANCY 1", "--dry-run"]):
        done = error_line(expect(delete(*options), 1), "20360101T000000")
        assert "Nothing is deleted" in done
    assert archive.keys() == before


@pytest.mark.parametrize("policy", ["main", "RECOVERY WINDOW OF 5 YEARS", "REDUNDANCY", "REDUNDANCY -1", "x",
                                    "REDUNDANCY 99999999999999999999", "RECOVERY WINDOW OF 999999999 DAYS"])
def test_a_policy_that_is_none(delete, archive, three, policy):
    before = archive.keys()
    error_line(expect(delete("-r", policy), 3), policy)
    assert archive.keys() == before


def test_empty_texts_do_nothing(delete, archive, three):
    before = archive.keys()
    for option in ("-b", "-r"):
        expect(delete(option, ""), 0)
    assert archive.keys() == before


def test_failed_backups_go_by_id_only(delete, archive):
    archive.add(backup_objects("20260101T000000", None, status="FAILED"))
    expect(delete("-r", "REDUNDANCY 0"), 0)
    assert ids_in(archive.keys()) == ["20260101T000000"]
    assert expect(delete("-b", "20260101T000000"), 0).stderr.count("ERROR") == 0
    assert archive.keys() == set()


def test_object_lock_is_of_s3(delete, archive, three):
    done = expect(delete("-b", three[0], "--check-object-lock"), 0)
    assert len(lines(done, "WARNING")) == 1 and "--check-object-lock" in done.stderr
    assert ids_in(archive.keys()) == three[1:]


@pytest.mark.parametrize("size", ["-1", "0", "1", "3", "1000000"])
def test_any_batch_size(delete, archive, three, size):
    expect(delete("-r", "REDUNDANCY 1", "--batch-size", size), 0)
    assert ids_in(archive.keys()) == three[2:] and logs_in(archive.keys()) == [3]


def test_what_cannot_be_deleted_is_reported_and_can_be_repeated(delete, archive, three):
    stubborn = archive.root / "main/base" / three[0] / "annotations/x"
    stubborn.parent.mkdir()
    os.symlink("/nowhere", archive.root / "main/base" / three[0] / "annotations/link")
    done = delete("-b", three[0])
    assert done.returncode == 4 and "symbolic link" in done.stderr  # the listing refuses it: nothing is deleted
    os.unlink(archive.root / "main/base" / three[0] / "annotations/link")
    expect(delete("-b", three[0]), 0)
    assert ids_in(archive.keys()) == three[1:]


def test_leftovers_of_a_killed_deletion_go_the_next_time(delete, archive, three):
    (archive.root / "main/base" / three[0] / "data.tar").unlink()  # killed before backup.info
    done = expect(delete("-r", "REDUNDANCY 2"), 0)
    assert len(lines(done, "WARNING")) == 1
    assert ids_in(archive.keys()) == three[1:] and logs_in(archive.keys()) == [2, 3]
    archive.add({wal_key(wal_name(1, 1, 7)): "killed before its WAL went"})
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert logs_in(archive.keys()) == [3]


def test_orphans_are_listed_and_removed_when_they_are_old(delete, archive, three):
    archive.add({"main/base/20260101T000000/data.tar": "x", "main/base/20260101T000000/.tapster-upload-"
                 "0123456789abcdef-data_0001.tar": "x", "main/base/20360101T000000/data.tar": "young by its name"})
    before = archive.keys()
    assert expect(delete("--orphans"), 0).stdout == ""
    assert archive.keys() == before  # all was written just now
    archive.age(2 * DAY)
    done = expect(delete("--orphans", "--dry-run"), 0)
    assert done.stdout == (
        "Skipping deletion of orphaned objects ['main/base/20260101T000000/data.tar'] due to --dry-run option\n"
        "Skipping deletion of the unfinished upload '.tapster-upload-0123456789abcdef-data_0001.tar' of "
        "'main/base/20260101T000000/data_0001.tar' due to --dry-run option\n")
    assert archive.keys() == before
    expect(delete("--orphans", "-r", "REDUNDANCY 2"), 0)
    assert ids_in(archive.keys()) == three[1:]
    assert not (archive.root / "main/base/20260101T000000").exists()
    assert "main/base/20360101T000000/data.tar" in archive.keys()


def test_connection_test(run, archive, tmp_path, three):
    before = archive.keys()
    assert run("backup-delete", "-t", "-r", "REDUNDANCY 0", f"file://{archive.root}", "main").returncode == 0
    assert run("backup-delete", "-t", "-b", "x", f"file://{tmp_path}/none", "main").returncode == 1
    assert archive.keys() == before


USAGE = [
    ([], "one of the arguments -b/--backup-id -r/--retention-policy is required"),
    (["-b", "x", "-r", "y"], "argument -r/--retention-policy: not allowed with argument -b/--backup-id"),
    (["-r", "y", "--orphans", "-b", "x"], "argument -b/--backup-id: not allowed with argument -r/--retention-policy"),
    (["-b", "x", "-m", "-1"], "argument -m/--minimum-redundancy: '-1' is not a valid non negative integer"),
    (["-b", "x", "--batch-size", "many"], "argument --batch-size: invalid int value: 'many'"),
    (["-b"], "argument -b/--backup-id: expected one argument"),
]


@pytest.mark.parametrize("options, text", USAGE)
def test_usage_errors(run, options, text):
    done = run("backup-delete", "file:///archive", "main", *options)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith(f"\nbarman-cloud-backup-delete: error: {text}\n")
