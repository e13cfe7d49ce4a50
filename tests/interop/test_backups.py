"""Base backups go both ways between ours and the original: a change of package, or back, loses nothing."""
import json
import os
import re
import time

import pytest

from support.backups import SERVER, facts, recover, sound, succeeds
from support.postgres import until
from support.s3 import S3

# For people who may roll back: the original's older versions refuse a backup.info with fields that they do not know.
OLDER = ["--backup-info-format", "3.4"]
FORMS = {"plain": [], "gzip": ["--gzip"], "bzip2": ["--bzip2"]}
SUFFIX = {"plain": ".tar", "gzip": ".tar.gz", "bzip2": ".tar.bz2"}
form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def ours(source):
    return source.host.ours


@pytest.fixture
def original(source):
    side = source.host.original
    assert (side.folder / "barman-cloud-backup").exists(), "the original is missing: apt-get install barman-cli-cloud"
    return side


@pytest.fixture
def objects(rgw, bucket):
    """objects(id) -> the names below base/ID/."""
    client = S3(rgw["S3_ENDPOINT"], rgw["AWS_ACCESS_KEY_ID"], rgw["AWS_SECRET_ACCESS_KEY"])

    def look(backup_id="", folder="base"):
        prefix = f"some/folder/{SERVER}/{folder}/" + (f"{backup_id}/" if backup_id else "")
        return [key.removeprefix(prefix) for key in client.keys(bucket, prefix)]
    return look


def relocated(host, name):
    """Tablespaces at another place; the arguments and the locations."""
    locations = {space: host.folder / name / space for space in ("outside", "second")}
    return [word for space, path in locations.items() for word in ("--tablespace", f"{space}:{path}")], locations


def recovers_to_a_point_in_time(source, archive, taker, restorer, options, name):
    """The whole way; returns the id and the restored cluster, stopped."""
    host = source.host
    backup_id = taker.taken(archive, source.cluster, *options)
    source.change()
    expected = source.point(f"before_{name}")
    source.mistake()
    source.cluster.archive_everything()

    rules, locations = relocated(host, f"spaces_{name}")
    cluster = restorer.restored(archive, backup_id, name, *rules)
    links = {path.resolve() for path in (cluster.data / "pg_tblspc").iterdir()}
    assert links == set(locations.values())
    recover(cluster, host.fetch(archive), f"before_{name}")
    assert facts(cluster) == expected
    assert cluster.sql("show work_mem") == "5MB"
    sound(cluster)
    return backup_id, cluster


@form
def test_the_original_restores_ours(source, archive, ours, original, objects, form):
    backup_id, cluster = recovers_to_a_point_in_time(source, archive, ours, original, [*OLDER, *FORMS[form]],
                                                     f"theirs_{form}")
    assert f"data{SUFFIX[form]}" in objects(backup_id)
    assert (cluster.data / "rules.conf").read_text() == "local all all trust\n"  # configuration outside PGDATA


@form
def test_ours_restores_the_original_s(source, archive, ours, original, objects, form):
    backup_id, _ = recovers_to_a_point_in_time(source, archive, original, ours, FORMS[form], f"ours_{form}")
    assert f"data{SUFFIX[form]}" in objects(backup_id)


def test_archives_that_were_split_go_both_ways(source, archive, ours, original, objects):
    for taker, restorer, options in ((ours, original, OLDER), (original, ours, [])):
        name = "split_" + ("ours" if taker is ours else "theirs")
        backup_id, _ = recovers_to_a_point_in_time(source, archive, taker, restorer, [*options, "-S", "2MB"], name)
        assert "data_0001.tar" in objects(backup_id)


def test_both_name_the_same_objects(source, archive, ours, original, objects):
    theirs = objects(original.taken(archive, source.cluster, "--gzip"))
    mine = objects(ours.taken(archive, source.cluster, "--gzip"))
    assert sorted({*mine} - {"backup_manifest"}) == theirs


@pytest.fixture
def two(source, archive, ours, original):
    """A named backup of each, in one archive: {"ours": id, "theirs": id}."""
    taken = {"theirs": original.taken(archive, source.cluster, "--name", "from them"),
             "ours": ours.taken(archive, source.cluster, "--name", "from us", *OLDER)}
    source.cluster.archive_everything()
    return taken


def test_both_list_the_same(archive, ours, original, two):
    mine, theirs = (succeeds(side("backup-list", archive)).stdout for side in (ours, original))
    assert [line.split() for line in mine.splitlines()] == [line.split() for line in theirs.splitlines()]
    assert [line.split()[0] for line in mine.splitlines()[1:]] == [two["theirs"], two["ours"]]
    for one, other in zip(ours.backups(archive), original.backups(archive), strict=True):
        assert {name: value for name, value in one.items() if name in other} == other


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_both_show_the_same(archive, ours, original, two, whose):
    mine, theirs = (json.loads(succeeds(side("backup-show", archive, "--format", "json", after=[two[whose]])).stdout)
                    for side in (ours, original))
    [shown], [expected] = mine.values(), theirs.values()
    assert list(mine) == list(theirs) == ["cloud"]
    assert {name: value for name, value in shown.items() if name in expected} == expected
    mine, theirs = (succeeds(side("backup-show", archive, after=[two[whose]])).stdout for side in (ours, original))
    shown, expected = ({re.sub(r" *:", ":", line.strip()) for line in text.splitlines()} for text in (mine, theirs))
    assert expected - shown == set(), "lines of the original that ours lacks"


@pytest.mark.parametrize("target", ["full", "standalone"])
def test_a_keep_of_one_is_seen_and_released_by_the_other(archive, ours, original, two, objects, target):
    for setter, reader, backup_id in ((ours, original, two["theirs"]), (original, ours, two["ours"])):
        succeeds(setter("backup-keep", archive, "--target", target, after=[backup_id]))
        assert "annotations/keep" in objects(backup_id)
        for side in (setter, reader):
            assert succeeds(side("backup-keep", archive, "--status", after=[backup_id])).stdout == f"Keep: {target}\n"
            assert f"KEEP:{target.upper()}" in succeeds(side("backup-list", archive)).stdout
            assert side("backup-delete", archive, "--backup-id", backup_id).returncode == 1, "a kept backup was deleted"
        succeeds(reader("backup-keep", archive, "--release", after=[backup_id]))
        assert succeeds(setter("backup-keep", archive, "--status", after=[backup_id])).stdout == "Keep: nokeep\n"


def test_ours_deletes_the_original_s_with_the_wal_that_nobody_needs(archive, ours, original, two, objects):
    begin = {backup["backup_id"]: backup["begin_wal"] for backup in ours.backups(archive)}
    succeeds(ours("backup-delete", archive, "--backup-id", two["theirs"]))
    assert objects(two["theirs"]) == []
    assert original.ids(archive) == [two["ours"]]
    segments = [key.rpartition("/")[2] for key in objects(folder="wals")]
    assert min(segments) >= begin[two["ours"]] and begin[two["ours"]] + ".gz" in segments


def test_the_original_deletes_ours(source, archive, ours, original, two, objects):
    later = original.taken(archive, source.cluster)
    succeeds(original("backup-delete", archive, "--backup-id", two["ours"]))
    assert original.ids(archive) == ours.ids(archive) == [two["theirs"], later]
    # It does not know the manifest, which harms nobody.
    assert set(objects(two["ours"])) <= {"backup_manifest"}
    assert "WARNING" not in ours("backup-list", archive).stderr


@pytest.mark.parametrize("deleter", ["ours", "original"])
def test_a_retention_policy_covers_both_kinds(source, archive, ours, original, two, objects, deleter):
    newest = ours.taken(archive, source.cluster, *OLDER)
    side = {"ours": ours, "original": original}[deleter]
    dry = succeeds(side("backup-delete", archive, "--retention-policy", "REDUNDANCY 1", "--dry-run")).stdout
    assert two["ours"] in dry and two["theirs"] in dry and f"base/{newest}/" not in dry
    succeeds(side("backup-delete", archive, "--retention-policy", "REDUNDANCY 1"))
    assert ours.ids(archive) == original.ids(archive) == [newest]
    cluster = ours.restored(archive, newest, "rest", *relocated(source.host, f"spaces_{deleter}")[0])
    source.cluster.archive_everything()
    assert facts(recover(cluster, source.host.fetch(archive))) == facts(source.cluster)


def test_each_reads_over_what_the_other_failed_to_take(source, archive, ours, original):
    secret = source.host.file("source/unreadable", b"")
    os.chown(secret, 0, 0)
    secret.chmod(0)
    try:
        for taker in (ours, original):
            done = taker.backup(archive, source.cluster, *(OLDER if taker is ours else []))
            assert done.returncode == 1 and "unreadable" in done.stderr, done
            # Ids are seconds, and the original would write over ours.
            last = ours.ids(archive)[-1]
            until(lambda last=last: time.strftime("%Y%m%dT%H%M%S") > last, "the next second")
    finally:
        secret.unlink()
    for side in (ours, original):
        assert [backup["status"] for backup in side.backups(archive)] == ["FAILED", "FAILED"]
        assert len(succeeds(side("backup-list", archive)).stdout.splitlines()) == 1, "only a complete one has a line"
