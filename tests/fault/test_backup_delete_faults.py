"""backup-delete while the store refuses, fails and lies, and while it is killed: what is left, and that the next run
finishes. On the scripted store, whose requests are counted, and on the gateway through the proxy."""
import re
import signal
import subprocess

import pytest

from support import faults
from support.stored_backups import backup_objects, three_backups, wal_key, wal_name
from support.http_server import Request
from support.scripted_objects import StoredObject, xml_response
from support.site import error_line, expect, lines


@pytest.fixture
def bucket_of(scripted):
    def fill(objects):
        scripted.buckets["wals"] = {key: StoredObject(text.encode(), Request("PUT", "", []))
                                    for key, text in objects.items()}
        return scripted.buckets["wals"]
    return fill


@pytest.fixture
def delete(scripted_run, scripted):
    return lambda *options, **named: scripted_run("backup-delete", "--endpoint-url", scripted.endpoint, *options,
                                                  "s3://wals", "main", **named)


def infos(objects):
    return sorted(key.split("/")[2] for key in objects if key.endswith("/backup.info"))


def logs(objects):
    return sorted({int(match[1], 16) for key in objects if (match := re.search(r"/wals/00000001(\w{8})/", key))})


@pytest.mark.parametrize("status, code", [(501, "NotImplemented"), (405, "MethodNotAllowed"), (403, "AccessDenied"),
                                          (400, "MissingContentMD5")])
def test_a_store_that_refuses_bulk_deletes(scripted, bucket_of, delete, status, code):
    ids, objects = three_backups(archives=("data.tar", "data_0001.tar"))
    kept = bucket_of(objects)
    scripted.inject(faults.refuse(status, code), method="POST", path="delete")
    expect(delete("--retention-policy", "RECOVERY WINDOW OF 30 DAYS"), 0)
    assert infos(kept) == ids[1:] and logs(kept) == [2, 3]
    assert len(scripted.seen("POST")) <= 2  # it is not asked again and again


def test_one_key_of_a_batch_that_stays(scripted, bucket_of, delete):
    ids, objects = three_backups()
    kept = bucket_of(objects)
    stubborn = wal_key(wal_name(1, 0, 1), ".gz")

    def all_but_one(exchange):
        body = exchange.read_body()
        for key in re.findall(rb"<Key>([^<]*)</Key>", exchange.request.body):
            if key.decode() != stubborn:
                kept.pop(key.decode(), None)
        exchange.send(xml_response("DeleteResult", f"<Error><Key>{stubborn}</Key><Code>AccessDenied</Code>"
                                                   "<Message>No</Message></Error>"))
        return body

    scripted.inject(all_but_one, method="POST", path="delete", times=1)
    done = expect(delete("-b", ids[0]), 1)
    assert len(lines(done, "ERROR")) == 2 and stubborn in done.stderr
    assert infos(kept) == ids[1:] and logs(kept) == [0, 2, 3]
    expect(delete("-b", ids[1]), 0)
    assert infos(kept) == ids[2:] and logs(kept) == [3]


def test_an_archive_that_stays_keeps_backup_info_and_wal(scripted, bucket_of, delete):
    ids, objects = three_backups()
    kept = bucket_of(objects)
    scripted.inject(faults.refuse(501, "NotImplemented"), method="POST", path="delete")
    scripted.inject(faults.refuse(403, "AccessDenied"), method="DELETE", path=f"{ids[0]}/data.tar", times=1)
    done = expect(delete("-r", "REDUNDANCY 1"), 1)
    assert f"{ids[0]}/data.tar" in done.stderr
    assert infos(kept) == [ids[0], ids[2]] and logs(kept) == [0, 1, 2, 3]
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert infos(kept) == ids[2:] and logs(kept) == [3]


def test_a_page_of_the_catalogue_that_fails_deletes_nothing(scripted, bucket_of, delete):
    ids, objects = three_backups()
    kept = bucket_of(objects)
    scripted.inject(faults.refuse(500, "InternalError"), method="GET", path="prefix=main%2Fbase")
    error_line(expect(delete("-r", "REDUNDANCY 1"), 4), "ListObjectsV2")
    assert set(kept) == set(objects)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_of_the_wal_that_fails_once_or_to_the_end(scripted, bucket_of, delete, nth):
    ids, objects = three_backups()
    kept = bucket_of(objects)
    scripted.inject(faults.refuse(500, "InternalError"), method="GET", path="prefix=main%2Fwals", nth=nth, times=1)
    expect(delete("-b", ids[0]), 0)
    scripted.rules.clear()
    scripted.inject(faults.refuse(500, "InternalError"), method="GET", path="prefix=main%2Fwals", nth=nth)
    error_line(expect(delete("-b", ids[1]), 1), "Could not list all WAL")
    assert infos(kept) == ids[2:] and logs(kept) == [2, 3]


def test_locked_objects(scripted, bucket_of, delete):
    ids, objects = three_backups()
    kept = bucket_of(objects)
    kept[f"main/base/{ids[0]}/data.tar"].headers["x-amz-object-lock-legal-hold"] = "ON"
    done = expect(delete("-b", ids[0], "--check-object-lock"), 1)
    assert len(lines(done, "ERROR")) == 2
    assert set(kept) == set(objects)
    assert [request.path for request in scripted.seen("HEAD")] == [f"/wals/main/base/{ids[0]}/data.tar"]
    expect(delete("-b", ids[0]), 0)
    assert infos(kept) == ids[1:]


def test_the_requests_for_20000_wal_objects(scripted, bucket_of, delete):
    objects = {wal_key(wal_name(1, log, segment)): "x" for log in range(79) for segment in range(256)}
    objects |= backup_objects("20260101T000000", wal_name(1, 1, 0))
    objects |= backup_objects("20260102T000000", wal_name(1, 78, 128))
    kept = bucket_of(objects)
    expect(delete("-r", "REDUNDANCY 1"), 0)
    gone = 78 * 256 + 128
    assert len(kept) == 128 + 2
    requests = [request for request in scripted.requests if "wals%2F" in request.target or request.method == "POST"]
    assert len(requests) <= 1.2 * 2 * -(-gone // 1000)
    assert len(scripted.requests) - len(requests) == 5  # the catalogue: a list, two backup.info; two to delete one
    assert scripted.seen("HEAD") == []


def test_killed_at_any_moment_and_repeated(s3_run, proxy, s3, bucket, scripted_run):
    """SIGKILL when the nth deletion arrives (before or after it was done), then once more without."""
    for nth in range(1, 6):
        for fault in ("before", "after"):
            for key in s3.keys(bucket):
                s3.remove(bucket, key)
            ids, objects = three_backups(archives=("data.tar", "data_0001.tar"))
            for key, text in objects.items():
                s3.put(bucket, key, text.encode())
            process = None

            def kill(exchange):
                if fault == "after":
                    exchange.answer()
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=30)
                exchange.close(reset=True)

            proxy.rules.clear()
            proxy.inject(kill, method="POST|DELETE", nth=nth, times=1)
            arguments = ["--endpoint-url", proxy.endpoint, "-r", "REDUNDANCY 1", f"s3://{bucket}", "main"]
            process = subprocess.Popen([s3_run.path("backup-delete"), *arguments], env=s3_run.environment,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            process.communicate(timeout=60)
            left = s3.keys(bucket)
            assert ids[2] in infos(left) and 3 in logs(left)
            for log, backup_id in enumerate(ids, 1):  # whose archives are still there has its backup.info and WAL
                if f"main/base/{backup_id}/data.tar" in left:
                    assert backup_id in infos(left) and log in logs(left)
            proxy.rules.clear()
            expect(s3_run("backup-delete", *arguments), 0)
            left = s3.keys(bucket)
            assert infos(left) == ids[2:]
            assert [key for key in left if key.startswith("main/base/")] == [
                f"main/base/{ids[2]}/{name}" for name in ("backup.info", "data.tar", "data_0001.tar")]
            assert logs(left) == [3]  # also what was killed between the archives and their WAL


def test_orphans_on_the_gateway(s3_run, s3, rgw, bucket):
    """Nothing there is older than a day: nothing is touched; the listing of uploads works."""
    s3.put(bucket, "main/base/20260101T000000/data.tar", b"x")
    status, _, _ = s3.request("POST", bucket, "main/base/20260101T000000/data_0001.tar", query={"uploads": ""})
    assert status == 200
    done = expect(s3_run("backup-delete", "--endpoint-url", rgw["S3_ENDPOINT"], "--orphans", f"s3://{bucket}", "main"), 0)
    assert done.stdout == ""
    assert s3.keys(bucket) == ["main/base/20260101T000000/data.tar"]
    assert s3.uploads(bucket) == ["main/base/20260101T000000/data_0001.tar"]
