"""Fixtures for the tests that run the commands as their users do.

TAPSTER_BIN      the folder with the built commands (default build/release/bin)
TAPSTER_SERVERS  the folder in which tests/servers/*-up keep their state (default build/servers); each server's
                 NAME/env holds KEY=VALUE lines. A server that is not there is a failure, never a skip.
"""
import os
import pathlib
import subprocess
import sys
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.fixtures import (archive, authority, content, proxied, proxy, scripted, scripted_run,  # noqa: E402, F401
                              scripted_tls, site, site_on, source, store)
from support.azure_fixtures import (azure, azure_container, azure_tls, scripted_azure,  # noqa: E402, F401
                                    scripted_azure_tls, tokens)
from support.gcs_fixtures import (gcs, gcs_bucket, gcs_kept, gcs_plain, gcs_proxy, gcs_site,  # noqa: E402, F401
                                  gcs_source)
from support.s3 import S3  # noqa: E402
from support.segments import segment_bytes  # noqa: E402, F401

BIN = pathlib.Path(os.environ.get("TAPSTER_BIN", ROOT / "build/release/bin"))
SERVERS = pathlib.Path(os.environ.get("TAPSTER_SERVERS", ROOT / "build/servers"))


def server_settings(name):
    path = SERVERS / name / "env"
    assert path.is_file(), f"the {name} server is not running: start it with tests/servers/{name}-up ({path} is missing)"
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


class Command:
    """Runs the commands with a clean environment: run("wal-archive", ...) -> CompletedProcess (text)."""

    def __init__(self, environment):
        self.environment = environment

    def with_env(self, **changes):
        """Another Command; a value of None removes the variable."""
        merged = {**self.environment, **changes}
        return Command({k: str(v) for k, v in merged.items() if v is not None})

    def path(self, name):
        return str(BIN / f"barman-cloud-{name}")

    def __call__(self, name, *arguments, timeout=60, **options):
        return subprocess.run([self.path(name), *map(str, arguments)], env=self.environment, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)


@pytest.fixture
def run(tmp_path):
    return Command({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})


@pytest.fixture(scope="session")
def executables():
    """The folder with the commands."""
    return BIN


@pytest.fixture(scope="session")
def rgw():
    """Settings of the Ceph gateway: S3_ENDPOINT, S3_ENDPOINT_TLS, AWS_*."""
    return server_settings("rgw")


@pytest.fixture(scope="session")
def nginx():
    """Settings of the proxy in front of the gateway: NGINX_ENDPOINT, NGINX_ENDPOINT_TLS, AWS_CA_BUNDLE."""
    return server_settings("nginx")


@pytest.fixture(scope="session")
def azurite():
    """Settings of Azure's emulator: AZURE_URL, AZURE_URL_TLS, AZURE_CA, AZURE_STORAGE_*."""
    return server_settings("azurite")


@pytest.fixture(scope="session")
def gcs_settings():
    """Settings of the fake of Google's store: GCS_ENDPOINT, GCS_ENDPOINT_TLS, GCS_CA, GCS_KEY_FILE and so on."""
    return server_settings("gcs")


@pytest.fixture
def s3(rgw):
    return S3(rgw["S3_ENDPOINT"], rgw["AWS_ACCESS_KEY_ID"], rgw["AWS_SECRET_ACCESS_KEY"])


@pytest.fixture
def s3_run(run, rgw):
    """`run` with credentials for the gateway; few retries, so that failures come fast."""
    return run.with_env(AWS_ACCESS_KEY_ID=rgw["AWS_ACCESS_KEY_ID"],
                        AWS_SECRET_ACCESS_KEY=rgw["AWS_SECRET_ACCESS_KEY"],
                        AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="2", AWS_EC2_METADATA_DISABLED="true")


@pytest.fixture
def bucket(s3):
    """A new, empty bucket, which goes with the test."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(name)
    yield name
    s3.remove_bucket(name)
