"""barman-cloud-restore on directories: what is restored, what is refused before the first byte, and what a failure leaves."""
import json
import os
import re
import signal
import stat
import subprocess
import tarfile

import pytest

from support.base_backups import COMPRESS, SUFFIXES, Backup, archive, member, pgdata_members

ID = "20261120T092518"
LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+\] "
MARKER = ".tapster-restore"
TABLE = bytes(range(256)) * 4096
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def archive_root(tmp_path):
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def backup(archive_root):
    def make(identifier=ID, **fields):
        return Backup(archive_root, "main", identifier, **fields)
    return make


@pytest.fixture
def restore(run, archive_root, tmp_path):
    def call(*options, backup_id=ID, target=None, command=run, **more):
        return command("restore", *options, f"file://{archive_root}", "main", backup_id, target or tmp_path / "data",
                       **more)
    return call


def tree(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def failure(done, status):
    """The text of the only ERROR line."""
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    lines = re.findall(rf"^{LINE}ERROR: (?:Barman cloud restore exception: )?(.*)$", done.stderr, re.MULTILINE)
    assert len(lines) == 1, done.stderr
    return lines[0]


PGDATA = ["PG_VERSION", "backup_label", "base", "base/5", "base/5/1259", "empty", "global", "global/pg_control",
          "pg_tblspc", "pg_wal", "pg_wal/archive_status"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form_of_an_archive_is_restored(backup, restore, tmp_path, suffix):
    backup().store_archive("data", *pgdata_members(), suffix=suffix)
    done = restore()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    data = tmp_path / "data"
    assert tree(data) == PGDATA
    assert (data / "base/5/1259").read_bytes() == TABLE
    assert (data / "global/pg_control").read_bytes() == b"control"
    assert mode_of(data) == 0o700 and mode_of(data / "PG_VERSION") == 0o600
    for path in (data, data / "PG_VERSION", data / "base", data / "base/5", data / "global", data / "pg_tblspc"):
        assert path.stat().st_mtime_ns == 1577934245_500000000, path


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_dialect_of_tar_is_restored(backup, restore, tmp_path, tar_format):
    name = "/".join(["d" * 80, "e" * 80] if tar_format == tarfile.USTAR_FORMAT else ["d" * 200, "ä" * 100])
    content = archive(*pgdata_members(member(name, b"long", mtime=1577934245)), tar_format=tar_format)
    backup().store("data.tar", content)
    assert restore().returncode == 0
    assert (tmp_path / "data" / name).read_bytes() == b"long"


def test_members_keep_what_they_are(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(
        member("tool", b"#!/bin/sh\n", mode=0o4755), member("twin", b"", kind=tarfile.LNKTYPE, linkname="tool"),
        member("link", b"", kind=tarfile.SYMTYPE, linkname="/nowhere/at all"),
        member("pipe", b"", kind=tarfile.FIFOTYPE, mode=0o640), member("old", b"", mtime=-1.5)))
    assert restore().returncode == 0
    data = tmp_path / "data"
    assert mode_of(data / "tool") == 0o4755
    assert (data / "tool").stat().st_ino == (data / "twin").stat().st_ino
    assert os.readlink(data / "link") == "/nowhere/at all"
    assert stat.S_ISFIFO((data / "pipe").lstat().st_mode) and mode_of(data / "pipe") == 0o640
    assert (data / "old").stat().st_mtime_ns == -1_500000000


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_owners_are_restored_by_name_then_by_number(backup, restore, tmp_path):
    backup().store_archive("data", member("./", uid=4321, gid=4322), *pgdata_members(
        member("by_name", b"x", uid=1234, gid=1234, uname="daemon", gname="daemon"),
        member("by_number", b"x", uid=1234, gid=1235, uname="no such user", gname=""))[1:], suffix=".gz")
    assert restore().returncode == 0
    data = tmp_path / "data"

    def owner(name):
        status = (data / name).stat()
        return status.st_uid, status.st_gid
    assert owner("by_name") == (1, 1)
    assert owner("by_number") == (1234, 1235)
    # The original's archives say that the label is root's.
    assert owner("backup_label") == (4321, 4322) and mode_of(data / "backup_label") == 0o600


def test_additional_archives_are_restored_in_their_order(backup, restore, tmp_path):
    stored = backup()
    stored.store_archive("data", *pgdata_members(member("./postgresql.conf", b"in PGDATA"))[:-2], suffix=".gz")
    stored.store_archive("data_0001", member("base/5/1", b"one"), member("postgresql.conf", b"external"))
    stored.store_archive("data_0002", member("global/pg_control", b"control"), member("backup_label", b"label"),
                         suffix=".bz2")
    assert restore().returncode == 0
    data = tmp_path / "data"
    assert tree(data) == sorted(PGDATA + ["base/5/1", "postgresql.conf"])
    assert (data / "postgresql.conf").read_bytes() == b"external"
    assert (data / "global/pg_control").read_bytes() == b"control"


def test_tablespaces_go_where_they_were_or_where_they_are_sent(backup, restore, tmp_path):
    spaces = [("here", 16385, f"{tmp_path}/spaces/here"), ("moved", 16386, f"{tmp_path}/spaces/moved")]
    stored = backup(tablespaces=spaces).store_archive("data", *pgdata_members(), suffix=".gz")
    stored.store_archive("16385", member("PG_15_202209061"), member("PG_15_202209061/1", b"a"), suffix=".snappy")
    stored.store_archive("16386", member("PG_15_202209061"), member("PG_15_202209061/2", b"b"))
    stored.store_archive("16386_0001", member("PG_15_202209061/3", b"c"))
    done = restore("--tablespace", f"moved:{tmp_path}/wrong", f"--tablespace=moved:{tmp_path}/else:where",
                   "--tablespace", "unknown:/x")
    assert done.returncode == 0
    assert re.fullmatch(rf"{LINE}WARNING: the backup has no tablespace unknown: .*\n", done.stderr)
    links = tmp_path / "data/pg_tblspc"
    assert os.readlink(links / "16385") == f"{tmp_path}/spaces/here"
    assert os.readlink(links / "16386") == f"{tmp_path}/else:where"
    assert (links / "16385/PG_15_202209061/1").read_bytes() == b"a"
    assert sorted(os.listdir(links / "16386/PG_15_202209061")) == ["2", "3"]
    assert mode_of(tmp_path / "spaces/here") == mode_of(tmp_path / "else:where") == 0o700
    assert not (tmp_path / "spaces/moved").exists() and not (tmp_path / "wrong").exists()


def test_a_tablespace_inside_of_pgdata_is_restored_there(backup, restore, tmp_path):
    data = tmp_path / "data"
    backup(tablespaces=[("inner", 16385, f"{data}/ts")], pgdata=data).store_archive(
        "data", *pgdata_members(member("ts"), member("ts/PG_15_202209061/1", b"the original has it twice"))
    ).store_archive("16385", member("PG_15_202209061"), member("PG_15_202209061/1", b"a"))
    assert restore().returncode == 0
    assert (data / "pg_tblspc/16385/PG_15_202209061/1").read_bytes() == b"a"


def test_the_wal_directory_of_old_versions(backup, restore, tmp_path):
    members = [entry for entry in pgdata_members() if entry[0].name != "pg_wal"]
    backup(version=90624).store_archive("data", *members)
    assert restore().returncode == 0
    assert (tmp_path / "data/pg_xlog/archive_status").is_dir() and not (tmp_path / "data/pg_wal").exists()
    assert mode_of(tmp_path / "data/pg_xlog") == 0o700


def test_a_link_in_the_place_of_pg_wal_is_left_alone(backup, restore, tmp_path):
    members = [entry for entry in pgdata_members() if entry[0].name != "pg_wal"]
    backup().store_archive("data", *members, member("pg_wal", b"", kind=tarfile.SYMTYPE, linkname=f"{tmp_path}/wal"))
    (tmp_path / "wal").mkdir()
    assert restore().returncode == 0
    assert os.readlink(tmp_path / "data/pg_wal") == f"{tmp_path}/wal"
    assert os.listdir(tmp_path / "wal") == []


def test_the_manifest_is_restored_when_there_is_one(backup, restore, tmp_path):
    manifest = b'{ "PostgreSQL-Backup-Manifest-Version": 1 }'
    backup().store_archive("data", *pgdata_members(member("./backup_manifest", b"of another backup"))).store(
        "backup_manifest", manifest)
    assert restore().returncode == 0
    assert (tmp_path / "data/backup_manifest").read_bytes() == manifest
    assert mode_of(tmp_path / "data/backup_manifest") == 0o600


def test_relative_and_empty_and_deep_destinations(backup, restore, run, tmp_path):
    backup().store_archive("data", *pgdata_members(), suffix=".gz")
    (tmp_path / "there").mkdir(mode=0o755)
    for target in ("a/b/c", "there", "slash/"):
        assert restore(target=target, cwd=tmp_path).returncode == 0
        assert tree(tmp_path / target) == PGDATA


def test_no_sync_and_jobs(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(), suffix=".gz")
    done = restore("-v", "--no-sync", "--jobs", "1")
    assert done.returncode == 0 and "on disk" not in done.stderr
    done = restore("-v", "--jobs=17", target=tmp_path / "second")
    assert done.returncode == 0 and re.search(r"INFO: they are on disk after another \d+\.\d s\n", done.stderr)
    assert restore("--jobs", "0").returncode == 3


# What is refused before the first byte.

def untouched(tmp_path):
    assert not (tmp_path / "data").exists()


def test_a_backup_that_is_not_there(restore, tmp_path):
    assert failure(restore(), 1).startswith(f"Backup {ID} for server main does not exist")
    untouched(tmp_path)


@pytest.mark.parametrize("status", ["FAILED", "EMPTY", "STARTED", "SYNCING"])
def test_a_backup_that_is_not_complete(backup, restore, tmp_path, status):
    backup(status=status, backup_name="mine").store_archive("data", *pgdata_members())
    for name in (ID, "mine"):
        assert f"has the status {status}" in failure(restore(backup_id=name), 1)
    untouched(tmp_path)


def test_a_backup_of_snapshots(backup, restore, tmp_path):
    backup(snapshots_info="{'provider': 'aws', 'provider_info': {}, 'snapshots': []}")
    assert "not supported yet" in failure(restore("--snapshot-recovery-instance", "i-1"), 4)
    untouched(tmp_path)


def test_an_archive_that_is_missing(backup, restore, tmp_path):
    stored = backup(tablespaces=[("ts", 16385, f"{tmp_path}/ts")]).store_archive("data_0001", *pgdata_members())
    assert "data.tar is missing" in failure(restore(), 1)
    stored.store_archive("data", *pgdata_members())
    stored.store_archive("163850", member("x", b"x"))
    assert "16385.tar is missing" in failure(restore(), 1)
    untouched(tmp_path)
    assert not (tmp_path / "ts").exists()


@pytest.mark.parametrize("rule", ["ts", "ts:", ":/x", ""])
def test_tablespace_rules(backup, restore, tmp_path, rule):
    backup().store_archive("data", *pgdata_members())
    assert "NAME:LOCATION" in failure(restore("--tablespace", rule), 3)
    untouched(tmp_path)


def test_an_occupied_destination(backup, restore, tmp_path):
    backup(tablespaces=[("ts", 16385, f"{tmp_path}/ts")]).store_archive("data", *pgdata_members()).store_archive(
        "16385", member("PG_15_202209061"))
    (tmp_path / "ts").mkdir()
    (tmp_path / "ts/something").write_text("precious")
    assert f"{tmp_path}/ts is not empty" in failure(restore(), 1)
    untouched(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/.hidden").write_text("precious")
    assert f"{tmp_path}/data is not empty" in failure(restore(f"--tablespace=ts:{tmp_path}/other"), 1)
    assert tree(tmp_path / "data") == [".hidden"] and not (tmp_path / "other").exists()


def test_a_destination_that_is_no_directory(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members())
    (tmp_path / "data").write_text("precious")
    assert "is not a directory" in failure(restore(), 4)
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to("nowhere")
    assert "cannot look at" in failure(restore(), 4)


@pytest.mark.parametrize("one, other", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("data", "x"), ("data/ts", "x"),
                                        (".", "x"), ("link/b", "a/b")])
def test_directories_in_each_others_way(backup, restore, tmp_path, one, other):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    stored = backup(tablespaces=[("one", 1, "/1"), ("other", 2, "/2")]).store_archive("data", *pgdata_members())
    stored.store_archive("1", member("PG_15_1")).store_archive("2", member("PG_15_1"))
    done = restore(f"--tablespace=one:{tmp_path}/{one}", f"--tablespace=other:{tmp_path}/{other}")
    assert "--tablespace" in failure(done, 1)
    untouched(tmp_path)


@pytest.mark.skipif(not AS_ROOT, reason="mounts a file system")
def test_a_file_system_that_is_too_small_for_what_is_stored(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members())
    (tmp_path / "small").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", tmp_path / "small"], check=True)
    try:
        text = failure(restore(target=tmp_path / "small/data"), 1)
        assert "bytes free" in text and not (tmp_path / "small/data").exists()
    finally:
        subprocess.run(["umount", tmp_path / "small"], check=True)


# Which backup is taken.

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


# Archives that are not what they should be.

@pytest.mark.parametrize("entry", [
    member("../outside", b"x"), member("a/../../outside", b"x"), member("/tmp/outside", b"x"),
    member("dev", b"", kind=tarfile.CHRTYPE), member("dev", b"", kind=tarfile.BLKTYPE),
    member("hard", b"", kind=tarfile.LNKTYPE, linkname="../outside"),
    member("hard", b"", kind=tarfile.LNKTYPE, linkname="/etc/passwd")], ids=lambda entry: entry[0].name)
def test_members_that_leave_the_directory_or_are_devices(backup, restore, tmp_path, entry):
    (tmp_path / "outside").write_text("precious")
    backup().store_archive("data", *pgdata_members(entry), suffix=".gz")
    text = failure(restore(), 4)
    assert f"file://{tmp_path}/archive/main/base/{ID}/data.tar.gz: " in text and "refused" in text
    assert (tmp_path / "outside").read_text() == "precious"


@pytest.mark.parametrize("target", ["directory", "file"])
def test_nothing_is_written_through_a_planted_link(backup, restore, tmp_path, target):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("precious")
    link, inside = (("../outside", "link/file") if target == "directory" else ("../outside/file", "link"))
    backup().store_archive("data", *pgdata_members(
        member("link", b"", kind=tarfile.SYMTYPE, linkname=link), member(inside, b"overwritten", mode=0o777)))
    done = restore()
    assert tree(tmp_path / "outside") == ["file"]
    assert (tmp_path / "outside/file").read_text() == "precious"
    if target == "directory":
        assert "nothing is written through it" in failure(done, 4)
    else:  # the later member takes the name
        assert done.returncode == 0 and (tmp_path / "data/link").read_bytes() == b"overwritten"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_archives(backup, restore, tmp_path, suffix):
    whole = COMPRESS[suffix](archive(*pgdata_members()))
    stored = backup().store(f"data.tar{suffix}", whole[:len(whole) // 2])
    text = failure(restore(), 4)
    assert f"{ID}/data.tar{suffix}: the " in text and ("truncated" in text or "cut off" in text)
    assert not (tmp_path / "data/global/pg_control").exists()
    stored.store(f"data.tar{suffix}", whole)
    assert restore().returncode == 0
    assert tree(tmp_path / "data") == PGDATA


def test_damaged_archives(backup, restore, tmp_path):
    content = bytearray(COMPRESS[".gz"](archive(*pgdata_members())))
    content[-6] ^= 1  # the checksum
    backup().store("data.tar.gz", bytes(content))
    assert "the gzip data is damaged" in failure(restore(), 4)
    assert not (tmp_path / "data/global/pg_control").exists()


# What a failure leaves, and how it goes on.

@pytest.fixture
def half_way(backup, restore, tmp_path):
    """A backup whose tablespace cannot be read, after the first attempt to restore it."""
    stored = backup(tablespaces=[("ts", 16385, f"{tmp_path}/ts")])
    stored.store_archive("data", *pgdata_members(), suffix=".gz").store("16385.tar", b"x" * 512)
    done = restore(f"--tablespace=ts:{tmp_path}/moved")
    assert "the tar archive is damaged" in failure(done, 4)
    assert f"remove everything in {tmp_path}/data, {tmp_path}/moved\n" in done.stderr
    assert not (tmp_path / "data/global/pg_control").exists()
    return stored


def test_the_same_command_goes_on(half_way, restore, tmp_path):
    half_way.store_archive("16385", member("PG_15_202209061"), member("PG_15_202209061/1", b"a"))
    assert restore(f"--tablespace=ts:{tmp_path}/moved").returncode == 0
    assert tree(tmp_path / "data") == sorted(PGDATA + ["pg_tblspc/16385"])
    assert tree(tmp_path / "moved") == ["PG_15_202209061", "PG_15_202209061/1"]


def test_archives_that_are_done_are_not_read_again(backup, restore, tmp_path):
    stored = backup().store_archive("data", *pgdata_members(), suffix=".gz").store("data_0001.tar", b"x" * 512)
    assert restore().returncode == 4
    assert json.loads((tmp_path / "data" / MARKER).read_text())["done"] == ["data.tar.gz"]
    stored.store("data.tar.gz", b"would be damaged")
    stored.store_archive("data_0001", member("base/5/1", b"one"))
    done = restore("-v")
    assert done.returncode == 0 and "data.tar.gz was extracted by an earlier attempt" in done.stderr
    assert tree(tmp_path / "data") == sorted(PGDATA + ["base/5/1"])


def test_nothing_done_before_a_start_of_the_machine_counts(backup, restore, tmp_path):
    stored = backup().store_archive("data", *pgdata_members()).store("data_0001.tar", b"x" * 512)
    assert restore().returncode == 4
    marker = tmp_path / "data" / MARKER
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "boot_id": "another"}))
    (tmp_path / "data/base/5/1259").write_text("lost its content")
    stored.store_archive("data_0001", member("base/5/1", b"one"))
    assert restore().returncode == 0
    assert (tmp_path / "data/base/5/1259").read_bytes() == TABLE


def test_another_restore_does_not_go_on(half_way, backup, restore, tmp_path):
    before = tree(tmp_path / "data")
    backup("20261121T000000").store_archive("data", *pgdata_members())
    for done in (restore(backup_id="20261121T000000"), restore(f"--tablespace=ts:{tmp_path}/another")):
        text = failure(done, 1)
        assert f"unfinished restore of file://{tmp_path}/archive/main/base/{ID}/" in text
        assert f"remove everything in {tmp_path}/data, {tmp_path}/moved to start over" in text
    assert tree(tmp_path / "data") == before and not (tmp_path / "another").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"source": 1}'])
def test_a_marker_that_cannot_be_read(half_way, restore, tmp_path, text):
    (tmp_path / "data" / MARKER).write_text(text)
    assert "cannot be read: to start over" in failure(restore(f"--tablespace=ts:{tmp_path}/moved"), 1)


def test_a_marker_inside_of_the_backup_is_left_out(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(member(f"./{MARKER}", b"{}")))
    done = restore()
    assert done.returncode == 0 and "it is left out" in done.stderr
    assert tree(tmp_path / "data") == PGDATA


@pytest.mark.skipif(not AS_ROOT, reason="mounts a file system")
def test_a_full_disk(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(member("zeros", bytes(8 << 20))), suffix=".gz")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        text = failure(restore(target=small / "data"), 4)
        assert f"{small}/data/zeros: No space left on device" in text
        assert (small / "data" / MARKER).exists() and not (small / "data/global/pg_control").exists()
        subprocess.run(["mount", "-o", "remount,size=32m", small], check=True)
        assert restore(target=small / "data").returncode == 0
        assert tree(small / "data") == sorted(PGDATA + ["zeros"])
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_soon_and_the_same_command_goes_on(backup, restore, run, archive_root, tmp_path, number):
    content = archive(*pgdata_members(member("base/5/large", os.urandom(1 << 20) * 64)))
    backup().store("data.tar", content)
    command = [run.path("restore"), f"file://{archive_root}", "main", ID, tmp_path / "data"]
    process = subprocess.Popen(command, env=run.environment, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "data" / MARKER).exists() and process.poll() is None:
        pass
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    if process.returncode != 0:  # it may have been faster than the signal
        assert process.returncode == 1 and re.search(rf"{LINE}ERROR: .*interrupted\n", stderr)
        assert (tmp_path / "data" / MARKER).exists() and not (tmp_path / "data/global/pg_control").exists()
        assert restore().returncode == 0
    assert tree(tmp_path / "data") == sorted(PGDATA + ["base/5/large"])


def test_connections_that_are_refused_end_with_2(run, tmp_path):
    command = run.with_env(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1",
                           AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")
    done = command("restore", "--endpoint-url", "http://127.0.0.1:1", "s3://b", "main", ID, tmp_path / "data")
    assert done.returncode == 2
    untouched(tmp_path)


def test_connection_test(run, archive_root, tmp_path):
    assert run("restore", "-t", f"file://{archive_root}", "main", ID, tmp_path / "data").returncode == 0
    assert run("restore", "-t", f"file://{tmp_path}/missing", "main", ID, tmp_path / "data").returncode == 1
    untouched(tmp_path)
