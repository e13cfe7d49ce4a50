"""The least privileges of docs/s3.md: each command does its work with them, and every action in them is used."""
import pathlib
import random

import pytest

from support.backups import BackupHost, Place, Source, accepted_by_postgresql, succeeds
from support.policed_s3 import PolicedS3, documented_policies
from support.proxy import ForwardProxy
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY
from support.site import lines

COMMANDS = ("check-wal-archive", "wal-archive", "wal-restore", "backup", "backup-list", "backup-show", "backup-keep",
            "backup-delete", "restore")
BUCKET, PATH = "backups", "prod"
SEGMENT = "0000000A0000000000000001"
POLICIES = documented_policies()


def test_every_command_has_a_policy():
    assert set(POLICIES) == {f"barman-cloud-{command}" for command in COMMANDS}


class Guarded:
    """An archive at AWS, as far as the commands can tell, of a running cluster."""

    def __init__(self, source, store):
        self.source, self.store, self.ours = source, store, source.host.ours  # `ours` may do everything
        self.place = Place(f"s3://{BUCKET}/{PATH}")

    def __call__(self, command, *options, expected=0, extra=(), **named):
        """Runs it under its own policy, with `extra` actions on everything."""
        policy = POLICIES[f"barman-cloud-{command}"]
        more = [{"Effect": "Allow", "Action": list(extra), "Resource": "*"}] if extra else []
        done = self.under({"Statement": policy["Statement"] + more}, command, *options, **named)
        assert done.returncode == expected, f"exit {done.returncode}: {done.stderr}"
        return done

    def under(self, policy, command, *options, **named):
        self.store.policy = policy
        return self.ours(command, self.place, *options, AWS_SESSION_TOKEN=self.store.guarded, **named)

    def all_used(self, command):
        """By all that was run since this was asked last."""
        wanted = {action for statement in POLICIES[f"barman-cloud-{command}"]["Statement"]
                  for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])}
        used, self.store.used = self.store.used, set()
        assert used == wanted

    def file(self, name, content):
        return self.source.host.file(name, content)

    def take(self, *options, **named):
        cluster = self.source.cluster
        return self("backup", "--port", cluster.port, "--immediate-checkpoint", *options, **named)


@pytest.fixture(scope="module")
def cluster_at_aws(executables, authority):
    with ForwardProxy() as proxy:
        host = BackupHost(executables, {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                                        "AWS_DEFAULT_REGION": "us-east-1"})
        bundle = host.file("ca.crt", pathlib.Path(authority.root).read_bytes())
        host.environment.update(HTTPS_PROXY=proxy.endpoint, AWS_CA_BUNDLE=str(bundle))
        try:
            yield Source(host), proxy
        finally:
            host.close()


@pytest.fixture
def guarded(cluster_at_aws, authority):
    source, proxy = cluster_at_aws
    with PolicedS3(authority.server_context()) as store:
        store.buckets[BUCKET] = {}
        proxy.route[f"{BUCKET}.s3.us-east-1.amazonaws.com:443"] = store.port
        guarded = Guarded(source, store)
        source.host.archive_to(guarded.place, "--gzip")
        try:
            yield guarded
        finally:
            source.host.archive_nowhere()
    assert not store.problems, "\n".join(store.problems)


def test_check_wal_archive(guarded):
    guarded("check-wal-archive")
    guarded.all_used("check-wal-archive")


@pytest.mark.parametrize("command, positionals", [
    ("check-wal-archive", []), ("wal-archive", [SEGMENT]), ("wal-restore", [SEGMENT, "x"]), ("backup", []),
    ("backup-list", []), ("backup-show", ["latest"]), ("backup-keep", ["--status", "latest"]),
    ("backup-delete", ["--orphans"]), ("restore", ["latest", "x"])])
def test_testing_the_connection_takes_the_privileges_of_the_check(guarded, command, positionals):
    succeeds(guarded.under(POLICIES["barman-cloud-check-wal-archive"], command, "-t", after=positionals))


def test_a_missing_bucket_takes_one_privilege_more(guarded):
    guarded.store.buckets.clear()
    done = guarded("check-wal-archive", expected=4)
    assert "s3:CreateBucket" in done.stderr
    guarded("check-wal-archive", extra=["s3:CreateBucket"])
    assert BUCKET in guarded.store.buckets


def test_wal_archive(guarded):
    path = guarded.file(SEGMENT, b"a segment" * 1000)
    for content, expected in ((b"one", 0), (b"one", 0), (b"other", 1)):
        path.write_bytes(content * 1000)
        done = guarded("wal-archive", after=[path], expected=expected)
        assert "WARNING" not in done.stderr
    # One that is uploaded in parts, and given up: another server stores the name in between.
    large = guarded.file(SEGMENT[:-1] + "2", random.Random(1).randbytes(40 * 2**20))
    key = f"{PATH}/main/wals/{SEGMENT[:16]}/{large.name}.gz"

    def overtake(exchange):
        objects = guarded.store.buckets[BUCKET]
        objects[key] = objects[f"{PATH}/main/wals/{SEGMENT[:16]}/{SEGMENT}"]
        exchange.server.respond(exchange)
    guarded.store.inject(overtake, method="POST", path="uploadId=", times=1)
    guarded("wal-archive", "--gzip", after=[large], expected=1)
    guarded.all_used("wal-archive")
    assert guarded.store.uploads == {}


def test_wal_archive_with_tags(guarded):
    path = guarded.file(SEGMENT, b"a segment" * 1000)
    tagged = ("wal-archive", "--tags", "a,b", "--read-timeout", "60")
    assert "s3:PutObjectTagging" in guarded(*tagged, after=[path], expected=4).stderr
    guarded(*tagged, after=[path], extra=["s3:PutObjectTagging"])


def test_wal_archive_that_may_only_write(guarded):
    path = guarded.file(SEGMENT, b"a segment" * 1000)
    write_only = {"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::backups/prod/*"}]}
    for content, expected in ((b"one", 0), (b"one", 4), (b"other", 4)):
        path.write_bytes(content * 1000)
        done = guarded.under(write_only, "wal-archive", after=[path])
        assert done.returncode == expected and lines(done, "WARNING"), done.stderr
    stored, = guarded.store.buckets[BUCKET].values()
    assert stored.body == b"one" * 1000


def test_wal_restore(guarded):
    path = guarded.file(SEGMENT, b"a segment" * 1000)
    succeeds(guarded.ours("wal-archive", guarded.place, "--gzip", after=[path]))
    fetched = guarded.source.host.folder / "fetched"
    guarded("wal-restore", after=[SEGMENT, fetched])
    assert fetched.read_bytes() == path.read_bytes()
    guarded.all_used("wal-restore")
    guarded("wal-restore", after=[SEGMENT[:-1] + "F", fetched], expected=1)


def test_base_backups(guarded):
    store, source = guarded.store, guarded.source
    done = guarded.take()
    assert [line for line in lines(done, "WARNING") if "configuration files are outside" not in line] == []
    guarded.all_used("backup")
    assert "s3:PutObjectTagging" in guarded.take("--tags", "a,b", "--read-timeout", "60", expected=1).stderr
    guarded.take("--tags", "a,b", "--read-timeout", "60", extra=["s3:PutObjectTagging"])
    first, last = guarded.ours.ids(guarded.place)

    store.used.clear()
    assert last in guarded("backup-list").stdout
    guarded.all_used("backup-list")
    for name in (last, "latest"):
        assert last in guarded("backup-show", after=[name]).stdout
    guarded.all_used("backup-show")
    for options, name in ((["--target", "full"], first), (["--status"], first), (["--release"], "oldest")):
        guarded("backup-keep", *options, after=[name])
    guarded.all_used("backup-keep")

    target = source.host.folder / "proof"
    rules = [word for name in source.locations for word in ("--tablespace", f"{name}:{target}_{name}")]
    guarded("restore", *rules, after=[last, target])
    accepted_by_postgresql(source.host, target)
    guarded.all_used("restore")

    guarded("backup-delete", "--retention-policy", "REDUNDANCY 1")
    guarded.all_used("backup-delete")
    assert guarded.ours.ids(guarded.place) == [last]
    orphans = ["s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
    guarded("backup-delete", "--orphans", extra=orphans)
    locks = ["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    guarded("backup-delete", "--check-object-lock", "--backup-id", last, extra=locks)
    assert guarded.ours.ids(guarded.place) == []
