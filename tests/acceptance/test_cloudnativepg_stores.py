"""What CloudNativePG asks of the commands on Azure Blob Storage and on Google Cloud Storage: its lines 13 to 15, with
the environment that it sets, in a room as bare as its containers. An endpoint is given in each line, as with a cluster
that sets one: it is not theirs, and nobody listens there.
"""
import json
import os
import re
import uuid

import pytest

from support import bare_postgres
from support.bare_postgres import primary, recovered, sql
from support.bare_room import UID, BareRoom
from support.other_stores import AzureArchive, GcsArchive, with_files
from support.postgres import until
from support.proxy import closed_port
from support.site import expect

NAME = "backup-20260101000000"
W = "000000010000000000000001"
WAYS = ["connection string", "account and key", "sas", "managed identity", "key file", "anonymous"]
ELSEWHERE = ["--endpoint-url", "https://s3.example.invalid"]


def archive_of(way, request):
    name = f"tests-{uuid.uuid4().hex[:12]}"
    if way in ("key file", "anonymous"):
        gcs = request.getfixturevalue("gcs")
        environment = gcs.https_environment() if way == "key file" else gcs.anonymous_environment()
        del environment["GOOGLE_CLOUD_PROJECT"]  # which the operator does not set
        return GcsArchive(gcs, name, environment)
    azure = request.getfixturevalue("azure_tls" if way in ("sas", "managed identity") else "azure")
    if way == "managed identity":
        tokens = request.getfixturevalue("tokens")
        found = AzureArchive(azure, name, {"REQUESTS_CA_BUNDLE": azure.ca_file, **tokens.token_environment("imds")})
        found.options += ["--credential", "managed-identity"]
        return found
    mode = {"connection string": "connection-string", "account and key": "key", "sas": "account-sas"}[way]
    return AzureArchive(azure, name, azure.environment(mode))


@pytest.fixture
def way():
    """One of WAYS; tests that need no more than one store are parametrised with it."""
    return "connection string"


@pytest.fixture
def store(request, way):
    found = archive_of(way, request)
    yield found
    found.remove()


@pytest.fixture
def room(run, store, tmp_path):
    room = BareRoom(tmp_path / "volume", os.path.dirname(run.path("x")), bare_postgres.ENVIRONMENT)
    room.environment.update(with_files(store.environment, lambda name, content: room.file(f"secrets/{name}", content)))
    return room


@pytest.fixture
def options(store):
    return [*ELSEWHERE, *store.options]


@pytest.fixture
def where(store):
    return [store.root, "source"]


@pytest.mark.parametrize("way", WAYS)
def test_15_all_commands(room, store, options, where):
    tags = ["--tags", "a,b", "c,d", "--history-tags", "r,keep"]
    expect(room.run("barman-cloud-check-wal-archive", *options, *where), 0)
    assert store.exists() and store.keys() == []
    with primary(room, ["barman-cloud-wal-archive", "--gzip", *ELSEWHERE, *tags, *store.options, *where, "%p"]):
        for name in (NAME, "backup-20260102000000"):
            expect(room.run("barman-cloud-backup", "--user", "postgres", "--name", name, "--gzip",
                            "--immediate-checkpoint", "--jobs", "4", "--min-chunk-size=5MB", "--read-timeout=59",
                            "--tags", "retention,30days", *options, *where), 0)
        sql(room, "create table t as select 42 as n")
        sql(room, "select pg_create_restore_point('here')")
        last = sql(room, "select pg_walfile_name(pg_switch_wal())")
        until(lambda: sql(room, "select last_archived_wal from pg_stat_archiver") >= last, "the archiving of its WAL")
        old, taken = listed(room, options, where)
        shown = json.loads(expect(room.run("barman-cloud-backup-show", "--format", "json", *options, *where, NAME),
                                  0).stdout)
        assert (list(shown), shown["cloud"]["backup_id"]) == (["cloud"], old)
        expect(room.run("barman-cloud-check-wal-archive", *options, *where), 1)
        assert store.tags(f"source/wals/{W[:16]}/{W}.gz") == {"a": "b", "c": "d"}
        for name in ("data.tar.gz", "backup.info"):
            assert store.tags(f"source/base/{taken}/{name}") == {"retention": "30days"}

        expect(room.run("barman-cloud-backup-keep", "--target", "full", *options, *where, old), 0)
        delete = ["barman-cloud-backup-delete", *options, "--retention-policy"]
        before = store.keys()
        expect(room.run(*delete, "RECOVERY WINDOW OF 30 DAYS", *where), 0)
        expect(room.run(*delete, "RECOVERY WINDOW OF A LONG TIME", *where), 3)
        assert store.keys() == before
        expect(room.run("barman-cloud-backup-keep", "--release", *options, *where, old), 0)
        expect(room.run(*delete, "REDUNDANCY 1", *where), 0)
        assert listed(room, options, where) == [taken] and store.keys(f"source/base/{old}/") == []

        lines = (["barman-cloud-restore", *store.options, *ELSEWHERE, "--read-timeout=900", *where, taken],
                 ["barman-cloud-restore", *ELSEWHERE, *where, taken, *store.options, "--read-timeout=60"])
        for number, line in enumerate(lines):
            expect(room.run(*line, f"/srv/restored{number}"), 0)
            assert (room.folder / f"restored{number}/global/pg_control").stat().st_uid == UID
            expect(room.run(*line, f"/srv/restored{number}"), 1)  # it is not empty any more
            unknown = ["20200101T000000" if word == taken else word for word in line]
            expect(room.run(*unknown, "/srv/other"), 1)
        expect(room.run("barman-cloud-wal-restore", *options, *where, "--read-timeout=60", "-vv", "00000002.history",
                        "/srv/run/RECOVERYXLOG"), 1)
        older = ["barman-cloud-wal-restore", *ELSEWHERE, *where, *store.options, "%f", "%p"]
        with recovered(room, "restored0", older, "here"):
            assert sql(room, "select n from t", PGPORT="5433") == "42\n"
    assert store.unfinished() == []


def listed(room, options, where):
    done = expect(room.run("barman-cloud-backup-list", "--format", "json", *options, *where), 0)
    return [backup["backup_id"] for backup in json.loads(done.stdout)["backups_list"]]


@pytest.mark.parametrize("way, name", [("connection string", "AZURE_STORAGE_CONNECTION_STRING"),
                                       ("account and key", "AZURE_STORAGE_KEY"), ("sas", "AZURE_STORAGE_SAS_TOKEN")])
def test_15_secrets_that_end_in_a_newline(room, options, where, name):
    expect(room.run("barman-cloud-check-wal-archive", *options, *where, **{name: room.environment[name] + "\n"}), 0)


@pytest.mark.parametrize("way", ["account and key", "anonymous"])
def test_what_is_missing_and_a_store_that_is_down(room, store, options, where, content):
    """Lines 8, 11, 12 and 14."""
    def statuses(where, **environment):
        commands = (["wal-restore", *options, *where, W, "/srv/run/RECOVERYXLOG"],
                    ["backup-list", "--format", "json", *options, *where],
                    ["backup-show", "--format", "json", *options, *where, NAME],
                    ["backup-delete", *options, "--retention-policy", "RECOVERY WINDOW OF 30 DAYS", *where],
                    ["restore", *options, *where, "20200101T000000", "/srv/other"],
                    ["wal-archive", *options, *where, segment])
        return [room.run(f"barman-cloud-{command[0]}", *command[1:], **environment).returncode for command in commands]

    segment = room.file(f"run/{W}", content)
    expect(room.run("barman-cloud-check-wal-archive", *options, *where), 0)
    assert statuses(where) == [1, 0, 4, 0, 1, 0]
    missing = store.root.replace("/tests-", "/missing-")
    assert statuses([missing, "source"]) == [4, 4, 4, 4, 4, 4]
    down = f"http://127.0.0.1:{closed_port()}"  # the environment says where Google's store is, the URL where Azure's is
    url = re.sub("^http://[^/]+", down, store.root)
    assert statuses([url, "source"], STORAGE_EMULATOR_HOST=down, TAPSTER_MAX_ATTEMPTS="2") == [2, 4, 4, 4, 2, 4]
    assert sorted(path.name for path in (room.folder / "run").iterdir()) == [W]
