"""The same archive twice, the same deletion by the original (3.4) and by us: the same objects are left."""
import pytest

from support.stored_backups import backup_objects, id_of, wal_key, wal_name


def archive(server, keeps=None, statuses=None):
    """Five backups on timelines 1, 1, 1, 2, 2, taken 50, 40, 30, 20 and 10 days ago; WAL in all folders."""
    objects = {}
    for number, (days, timeline, log) in enumerate(((50, 1, 1), (40, 1, 2), (30, 1, 3), (20, 2, 4), (10, 2, 5))):
        backup_id, time = id_of(days)
        objects |= backup_objects(backup_id, wal_name(timeline, log, 1), server=server, end_time=time,
                                  keep=(keeps or {}).get(number), status=(statuses or {}).get(number, "DONE"))
    for timeline, logs in ((1, range(5)), (2, range(4, 7))):
        for log in logs:
            for segment in range(3):
                objects[wal_key(wal_name(timeline, log, segment), ".gz", server)] = "wal"
            objects[wal_key(wal_name(timeline, log, 1) + ".00000028.backup", "", server)] = "label"
    objects[f"{server}/wals/00000002.history"] = "history"
    return objects


CASES = {
    "the oldest": ({}, {}, ["-b", "first"]),
    "the newest": ({}, {}, ["-b", "last"]),
    "all but one": ({}, {}, ["-r", "REDUNDANCY 1"]),
    "all but two": ({}, {}, ["-r", "REDUNDANCY 2"]),
    "none": ({}, {}, ["-r", "REDUNDANCY 5"]),
    "a window": ({}, {}, ["-r", "RECOVERY WINDOW OF 25 DAYS"]),
    "kept in full": ({0: "full"}, {}, ["-r", "REDUNDANCY 1"]),
    "kept standalone": ({0: "standalone"}, {}, ["-r", "REDUNDANCY 1"]),
    "kept in the middle": ({2: "standalone"}, {}, ["-r", "REDUNDANCY 1"]),
    "a failed one": ({}, {1: "FAILED"}, ["-r", "REDUNDANCY 2"]),
    "refused": ({0: "full"}, {}, ["-b", "first"]),
}


def by_server(s3, bucket, server):
    return {key[len(server) + 1:] for key in s3.keys(bucket, server + "/")}


@pytest.mark.parametrize("case", CASES)
def test_the_same_deletion_by_both(s3, s3_run, original, rgw, bucket, case):
    keeps, statuses, options = CASES[case]
    for key, text in archive("theirs", keeps, statuses).items():
        s3.put(bucket, key, text.encode())
        s3.put(bucket, key.replace("theirs/", "ours/", 1), text.encode())
    place = ["--endpoint-url", rgw["S3_ENDPOINT"], f"s3://{bucket}"]
    if options[1] in ("first", "last"):  # 3.4 takes ids only
        ids = sorted(key.split("/")[1] for key in by_server(s3, bucket, "ours") if key.endswith("backup.info"))
        options = [options[0], ids[0 if options[1] == "first" else -1], *options[2:]]
    theirs = original("backup-delete", *options, *place, "theirs")
    ours = s3_run("backup-delete", *options, *place, "ours")
    assert ours.returncode == theirs.returncode, theirs.stderr + ours.stderr
    left_by_us, left_by_them = by_server(s3, bucket, "ours"), by_server(s3, bucket, "theirs")
    assert left_by_us == left_by_them
