"""What CloudNativePG asks of the base-backup commands, line by line, in a room as bare as its containers."""
import json
import os
import re

import pytest

from support import bare_postgres, faults
from support.bare_postgres import primary, recovered, sql
from support.bare_room import UID, BareRoom
from support.postgres import until
from support.proxy import closed_port
from support.site import expect

NAME = "backup-20260101000000"
COMMAND = "barman-cloud-backup"


@pytest.fixture
def room(run, rgw, tmp_path):
    return BareRoom(tmp_path / "volume", os.path.dirname(run.path("x")), {
        "AWS_ACCESS_KEY_ID": rgw["AWS_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": rgw["AWS_SECRET_ACCESS_KEY"],
        "AWS_MAX_ATTEMPTS": "2", "AWS_EC2_METADATA_DISABLED": "true", **bare_postgres.ENVIRONMENT})


@pytest.fixture
def s3_options(rgw):
    return ["--endpoint-url", rgw["S3_ENDPOINT"], "--cloud-provider", "aws-s3"]


@pytest.fixture
def where(bucket):
    return [f"s3://{bucket}/", "source"]


@pytest.fixture
def postgres(room, s3_options, where):
    """A primary in the room, which archives with the line that the operator writes."""
    with primary(room, ["barman-cloud-wal-archive", "--gzip", *s3_options, *where, "%p"]):
        yield


@pytest.fixture
def taken(room, postgres, proxy, s3_options, where):
    """The operator's backup line, done; its id. `proxy` has seen it."""
    expect(room.run(COMMAND, "--user", "postgres", "--name", NAME, "--gzip", "--immediate-checkpoint", "--jobs", "4",
                    "--min-chunk-size=5MB", "--read-timeout=59", "--tags", "retention,30days", "--endpoint-url",
                    proxy.endpoint, "--cloud-provider", "aws-s3", *where), 0)
    shown = json.loads(expect(room.run("barman-cloud-backup-show", "--format", "json", *s3_options, *where, NAME),
                              0).stdout)
    return shown["cloud"]["backup_id"]


def test_9_backup_and_show(room, proxy, s3, s3_options, bucket, where, taken):
    shown = json.loads(room.run("barman-cloud-backup-show", "--format", "json", *s3_options, *where, NAME).stdout)
    assert list(shown) == ["cloud"]
    backup = shown["cloud"]
    texts = ["backup_name", "backup_label", "begin_time", "end_time", "begin_time_iso", "end_time_iso", "begin_wal",
             "end_wal", "begin_xlog", "end_xlog", "systemid", "backup_id"]
    assert [name for name in texts if not isinstance(backup[name], str)] == []
    assert (backup["backup_name"], backup["timeline"], backup["error"]) == (NAME, 1, None)
    iso = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"
    assert re.fullmatch(iso, backup["begin_time_iso"]) and re.fullmatch(iso, backup["end_time_iso"])
    # The gateway forgets the tags of multipart uploads, other than AWS.
    creations = proxy.seen("POST", rf"{taken}/data\.tar\.gz\?uploads")
    assert {request.header("x-amz-tagging") for request in creations} == {"retention=30days"}
    assert s3.tags(bucket, f"source/base/{taken}/backup.info") == {"retention": "30days"}
    listed = json.loads(expect(room.run("barman-cloud-backup-list", "--format", "json", *s3_options, *where), 0).stdout)
    assert listed == {"backups_list": [backup]}
    assert sorted(path.name for path in (room.folder / "run").iterdir() if path.name.startswith("barman")) == []


@pytest.mark.parametrize("wrong", [["--immediate-checkpoint=false"], ["--gzip", "--bzip2"], ["--jobs", "0"],
                                   ["--name", "20260101T000000"], ["--no-such-option"]], ids=" ".join)
def test_10_usage_errors(room, s3_options, where, wrong):
    done = expect(room.run(COMMAND, "--user", "postgres", *wrong, *s3_options, *where), 3)
    assert done.stdout == "" and done.stderr.startswith("usage: barman-cloud-backup"), done


def test_10_postgresql_is_not_there(room, s3_options, where):
    done = expect(room.run(COMMAND, "--user", "postgres", "--name", NAME, *s3_options, *where), 1)
    assert "Cannot connect to postgres" in done.stderr


def test_11_an_empty_list(room, s3_options, where):
    done = expect(room.run("barman-cloud-backup-list", "--format", "json", *s3_options, where[0], "nobody"), 0)
    assert json.loads(done.stdout) == {"backups_list": []}
    missing = ["s3://no-such-bucket-here/", "source"]
    expect(room.run("barman-cloud-backup-list", "--format", "json", *s3_options, *missing), 4)


def test_12_show_of_what_is_not_there(room, s3_options, where):
    show = ["barman-cloud-backup-show", "--format", "json", *s3_options, *where]
    expect(room.run(*show, "no-such-name"), 4)
    expect(room.run(*show, "20200101T000000"), 1)


def test_13_delete_by_policy(room, s3, s3_options, bucket, where, taken):
    delete = ["barman-cloud-backup-delete", *s3_options, "--retention-policy"]
    ready = room.folder / "pgdata/pg_wal/archive_status"
    until(lambda: not list(ready.glob("*.ready")), "everything to be archived")
    before = s3.keys(bucket)
    expect(room.run(*delete, "RECOVERY WINDOW OF 30 DAYS", *where), 0)
    assert s3.keys(bucket) == before
    expect(room.run(*delete, "RECOVERY WINDOW OF A LONG TIME", *where), 3)
    assert s3.keys(bucket) == before


def test_13_a_store_that_refuses_bulk_deletes(room, proxy, s3, s3_options, bucket, where, taken):
    expect(room.run(COMMAND, "--user", "postgres", "--immediate-checkpoint", *s3_options, *where), 0)
    proxy.inject(faults.refuse(501, "NotImplemented"), method="POST", path=r"\?delete")
    expect(room.run("barman-cloud-backup-delete", "--endpoint-url", proxy.endpoint, "--cloud-provider", "aws-s3",
                    "--retention-policy", "REDUNDANCY 1", *where), 0)
    assert s3.keys(bucket, f"source/base/{taken}/") == []
    listed = json.loads(room.run("barman-cloud-backup-list", "--format", "json", *s3_options, *where).stdout)
    assert len(listed["backups_list"]) == 1


def test_14_restore_by_the_plugin_and_by_the_operator(room, rgw, s3, s3_options, bucket, where, taken):
    endpoint = ["--endpoint-url", rgw["S3_ENDPOINT"]]
    provider = ["--cloud-provider", "aws-s3"]
    command = "barman-cloud-restore"
    for number, line in enumerate(([command, *provider, *endpoint, "--read-timeout=900", *where, taken],
                                   [command, *endpoint, *where, taken, *provider, "--read-timeout=60"])):
        target = f"restored{number}"
        expect(room.run(*line, f"/srv/{target}"), 0)
        label = (room.folder / target / "backup_label").read_text()
        assert label.startswith("START WAL LOCATION"), label
        assert (room.folder / target / "global/pg_control").stat().st_uid == UID
        expect(room.run(*line, f"/srv/{target}"), 1)  # it is not empty any more
        for name in ("20200101T000000", "no-such-name"):
            expect(room.run(*[name if word == taken else word for word in line], "/srv/other"), 1 if "T" in name else 4)
        assert not (room.folder / "other").exists()
    down = ["--endpoint-url", f"http://127.0.0.1:{closed_port()}"]
    expect(room.run(command, *provider, *down, *where, taken, "/srv/other"), 2, 4)
    expect(room.run(command, *provider, *endpoint, *where, taken, "/srv/other", AWS_SECRET_ACCESS_KEY="wrong"), 4)


def test_14_the_restored_cluster_recovers(room, s3_options, where, taken):
    sql(room, "create table t as select 42 as n")
    sql(room, "select pg_create_restore_point('here')")
    last = sql(room, "select pg_walfile_name(pg_switch_wal())")
    until(lambda: sql(room, "select last_archived_wal from pg_stat_archiver") >= last, "the archiving of its WAL")
    expect(room.run("barman-cloud-restore", *s3_options, *where, taken, "/srv/copy"), 0)
    with recovered(room, "copy", ["barman-cloud-wal-restore", *s3_options, *where, "%f", "%p"], "here"):
        assert sql(room, "select n from t", PGPORT="5433") == "42\n"
