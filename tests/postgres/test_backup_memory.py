"""The memory of a backup does not depend on the size of what it copies."""
import os
import re
import subprocess
import sys

import pytest

from support.http_server import Response

MIB = 1024 * 1024
LIMIT = 128 * MIB

# Prints the peak resident set of the command that it runs, in bytes: wait4 knows it, also of one that has ended.
MEASURE = """import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print("peak", usage.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def swallow(exchange):
    """Takes the archive's parts and forgets them: a gateway that lives in memory need not hold them all."""
    request = exchange.request
    exchange.read_body()
    request.body = request.raw_body = b""
    name = f"<Bucket>b</Bucket><Key>{request.path[1:].partition('/')[2]}</Key>"
    if "uploads" in request.query:
        body = f"<InitiateMultipartUploadResult>{name}<UploadId>1</UploadId></InitiateMultipartUploadResult>"
    elif request.method == "POST":
        body = f"<CompleteMultipartUploadResult>{name}<ETag>&quot;1-1&quot;</ETag></CompleteMultipartUploadResult>"
    else:
        body = ""
    exchange.send(Response(200, [("ETag", '"00000000000000000000000000000001"')], body.encode()))


@pytest.fixture
def sink(archive, proxy):
    """The archive, but nothing arrives of data.tar."""
    proxy.inject(swallow, path=r"/data\.tar")
    return archive.through(proxy.endpoint)


@pytest.fixture
def padded(source):
    """padded(mebibytes): a file of that size, in a folder of the data directory that belongs to nobody."""
    path = source.cluster.data / "base" / "padding"

    def make(mebibytes):
        block = os.urandom(MIB // 2).hex().encode()
        with open(path, "wb") as file:
            for _ in range(mebibytes):
                file.write(block)
        source.host.own(path)
    yield make
    path.unlink(missing_ok=True)


def peak(source, place, *options, **environment):
    line = source.host.ours.line("backup", place, "--port", source.cluster.port, "--immediate-checkpoint", *options)
    done = subprocess.run([sys.executable, "-c", MEASURE, *line], capture_output=True, text=True, timeout=300,
                          env={**source.host.environment, **environment}, cwd=source.host.folder, check=False,
                          **source.host.identity)
    assert done.returncode == 0, done
    return int(re.search(r"^peak (\d+)$", done.stdout, re.M)[1])


# bzip2 takes its time, and its memory is known after a few blocks.
@pytest.mark.parametrize("codec, mebibytes", [("plain", 1024), ("gzip", 1024), ("bzip2", 64), ("snappy", 1024),
                                              ("lz4", 1024), ("zstd", 1024)])
def test_the_peak_of_a_backup_stays_below_128_mib(source, sink, padded, codec, mebibytes):
    padded(mebibytes)
    options = [] if codec == "plain" else [f"--{codec}"]
    assert peak(source, sink, *options) < LIMIT
