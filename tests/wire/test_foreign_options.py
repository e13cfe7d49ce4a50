"""Options and the endpoint of one kind of store are accepted with the others, and change nothing there."""
import uuid

import pytest

from support.other_stores import AzureArchive, GcsArchive
from support.site import SEGMENT, expect
from support.stored_backups import backup_objects, id_of

S3 = ["--endpoint-url", "https://s3.example.invalid", "-P", "no-such-profile", "--region", "nowhere-1",
      "--addressing-style", "virtual", "--checksum-policy", "when_required", "--checksum-algorithm", "crc32",
      "--unsigned-payload", "--sse-customer-key", "file:///no/such/key"]
AZURE = ["--azure-credential", "azure-cli"]
OF_UPLOADS = {"s3": ["-e", "aws:kms", "--sse-kms-key-id", "no-such-key"],
              "azure": ["--encryption-scope", "no-such-scope"],
              "gcs": ["--kms-key-name", "projects/p/locations/l/keyRings/r/cryptoKeys/no-such-key"]}
OF_BLOCKS = ["--max-block-size", "1MB", "--max-concurrency", "2", "--max-single-put-size", "1KB"]
BEGIN = "000000010000000100000000"


class S3Bucket:
    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket
        self.root, self.options = f"s3://{bucket}/", ["--cloud-provider", "aws-s3"]

    def put(self, key, body):
        self.s3.put(self.bucket, key, body)

    def keys(self, prefix=""):
        return self.s3.keys(self.bucket, prefix)

    def protection(self, key):
        headers = self.s3.request("HEAD", self.bucket, key)[1]
        return {name: value for name, value in headers.items() if "encryption" in name.lower()}


class Blobs(AzureArchive):
    def put(self, key, body):
        self.azure.put(self.container, key, body)

    def protection(self, key):
        return {name: value for name, value in self.azure.stat(self.container, key).items() if "scope" in name}


class Objects(GcsArchive):
    def put(self, key, body):
        self.gcs.put(self.bucket, key, body)

    def protection(self, key):
        return {name: value for name, value in self.gcs.stat(self.bucket, key).items() if "kms" in name.lower()}


@pytest.fixture(params=["s3", "azure", "gcs"])
def scene(request, run):
    """(kind, store, its commands, the options of the other stores)"""
    kind, name = request.param, f"tests-{uuid.uuid4().hex[:12]}"
    if kind == "s3":
        s3_run, s3, rgw = map(request.getfixturevalue, ("s3_run", "s3", "rgw"))
        store = S3Bucket(s3, request.getfixturevalue("bucket"))
        yield kind, store, s3_run.with_env(AWS_ENDPOINT_URL=rgw["S3_ENDPOINT"]), AZURE
        return
    if kind == "azure":
        azure = request.getfixturevalue("azure")
        store, foreign = Blobs(azure, name, azure.environment("key")), S3
    else:
        gcs = request.getfixturevalue("gcs")
        store, foreign = Objects(gcs, name, gcs.https_environment()), S3 + AZURE
    yield kind, store, run.with_env(**store.environment), foreign
    store.remove()


def test_all_commands_take_what_is_for_other_stores(scene, tmp_path, content):
    kind, store, run, foreign = scene
    where = [*foreign, *store.options, store.root, "main"]
    uploads = [word for other, words in OF_UPLOADS.items() if other != kind for word in words]
    blocks = OF_BLOCKS if kind != "azure" else []

    expect(run("check-wal-archive", *where), 0)
    segment = tmp_path / SEGMENT
    segment.write_bytes(content)
    expect(run("wal-archive", *uploads, *blocks, *where, segment), 0)
    [key] = store.keys()
    assert store.protection(key) == {}
    expect(run("wal-restore", *where, SEGMENT, tmp_path / "restored"), 0)
    assert (tmp_path / "restored").read_bytes() == content

    expect(run("backup", "--test", *uploads, *where), 0)
    backup_id, time = id_of(1)
    for name, text in backup_objects(backup_id, BEGIN, end_time=time).items():
        store.put(name, text.encode())
    assert backup_id in expect(run("backup-list", *where), 0).stdout
    expect(run("backup-show", *where, backup_id), 0)
    expect(run("backup-keep", "--target", "full", *where, backup_id), 0)
    expect(run("backup-keep", "--release", *where, backup_id), 0)
    expect(run("restore", "--test", *where, backup_id, tmp_path / "data"), 0)
    expect(run("backup-delete", "--check-object-lock", "--backup-id", backup_id, *where), 0)
    assert store.keys("main/base/") == []
