"""Backups that die at random moments, as in a power cut or by the kernel's hand: what is left behind does no harm."""
import math
import os
import random
import shutil
import subprocess
import time

import pytest

from support.backups import SERVER, accepted_by_postgresql, facts, recover, succeeds

COUNT = 25  # on each kind of store
SEED = 20261121
# Long enough to be hit in every phase, and several parts of the archive under way.
OPTIONS = ["--max-bandwidth", "60MB", "--max-archive-size", "10GB", "--jobs", "2"]
LONG_AGO = time.time() - 3 * 24 * 3600


@pytest.fixture(params=["file", "gateway"])
def store(request, source):
    if request.param == "gateway":
        yield request.getfixturevalue("archive")
        return
    place = source.host.directory("store")
    source.host.archive_to(place, "--gzip")
    yield place
    source.host.archive_nowhere()
    source.host.remove_clusters(source.cluster)
    shutil.rmtree(source.host.folder / "store")


def restored(source, place, backup_id, name):
    rules = [word for space in source.locations
             for word in ("--tablespace", f"{space}:{source.host.folder}/{name}_{space}")]
    return source.host.ours.restored(place, backup_id, name, *rules)


def restorable(source, place, backup_id):
    target = source.host.folder / "proof"
    rules = [word for space in source.locations for word in ("--tablespace", f"{space}:{target}_{space}")]
    succeeds(source.host.ours.restore(place, backup_id, target, *rules))
    accepted_by_postgresql(source.host, target)
    for path in source.host.folder.glob("proof*"):
        shutil.rmtree(path)


def killed_at(source, place, seconds):
    """Starts a backup and kills it after so long; whether it died of that."""
    process = source.host.ours.start("backup", place, "--port", source.cluster.port, "--immediate-checkpoint", *OPTIONS)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode < 0


def nothing_is_done_that_cannot_be_restored(source, place, known):
    """`known` are those that were looked at before."""
    for backup in source.host.ours.backups(place):
        if backup["backup_id"] not in known and backup["status"] == "DONE":
            restorable(source, place, backup["backup_id"])
            known.add(backup["backup_id"])


def test_backups_that_are_killed_at_random_do_no_harm(source, store, request):
    dice = random.Random(SEED)
    known, undisturbed = set(), math.inf
    for _ in range(2):  # the first one may have been held up
        began = time.monotonic()
        known.add(source.host.ours.taken(store, source.cluster, *OPTIONS))
        undisturbed = min(undisturbed, time.monotonic() - began)
    deaths = 0
    for _ in range(COUNT):
        deaths += killed_at(source, store, dice.random() * undisturbed)
        nothing_is_done_that_cannot_be_restored(source, store, known)
    assert deaths >= COUNT * 3 // 4, f"only {deaths} were killed"

    # The next one is fine, all the way to a running server.
    newest = source.host.ours.taken(store, source.cluster)
    source.change()
    expected, name = facts(source.cluster), f"after_{request.node.callspec.id}"
    source.cluster.archive_everything()
    assert facts(recover(restored(source, store, newest, name), source.host.fetch(store))) == expected


def test_what_killed_backups_left_in_a_directory_is_an_orphan_after_a_day(source):
    place = source.host.directory("store")
    source.host.archive_to(place, "--gzip")
    base = source.host.folder / "store" / SERVER / "base"
    ours = source.host.ours
    whole = ours.taken(place, source.cluster)

    def orphans():
        """Folders with archives in them that are no backup. (Names of unfinished uploads begin with a dot.)"""
        return {path.name for path in base.iterdir() if not (path / "backup.info").exists() and any(path.glob("*.tar"))}

    def age(folder):
        for path in [*folder.rglob("*"), folder]:
            os.utime(path, (LONG_AGO, LONG_AGO))

    try:
        dice = random.Random(SEED)
        for _ in range(40):
            killed_at(source, place, 0.3 + dice.random())
            if len(orphans()) == 3:
                break
        old_by_both, old_by_time, old_by_name = sorted(orphans())
        # A sign of life is the name, which is the time of the beginning, or the time of any object.
        age(base / old_by_both)
        age(base / old_by_time)
        for number, name in enumerate((old_by_both, old_by_name)):
            (base / name).rename(base / f"20200101T00000{number}")
        everything = orphans()

        dry = succeeds(ours("backup-delete", place, "--orphans", "--dry-run"))
        # Other lines are of unfinished uploads.
        [line] = [line for line in dry.stdout.splitlines() if "orphaned objects" in line]
        assert "/20200101T000000/" in line
        assert orphans() == everything
        succeeds(ours("backup-delete", place, "--orphans"))
        assert orphans() == everything - {"20200101T000000"}
        age(base / "20200101T000001")
        succeeds(ours("backup-delete", place, "--orphans"))
        assert orphans() == {old_by_time}
        assert whole in ours.ids(place, "DONE")
        restorable(source, place, whole)
    finally:
        source.host.archive_nowhere()
        shutil.rmtree(source.host.folder / "store")
