"""What CloudNativePG asks of the WAL commands, line by line, in a room as bare as its containers."""
import bz2
import gzip
import lzma
import os
import stat

import pytest

from support.bare_room import UID, BareRoom
from support.proxy import closed_port
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY
from support.site import expect

W = "000000010000000000000001"
FOLDER = "source/wals/0000000100000000/"


@pytest.fixture
def room(run, rgw, tmp_path):
    return BareRoom(tmp_path / "volume", os.path.dirname(run.path("x")), {
        "AWS_ACCESS_KEY_ID": rgw["AWS_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": rgw["AWS_SECRET_ACCESS_KEY"],
        "AWS_MAX_ATTEMPTS": "2", "AWS_EC2_METADATA_DISABLED": "true"})


@pytest.fixture
def s3_options(rgw):
    return ["--endpoint-url", rgw["S3_ENDPOINT"], "--cloud-provider", "aws-s3"]


@pytest.fixture
def where(bucket):
    return [f"s3://{bucket}/", "source"]


def names_in(room, folder):
    return sorted(path.name for path in (room.folder / folder).iterdir())


def test_the_room_is_as_bare_as_promised(room):
    room.file("pgdata/x", b"")
    script = ('id -u; id -G; grep CapEff /proc/self/status | cut -f2; [ -e /proc/self/fd/0 ] || echo closed; '
              'for f in / /tmp /var/tmp /dev/shm /opt /home /run /srv/pgdata; do '
              'touch $f/probe 2>/dev/null && echo wrote $f; done; exec 2>&-')
    result = expect(room.run("sh", "-c", script), 0)
    assert result.stdout.split("\n") == [str(UID), str(UID), "0" * 16, "closed", "wrote /srv/pgdata", ""], result


def test_1_check_wal_archive(room, s3, s3_options, bucket, where):
    s3.request("DELETE", bucket)
    expect(room.run("barman-cloud-check-wal-archive", *s3_options, *where), 0)
    assert s3.keys(bucket) == []
    s3.put(bucket, FOLDER + W, b"x")
    expect(room.run("barman-cloud-check-wal-archive", *s3_options, *where), 1)
    down = ["--endpoint-url", f"http://127.0.0.1:{closed_port()}", "--cloud-provider", "aws-s3"]
    expect(room.run("barman-cloud-check-wal-archive", *down, *where), 2)


def test_1_the_probe(room, s3, s3_options):
    expect(room.run("barman-cloud-check-wal-archive", "--cloud-provider", "aws-s3", *s3_options[:2],
                    "s3://not-evaluated/", "X", "--test"), 0)
    assert s3.request("HEAD", "not-evaluated")[0] == 404


def test_2_wal_archive_by_a_relative_path(room, s3, s3_options, bucket, where, content):
    room.file(f"pg_wal/{W}", content)
    expect(room.run("barman-cloud-wal-archive", "--gzip", *s3_options, *where, f"pg_wal/{W}"), 0)
    assert gzip.decompress(s3.get(bucket, FOLDER + W + ".gz")) == content


@pytest.mark.parametrize("option, suffix, decompress", [
    ("--bzip2", ".bz2", bz2.decompress), ("--xz", ".xz", lzma.decompress), ("--snappy", ".snappy", None),
    ("--zstd", ".zst", None), ("--lz4", ".lz4", None)])
def test_3_the_codecs_and_back(room, s3, s3_options, bucket, where, content, option, suffix, decompress):
    path = room.file(f"pg_wal/{W}", content)
    expect(room.run("barman-cloud-wal-archive", option, *s3_options, *where, path), 0)
    assert s3.keys(bucket) == [FOLDER + W + suffix]
    assert not decompress or decompress(s3.get(bucket, FOLDER + W + suffix)) == content
    expect(room.run("barman-cloud-wal-restore", *s3_options, *where, W, "/srv/pg_wal/RECOVERYXLOG"), 0)
    assert (room.folder / "pg_wal/RECOVERYXLOG").read_bytes() == content


def test_4_encryption_and_tags(room, s3, s3_options, bucket, where, content, scripted):
    path, history = room.file(f"pg_wal/{W}", content), room.file("pg_wal/00000002.history", b"1\t0/3000000\tno\n")

    def line(endpoint, *more):
        return ["barman-cloud-wal-archive", "--gzip", "-e", "aws:kms", *more, "--max-concurrency=1",
                "--read-timeout=60", "--endpoint-url", endpoint, "--tags", "a,b", "c,d", "--history-tags", "r,keep",
                "--cloud-provider", "aws-s3"]
    # The gateway wants a key id with aws:kms; the scripted store takes the line as it is.
    for file in (path, history):
        expect(room.run(*line(s3_options[1], "--sse-kms-key-id", "testkey-1"), *where, file), 0)
        expect(room.run(*line(scripted.endpoint), "s3://wals/", "source", file, AWS_ACCESS_KEY_ID=ACCESS_KEY,
                        AWS_SECRET_ACCESS_KEY=SECRET_KEY), 0)
    assert s3.tags(bucket, FOLDER + W + ".gz") == {"a": "b", "c": "d"}
    assert s3.tags(bucket, "source/wals/00000002.history.gz") == {"r": "keep"}
    assert [put.header("x-amz-tagging") for put in scripted.seen("PUT")] == ["a=b&c=d", "r=keep"]
    assert {put.header("x-amz-server-side-encryption") for put in scripted.seen("PUT")} == {"aws:kms"}


def test_5_the_wire_under_when_required(room, proxy, where, content):
    path = room.file(f"pg_wal/{W}", content)
    expect(room.run("barman-cloud-wal-archive", "--endpoint-url", proxy.endpoint, "--cloud-provider", "aws-s3", *where,
                    path, AWS_REQUEST_CHECKSUM_CALCULATION="when_required",
                    AWS_RESPONSE_CHECKSUM_VALIDATION="when_required"), 0)
    assert len(proxy.seen("PUT")) == 1
    for request in proxy.requests:
        assert not [name for name in request.header_names() if name.startswith(("x-amz-checksum", "x-amz-trailer"))]
        assert not request.chunked and not request.trailers and not request.expect


def test_6_bad_names_repeats_and_eight_at_once(room, s3, s3_options, bucket, where, content):
    command = ["barman-cloud-wal-archive", *s3_options, *where]
    expect(room.run(*command, room.file("pg_wal/foo", content)), 3)
    for _ in range(2):
        expect(room.run(*command, room.file(f"pg_wal/{W}", content)), 0)
    names = [f"0000000100000000000000{number:02X}" for number in range(2, 10)]
    for name in names:
        room.file(f"pg_wal/{name}", content)
    running = [room.start(*command, f"/srv/pg_wal/{name}") for name in names]
    for process in running:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert s3.keys(bucket) == [FOLDER + name for name in [W, *names]]
    twice = [room.start(*command, f"/srv/pg_wal/{names[0]}") for _ in range(3)]
    assert [process.wait(60) for process in twice] == [0, 0, 0]


def test_7_wal_restore(room, s3, s3_options, bucket, where, content):
    s3.put(bucket, FOLDER + W, content)
    room.file("pgdata/pg_wal/x", b"")
    expect(room.run("barman-cloud-wal-restore", *s3_options, *where, "--read-timeout=60", "-vv", W,
                    "/srv/pgdata/pg_wal/RECOVERYXLOG"), 0)
    restored = room.folder / "pgdata/pg_wal/RECOVERYXLOG"
    assert restored.read_bytes() == content
    assert stat.S_IMODE(restored.stat().st_mode) == 0o600 and restored.stat().st_uid == UID
    assert names_in(room, "pgdata/pg_wal") == ["RECOVERYXLOG", "x"]


def test_7_over_https_with_a_private_authority(room, rgw, s3, bucket, where, content):
    s3.put(bucket, FOLDER + W, content)
    with open(rgw["AWS_CA_BUNDLE"], "rb") as authority:
        bundle = room.file("ca.crt", authority.read())
    expect(room.run("barman-cloud-wal-restore", "--endpoint-url", rgw["S3_ENDPOINT_TLS"], *where, "--cloud-provider",
                    "aws-s3", W, "/srv/RECOVERYXLOG", AWS_CA_BUNDLE=bundle), 0)
    assert (room.folder / "RECOVERYXLOG").read_bytes() == content


def test_8_the_exit_codes_of_wal_restore(room, rgw, s3_options, where, content):
    room.file("pg_wal/x", b"")
    target = "/srv/pg_wal/RECOVERYXLOG"
    down = ["--endpoint-url", f"http://127.0.0.1:{closed_port()}", "--cloud-provider", "aws-s3"]
    command = "barman-cloud-wal-restore"
    for name in (W, "00000002.history"):
        expect(room.run(command, *s3_options, *where, name, target), 1)
    expect(room.run(command, *s3_options, *where, "foo", target), 3)
    expect(room.run(command, *down, *where, W, target), 2)
    expect(room.run(command, *s3_options, "s3://no-such-bucket-here/", "source", W, target), 4)
    expect(room.run(command, *s3_options, *where, W, target, AWS_SECRET_ACCESS_KEY="wrong"), 4)
    assert names_in(room, "pg_wal") == ["x"]
