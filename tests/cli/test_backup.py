"""barman-cloud-backup where no PostgreSQL is needed: what is refused, and uploads of Barman's own backups."""
import tarfile

import pytest

ID = "20260102T030405"
INFO = """begin_offset=40
begin_wal=000000010000000000000002
server_name=main
status=DONE
tablespaces=[('ts1', 16385, '/srv/ts1')]
version=150018
"""


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "archive"
    path.mkdir()
    return path


@pytest.fixture
def barman(tmp_path):
    """The environment of a post-backup hook, and what it names."""
    folder = tmp_path / "barman" / ID
    for path in ("data/global", "data/base/1", "16385/PG_15_202209061/5", "16385/PG_14_202107181/5"):
        (folder / path).mkdir(parents=True)
    (folder / "data/global/pg_control").write_bytes(b"c" * 8192)
    (folder / "data/backup_label").write_text("START WAL LOCATION\n")
    (folder / "data/base/1/1259").write_bytes(b"x" * 8192)
    (folder / "16385/PG_15_202209061/5/16400").write_bytes(b"y" * 8192)
    (folder / "backup.info").write_text(INFO)
    return {"BARMAN_HOOK": "backup_retry_script", "BARMAN_PHASE": "post", "BARMAN_BACKUP_DIR": str(folder),
            "BARMAN_BACKUP_ID": ID, "BARMAN_STATUS": "DONE", "BARMAN_BACKUP_INFO_PATH": str(folder / "backup.info")}


def backup(run, archive, *options, **environment):
    return run.with_env(**environment)("backup", "-h", "/nonexistent", *options, f"file://{archive}", "main")


def names(path):
    with tarfile.open(path) as archive:
        return archive.getnames()


@pytest.mark.parametrize("hook", ["backup_script", "backup_retry_script"])
def test_barmans_backup_is_uploaded_as_it_is(run, archive, barman, hook):
    done = backup(run, archive, "--gzip", **{**barman, "BARMAN_HOOK": hook})
    assert (done.returncode, done.stderr) == (0, "")
    stored = archive / "main/base" / ID
    assert sorted(path.name for path in stored.iterdir()) == ["16385.tar.gz", "backup.info", "data.tar.gz"]
    assert (stored / "backup.info").read_text() == INFO
    data = names(stored / "data.tar.gz")
    assert data[-2:] == ["global/pg_control", "backup_label"] and "base/1/1259" in data
    assert "PG_15_202209061/5/16400" in names(stored / "16385.tar.gz")
    assert not any("PG_14" in name for name in names(stored / "16385.tar.gz"))


@pytest.mark.parametrize("changes, options, status, text", [
    ({"BARMAN_PHASE": "pre"}, (), 4, "unsupported hook script: pre_backup_retry_script"),
    ({"BARMAN_HOOK": "archive_script"}, (), 4, "unsupported hook script: post_archive_script"),
    ({"BARMAN_BACKUP_DIR": None}, ("-n", "x"), 4, "-n/--name"),
    ({"BARMAN_BACKUP_DIR": None, "BARMAN_BACKUP_ID": None}, (), 4, "BARMAN_BACKUP_DIR is not set"),
    ({"BARMAN_BACKUP_ID": None, "BARMAN_STATUS": "FAILED"}, (), 4, "BARMAN_BACKUP_ID is not set"),
    ({"BARMAN_BACKUP_ID": "../x"}, (), 4, "BARMAN_BACKUP_ID"),
    ({"BARMAN_STATUS": "FAILED", "BARMAN_BACKUP_INFO_PATH": None}, (), 63, "not DONE"),
    ({"BARMAN_STATUS": None}, (), 63, "not DONE"),
    ({"BARMAN_BACKUP_INFO_PATH": None}, (), 4, "BARMAN_BACKUP_INFO_PATH is not set"),
    ({"BARMAN_BACKUP_INFO_PATH": "/nonexistent"}, (), 1, "Backup upload failed uploading data (cannot open"),
])
def test_a_wrong_hook_is_refused_in_the_originals_order(run, archive, barman, changes, options, status, text):
    done = backup(run, archive, *options, **{**barman, **changes})
    assert done.returncode == status and text in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not list(archive.rglob("*"))


def test_a_failed_upload_leaves_no_backup_info(run, archive, barman, tmp_path):
    (tmp_path / "barman" / ID / "data/global/pg_control").unlink()
    done = backup(run, archive, **barman)
    assert done.returncode == 1 and "Backup upload failed uploading data (" in done.stderr
    assert not list(archive.rglob("backup.info")) and not list(archive.rglob("data*"))


def test_one_variable_does_not_make_a_hook(run, archive, barman):
    done = backup(run, archive, **{**barman, "BARMAN_PHASE": None})
    assert done.returncode == 1 and "Cannot connect to postgres: " in done.stderr


@pytest.mark.parametrize("options, status, text", [
    (("-d", "hots=x"), 4, "not a valid connection string"),
    (("-z", "--snapshot-disk", "d"), 4, "Compression options"),
    (("--aws-snapshot-lock-mode", "governance", "--aws-snapshot-lock-cool-off-period", "3"), 4, "governance"),
    (("--snapshot-instance", "i", "--snapshot-disk", "d"), 4, "not supported yet"),
    (("--tag", "a,1", "--tag", "a,2"), 4, "given twice"),
    (("-z", "-j"), 3, "argument -j/--bzip2: not allowed with argument -z/--gzip"),
    (("--lz4", "--zstd"), 3, "argument --zstd: not allowed with argument --lz4"),
    (("--jobs", "0"), 3, "argument -J/--jobs: '0' is not a valid positive integer"),
    (("--max-bandwidth", "0"), 3, "argument --max-bandwidth: '0' is not a valid size string"),
    (("-n", "20260102T030405"), 3, "Backup name '20260102T030405' is not allowed: backup ID"),
    (("-n", "latest"), 3, "Backup name 'latest' is not allowed: reserved word"),
    (("-n", ""), 3, "Backup name cannot be empty"),
    (("--immediate-checkpoint=false",), 3, "ignored explicit argument 'false'"),
    (("--aws-snapshot-lock-cool-off-period", "73"), 3, "value: '73'"),
    (("--aws-snapshot-lock-duration", "0"), 3, "value: '0'"),
    (("--aws-snapshot-lock-expiration-date", "2026-01-02"), 3, "Invalid date: "),
    (("--aws-snapshot-lock-expiration-date", "2026-01-02T03:04:05.6Z", "--aws-snapshot-lock-duration", "1"), 3,
     "not allowed with argument"),
    (("--backup-info-format", "3.5"), 3, "invalid choice: '3.5' (choose from '3.17', '3.4')"),
    (("--tags", "a,b,c", "--"), 3, "Invalid tag format: a,b,c"),
    (("--xz",), 3, "unrecognized arguments: --xz"),
])
def test_what_is_refused(run, archive, options, status, text):
    done = backup(run, archive, *options)
    assert done.returncode == status and text in done.stderr
    assert not list(archive.rglob("*"))


def test_the_test_option_looks_at_the_store_alone(run, archive):
    assert backup(run, archive, "-t").returncode == 0
    missing = backup(run, archive / "missing", "-t")
    assert missing.returncode == 1 and "does not exist" in missing.stderr
