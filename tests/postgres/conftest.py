"""A host for clusters, and archives of each kind on it."""
import pathlib
import shlex

import pytest

from support.postgres import Host

SERVER = "main"

# Stands between PostgreSQL and wal-archive, and kills most of them somewhere on their way: the moment is a random
# part of the time that the last undisturbed one took. Writes down that part of each that died of it. Ends with 1:
# death by a signal would make PostgreSQL restart its archiver, with a pause.
KILLER = """#!/usr/bin/python3
import pathlib, random, subprocess, sys, time
kills, undisturbed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1] + ".undisturbed")
part = random.random()
limit = part * float(undisturbed.read_text()) if undisturbed.exists() and random.random() < 0.8 else None
began = time.monotonic()
process = subprocess.Popen(sys.argv[2:])
try:
    status = process.wait(limit)
except subprocess.TimeoutExpired:
    process.kill()
    if process.wait() < 0:
        with kills.open("a") as file:
            print(part, file=file)
    sys.exit(1)
if limit is None:
    undisturbed.write_text(str(time.monotonic() - began))
sys.exit(1 if status else 0)
"""


class Archive:
    """One place to archive to; the command lines are those that go into postgresql.conf."""

    def __init__(self, host, url, endpoint=None):
        self.host, self.url, self.endpoint = host, url, endpoint
        self.kills = host.folder / "kills"

    def _line(self, command, options, positionals):
        endpoint = ["--endpoint-url", self.endpoint] if self.endpoint else []
        words = [self.host.bin / f"barman-cloud-{command}", *endpoint, *options, self.url, SERVER]
        return " ".join([*(shlex.quote(str(word)) for word in words), *positionals])

    def store(self, *options):
        return self._line("wal-archive", options, ["%p"])

    def store_under_fire(self, *options):
        killer = self.host.file("killer", KILLER, 0o755)
        return f"{killer} {self.kills} {self.store(*options)}"

    def killed(self):
        """How many were killed in the first, the second and the last third of their way."""
        parts = [float(line) for line in self.kills.read_text().splitlines()] if self.kills.exists() else []
        return [sum(int(part * 3) == third for part in parts) for third in range(3)]

    def fetch(self, *options):
        return self._line("wal-restore", options, ["%f", "%p"])


@pytest.fixture
def host(run, rgw):
    names = ("wal-archive", "wal-restore", "check-wal-archive", "backup")
    settings = {name: rgw[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")}
    host = Host([run.path(name) for name in names],
                {**settings, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "2"})
    host.environment["AWS_CA_BUNDLE"] = str(host.file("ca.crt", pathlib.Path(rgw["AWS_CA_BUNDLE"]).read_bytes()))
    yield host
    host.close()


@pytest.fixture
def archive_on(host, rgw, request):
    """archive_on("file" | "http" | "https") -> Archive, empty."""
    def make(kind):
        if kind == "file":
            place = f"file://{host.folder}/archive"
            status, output = host.run(host.bin / "barman-cloud-check-wal-archive", place, SERVER)
            assert status == 0, output
            return Archive(host, place)
        bucket = request.getfixturevalue("bucket")
        return Archive(host, f"s3://{bucket}/pg", rgw["S3_ENDPOINT" if kind == "http" else "S3_ENDPOINT_TLS"])
    return make


@pytest.fixture
def primary(host):
    """primary(archive_command, megabytes) -> a running cluster with pgbench's tables, that archives."""
    def make(archive_command, segment_megabytes=1):
        cluster = host.cluster("primary").create(segment_megabytes)
        cluster.configure(archive_command=archive_command)
        cluster.start()
        cluster.pgbench("-i", "-q", "-s", "1")
        return cluster
    return make
