"""The original, Debian's barman-cli-cloud, as a black box. It reads gzip, bzip2 and plain WAL, and writes them."""
import pathlib
import subprocess

import pytest

ORIGINAL = pathlib.Path("/usr/bin")


@pytest.fixture
def original(s3_run):
    """original("wal-archive", ...) -> CompletedProcess, in the environment of `s3_run`."""
    assert (ORIGINAL / "barman-cloud-wal-archive").exists(), "the original is missing: apt-get install barman-cli-cloud"

    def run(name, *arguments):
        return subprocess.run([ORIGINAL / f"barman-cloud-{name}", *map(str, arguments)], env=s3_run.environment,
                              timeout=120, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def place(rgw, bucket):
    """The arguments that name the archive: endpoint, URL, server."""
    return ["--endpoint-url", rgw["S3_ENDPOINT"], f"s3://{bucket}/some/folder", "main"]
