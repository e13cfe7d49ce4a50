"""What the tests of barman-cloud-restore on directories share: an archive, the command, and how its failures are read.

The fixtures hold where a test imports them.
"""
import re
import stat

import pytest

from support.base_backups import Backup

ID = "20261120T092518"
LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+\] "
MARKER = ".tapster-restore"
TABLE = bytes(range(256)) * 4096


@pytest.fixture
def archive_root(tmp_path):
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def backup(archive_root):
    def make(identifier=ID, **fields):
        return Backup(archive_root, "main", identifier, **fields)
    return make


@pytest.fixture
def restore(run, archive_root, tmp_path):
    def call(*options, backup_id=ID, target=None, command=run, **more):
        return command("restore", *options, f"file://{archive_root}", "main", backup_id, target or tmp_path / "data",
                       **more)
    return call


def tree(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def failure(done, status):
    """The text of the only ERROR line."""
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    lines = re.findall(rf"^{LINE}ERROR: (?:Barman cloud restore exception: )?(.*)$", done.stderr, re.MULTILINE)
    assert len(lines) == 1, done.stderr
    return lines[0]


PGDATA = ["PG_VERSION", "backup_label", "base", "base/5", "base/5/1259", "empty", "global", "global/pg_control",
          "pg_tblspc", "pg_wal", "pg_wal/archive_status"]


def untouched(tmp_path):
    assert not (tmp_path / "data").exists()
