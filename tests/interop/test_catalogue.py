"""Ours and the original print the same of the same catalogue, as far as the original's version knows it."""
import json

import pytest

from support.catalogue import catalogue, listed_backups, sample

# Fields that version 3.4 neither reads nor prints.
NEWER = ("children_backup_ids", "cluster_size", "data_checksums", "encryption", "parent_backup_id", "summarize_wal")
NAMED, PLAIN = "20261120T092518", "20261120T092634"


def older(info):
    return "".join(line for line in info.splitlines(keepends=True) if line.split("=")[0] not in NEWER)


@pytest.fixture
def filled(s3, bucket):
    infos = {identifier: older(text) for identifier, text in listed_backups().items()}
    named = older(sample("backup.info.done-tablespace-named"))
    infos["20261121T000000"] = older(sample("backup.info.failed-no-privileges"))
    infos["20261121T000001"] = named.replace("mybackup", "Käse €😀 \"it's\"").replace("+00:00", "-03:30")
    infos["20261121T000002"] = named.replace("ts1", "t\\x7f\\u2028é").replace("server_name=cloud", "server_name=None")
    infos["20261121T000003"] = named.replace("status=DONE", "status=WAITING_FOR_WALS").replace(".819637", "")
    infos["20261121T000004"] = named.replace("'copy_time': 3.695503", "'copy_time': 90061.00005")
    infos["20261121T000005"] = ""
    for name, text in catalogue(infos, {PLAIN: "full", "20261121T000004": "standalone"}).items():
        s3.put(bucket, f"some/folder/main/base/{name}", text.encode())
    return sorted(infos)


def printed(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def without_newer(backup):
    return {name: value for name, value in backup.items() if name not in NEWER and not name.endswith("_iso")}


def test_the_lists_are_the_same(s3_run, original, place, filled):
    assert printed(s3_run("backup-list", *place)) == printed(original("backup-list", *place))
    ours = json.loads(printed(s3_run("backup-list", "--format", "json", *place)))["backups_list"]
    assert [backup["backup_id"] for backup in ours] == filled
    text = json.dumps({"backups_list": [without_newer(backup) for backup in ours]}) + "\n"
    assert text == printed(original("backup-list", "--format", "json", *place))


def test_each_backup_is_shown_the_same(s3_run, original, place, filled):
    for identifier in [*filled[:1], *filled[-6:]]:
        assert (printed(s3_run("backup-show", *place, identifier))
                == printed(original("backup-show", *place, identifier)))


def test_annotations_go_both_ways(s3_run, original, place, filled):
    for keeper, reader in ((s3_run, original), (original, s3_run)):
        for option, status in (("--target=standalone", "standalone"), ("--target=full", "full"), ("--release", "nokeep")):
            assert printed(keeper("backup-keep", option, *place, NAMED)) == ""
            assert printed(reader("backup-keep", "--status", *place, NAMED)) == f"Keep: {status}\n"


def test_an_annotation_of_a_url_with_a_slash_is_seen_and_released(s3_run, original, s3, bucket, place, filled):
    slashed = [*place[:2], place[2] + "/", place[3]]
    assert printed(original("backup-keep", "--target=full", *slashed, NAMED)) == ""
    assert f"some/folder//main/base/{NAMED}/annotations/keep" in s3.keys(bucket)
    for where in (place, slashed):
        assert printed(s3_run("backup-keep", "--status", *where, NAMED)) == "Keep: full\n"
        assert "KEEP:FULL" in printed(s3_run("backup-list", *where)).splitlines()[1]
    assert printed(s3_run("backup-keep", "--release", *place, NAMED)) == ""
    assert not [key for key in s3.keys(bucket) if f"{NAMED}/annotations" in key]


def test_missing_buckets_and_servers(s3_run, place, filled):
    nowhere = [*place[:2], "s3://no-such-bucket-here/", "main"]
    for command in (["backup-list"], ["backup-list", "--format=json"]):
        done = s3_run(*command, *nowhere)
        assert (done.returncode, done.stdout) == (4, "")
    assert s3_run("backup-show", *nowhere, NAMED).returncode == 4
    assert s3_run("backup-list", "-t", *nowhere).returncode == 1
    assert printed(s3_run("backup-list", "--format=json", *place[:3], "unknown")) == '{"backups_list": []}\n'
