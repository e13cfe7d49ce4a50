"""Backups of a live PostgreSQL, restored and recovered; PostgreSQL's own tools judge the result."""
import contextlib
import os
import shutil
import socket

import pytest

from support.backups import BackupHost, Place, Side, Source, facts, recover, sound, succeeds

CODECS = ["", "--gzip", "--bzip2", "--snappy", "--lz4", "--zstd"]


def rules(source, name):
    return [word for space in source.locations
            for word in ("--tablespace", f"{space}:{source.host.folder}/{name}_{space}")]


def comes_back(source, place, name, *options):
    """Backup, work, a restore point, a mistake; restored and recovered to the point. Returns the new cluster."""
    host = source.host
    backup_id = host.ours.taken(place, source.cluster, *options)
    source.change()
    expected = source.point(name)
    source.mistake()
    source.cluster.archive_everything()
    cluster = host.ours.restored(place, backup_id, name, *rules(source, name), with_manifest=True)
    recover(cluster, host.fetch(place), name)
    assert facts(cluster) == expected
    return cluster


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec[2:] or "plain")
def test_a_backup_comes_back_to_a_point_in_time(source, archive, codec):
    sound(comes_back(source, archive, "at_" + (codec[2:] or "plain"), *([codec] if codec else [])))


def test_from_a_directory_without_a_network(source):
    place = source.host.directory("store")
    source.host.archive_to(place, "--zstd")
    try:
        sound(comes_back(source, place, "from_a_directory", "--zstd"))
    finally:
        source.host.archive_nowhere()
        source.host.remove_clusters(source.cluster)
        shutil.rmtree(source.host.folder / "store")


def test_an_archive_that_is_split_and_uploaded_by_four(source, archive, s3, bucket):
    cluster = comes_back(source, archive, "split", "--max-archive-size", "1MB", "--jobs", "4", "--lz4")
    assert any("/data_0001.tar.lz4" in key for key in s3.keys(bucket))
    sound(cluster)


def test_what_does_not_belong_into_a_backup_is_not_in_it(source, archive):
    data = source.cluster.data
    (data / "pg_replslot/left").mkdir()
    source.host.file("source/pg_replslot/left/state", b"x")
    source.host.file("source/base/pgsql_tmp_of_somebody", b"x")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(data / "socket"))
        try:
            backup_id = source.host.ours.taken(archive, source.cluster)
        finally:
            (data / "socket").unlink()
    shutil.rmtree(data / "pg_replslot/left")
    (data / "base/pgsql_tmp_of_somebody").unlink()
    target = source.host.folder / "bare"
    succeeds(source.host.ours.restore(archive, backup_id, target, *rules(source, "bare")))
    found = {str(path.relative_to(target)) for path in target.rglob("*") if not path.is_dir()}
    wrong = [name for name in found if name.startswith(("pg_replslot/", "pg_wal/0", "pg_notify/", "pg_stat_tmp/"))
             or name.rpartition("/")[2] in ("postmaster.pid", "postmaster.opts", "pg_internal.init", "socket")
             or "pgsql_tmp" in name or name.rpartition("/")[2].startswith("t") and "_" in name]
    assert wrong == []
    unlogged = source.sql("select pg_relation_filepath('fleeting')")
    assert f"{unlogged}_init" in found and unlogged not in found
    assert {"backup_label", "backup_manifest", "global/pg_control", "rules.conf", "PG_VERSION"} <= found
    assert (target / "backup_label").stat().st_uid == (source.host.identity.get("user", os.getuid()))
    assert {path.name for path in target.iterdir()} >= {"pg_wal", "pg_replslot", "pg_notify", "pg_tblspc"}


def test_damaged_pages_are_reported(source, archive):
    source.sql("create table damaged as select generate_series(1, 20000) as n")
    source.sql("checkpoint")
    path = source.cluster.data / source.sql("select pg_relation_filepath('damaged')")
    with open(path, "r+b") as file:
        file.seek(3 * 8192 + 4000)
        before = file.read(8)
        file.seek(-8, os.SEEK_CUR)
        file.write(bytes(byte ^ 0xFF for byte in before))
    try:
        done = succeeds(source.host.ours.backup(archive, source.cluster))
        assert path.name in done.stderr and " WARNING: " in done.stderr
    finally:
        with open(path, "r+b") as file:
            file.seek(3 * 8192 + 4000)
            file.write(before)
        source.sql("drop table damaged")


def test_a_role_with_nothing_but_the_documented_grants(source, archive):
    source.sql("create role saver login")
    source.sql("grant pg_read_all_settings, pg_read_all_stats to saver")
    denied = source.host.ours.backup(archive, source.cluster, "--user", "saver")
    assert denied.returncode == 1 and " ERROR: " in denied.stderr
    for function in ("pg_backup_start(text, boolean)", "pg_backup_stop(boolean)", "pg_switch_wal()",
                     "pg_create_restore_point(text)"):
        source.sql(f"grant execute on function {function} to saver")
    newest = source.host.ours.taken(archive, source.cluster, "--user", "saver")
    assert newest in source.host.ours.ids(archive, "DONE")


def test_a_standby_is_backed_up(source, archive):
    """It lives on the archive, where the primary puts the WAL that the backup needs."""
    host = source.host
    first = host.ours.taken(archive, source.cluster)
    standby = host.ours.restored(archive, first, "standby", *rules(source, "standby"))
    standby.configure(restore_command=host.fetch(archive), archive_mode="off", wal_retrieve_retry_interval="100ms")
    standby.signal_file("standby.signal")
    source.cluster.archive_everything()
    standby.start()
    process = host.ours.start("backup", archive, "--port", standby.port, "--immediate-checkpoint")
    while process.poll() is None:  # the primary goes on, and archives the segment in which the backup ends
        source.change(20)
        source.sql("select pg_switch_wal()")
    out, err = process.communicate()
    assert process.returncode == 0, err + out
    expected = source.point("after_the_standby")
    source.mistake()
    source.cluster.archive_everything()
    newest = host.ours.ids(archive, "DONE")[-1]
    cluster = host.ours.restored(archive, newest, "of_the_standby", *rules(source, "of_the_standby"))
    assert not (cluster.data / "standby.signal").exists()
    assert facts(recover(cluster, host.fetch(archive), "after_the_standby")) == expected


@pytest.fixture
def inside(executables, rgw, bucket):
    """A cluster that has a tablespace in its own data directory, and pg_wal outside of it."""
    host = BackupHost(executables, rgw)
    place = Place(f"s3://{bucket}/pg", rgw["S3_ENDPOINT"])
    host.archive_to(place)
    try:
        yield Source(host, tablespace_inside=True), place
    finally:
        host.close()


@pytest.mark.parametrize("side", ["ours", "original"])
def test_a_tablespace_inside_the_data_directory(inside, side):
    source, place = inside
    host = source.host
    if side == "ours":
        return sound(comes_back(source, place, "inside_out"))
    # What the original took, ours restores, to the place inside the new data directory.
    backup_id = Side(host, "/usr/bin").taken(place, source.cluster)
    expected = source.point("there")
    source.mistake()
    source.cluster.archive_everything()
    cluster = host.ours.restored(place, backup_id, "moved", *rules(source, "moved"))
    assert facts(recover(cluster, host.fetch(place), "there")) == expected
    sound(cluster)
