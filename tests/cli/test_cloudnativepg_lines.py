"""The command lines that CloudNativePG forms are understood: with an endpoint that refuses connections they end in
the status of a network failure, and never in 3."""
import socket

import pytest

W = "000000010000000000000001"
AWS = ["--cloud-provider", "aws-s3"]
DEST = ["s3://backups/", "source"]
EXTRA = ["--max-concurrency=1", "--read-timeout=5", "-vv"]
TAGS = ["--tags", "a,b", "c,d", "--history-tags", "r,keep"]


@pytest.fixture
def endpoint():
    """A port that is bound and not listened on: connections are refused, and nobody else can take it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield ["--endpoint-url", f"http://127.0.0.1:{taken.getsockname()[1]}"]


@pytest.fixture
def cnpg(run):
    return run.with_env(AWS_ACCESS_KEY_ID="key\n", AWS_SECRET_ACCESS_KEY="secret\n", AWS_DEFAULT_REGION="us-east-1",
                        AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")


@pytest.fixture
def segment(tmp_path):
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / W).write_bytes(bytes(1 << 20))
    return f"pg_wal/{W}"


@pytest.mark.parametrize("compression", [[], ["--gzip"], ["--bzip2"], ["--lz4"], ["--snappy"], ["--xz"], ["--zstd"]])
@pytest.mark.parametrize("encryption", [[], ["-e", "AES256"], ["-e", "aws:kms"]])
@pytest.mark.parametrize("rest", [[], EXTRA, ["--read-timeout", "5"]])
def test_wal_archive(cnpg, endpoint, segment, tmp_path, compression, encryption, rest):
    arguments = [*compression, *encryption, *rest, *endpoint, *TAGS, *AWS, *DEST, segment]
    assert cnpg("wal-archive", *arguments, cwd=tmp_path).returncode == 4


def test_wal_archive_swallows_positionals_behind_tags(cnpg, endpoint, segment, tmp_path):
    done = cnpg("wal-archive", *endpoint, *AWS, "--tags", "a,b", *DEST, segment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "Invalid tag format: s3://backups/\n")


def test_check_wal_archive(cnpg, endpoint):
    assert cnpg("check-wal-archive", *endpoint, *AWS, *DEST).returncode == 2
    assert cnpg("check-wal-archive", *AWS, *endpoint, "s3://not-evaluated/", "X", "--test").returncode == 2


@pytest.mark.parametrize("name", [W, "00000002.history"])
def test_wal_restore(cnpg, endpoint, tmp_path, name):
    target = tmp_path / "spool" / f"{name}.tmp"
    target.parent.mkdir()
    assert cnpg("wal-restore", *endpoint, *AWS, *DEST, name, target).returncode == 2
    assert cnpg("wal-restore", *endpoint, *AWS, *DEST, "--read-timeout=5", "-vv", name, target).returncode == 2
    assert cnpg("wal-restore", *endpoint, *DEST, *AWS, name, target).returncode == 2
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("unit", ["DAYS", "WEEKS", "MONTHS"])
def test_backup_delete(cnpg, endpoint, unit):
    policy = ["--retention-policy", f"RECOVERY WINDOW OF 30 {unit}"]
    assert cnpg("backup-delete", *endpoint, *AWS, *policy, *DEST).returncode == 4
    assert cnpg("backup-delete", *endpoint, *AWS, "--retention-policy", "30 DAYS", *DEST).returncode == 3


def test_backup_list_and_show(cnpg, endpoint):
    assert cnpg("backup-list", "--format", "json", *endpoint, *AWS, *DEST).returncode == 4
    for backup in ("backup-20260101000000", "20260101T000000"):
        assert cnpg("backup-show", "--format", "json", *endpoint, *AWS, *DEST, backup).returncode == 4


AZURE = "https://account.blob.core.windows.net/container"
KEY = "a2V5"


@pytest.fixture
def elsewhere(run, endpoint):
    """`run` whose other stores, and the services that give tokens for them, are where connections are refused."""
    url = endpoint[1]
    return run.with_env(
        AZURE_STORAGE_CONNECTION_STRING=f"AccountName=account;AccountKey={KEY};BlobEndpoint={url}/account\n",
        IDENTITY_ENDPOINT=f"{url}/token", IDENTITY_HEADER="header", STORAGE_EMULATOR_HOST=f"{url}\n",
        TAPSTER_MAX_ATTEMPTS="1")


@pytest.mark.parametrize("url, provider", [
    (AZURE, ["--cloud-provider", "azure-blob-storage"]),
    (AZURE, ["--cloud-provider", "azure-blob-storage", "--credential", "default"]),
    (AZURE, ["--cloud-provider", "azure-blob-storage", "--credential", "managed-identity"]),
    ("gs://bucket/path", ["--cloud-provider", "google-cloud-storage"])])
def test_other_providers_are_understood(elsewhere, endpoint, segment, tmp_path, url, provider):
    """The endpoint is S3's, and ignored."""
    ignored = ["--endpoint-url", "https://not-evaluated.example.com"]
    archived = elsewhere("wal-archive", "--gzip", *ignored, *TAGS, *provider, url, "source", segment, cwd=tmp_path)
    assert archived.returncode == 4
    restored = elsewhere("wal-restore", *ignored, *provider, url, "source", W, tmp_path / "restored")
    assert restored.returncode == 2
    address = endpoint[1].removeprefix("http://")
    for done in (archived, restored):
        assert address in done.stderr and "not-evaluated" not in done.stderr
