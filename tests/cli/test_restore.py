"""barman-cloud-restore on directories: what is restored, and what is refused before the first byte."""
import os
import re
import stat
import subprocess
import tarfile

import pytest

from support.base_backups import SUFFIXES, archive, member, pgdata_members
from support.restoring import (ID, LINE, PGDATA, TABLE, archive_root, backup, failure, mode_of, restore, tree,
                               untouched)

AS_ROOT = os.geteuid() == 0


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
