"""Every valid shape of the compressed formats is restored, whoever wrote it: parallel compressors write several
streams, people join files with cat, and each tool has its own block sizes and checksums."""
import bz2
import gzip
import io
import lzma
import subprocess
import zlib

import pytest

from support import snappy_framing as snappy
from support.segments import segment_bytes

NAME = "000000010000000000000005"
SIZE = 1024 * 1024
CONTENT = segment_bytes(seed=11, size=SIZE)
PIECES = [CONTENT[at:at + SIZE // 4] for at in range(0, SIZE, SIZE // 4)]
SKIPPABLE = b"\x50\x2a\x4d\x18\x05\x00\x00\x00notes"  # the frame that zstd and lz4 readers pass over


def filtered(command, data=CONTENT):
    return subprocess.run(command.split(), input=data, stdout=subprocess.PIPE, check=True).stdout


def joined(compress):
    return b"".join(compress(piece) for piece in PIECES)


def gzip_with_name():
    target = io.BytesIO()
    with gzip.GzipFile(filename=NAME, mode="wb", fileobj=target) as file:
        file.write(CONTENT)
    return target.getvalue()


def gzip_flushed():
    """One member of independent blocks, as pigz writes it."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [compressor.compress(piece) + compressor.flush(zlib.Z_FULL_FLUSH) for piece in PIECES]
    return b"".join(parts) + compressor.flush()


def xz(data, check):
    return lzma.compress(data, lzma.FORMAT_XZ, check=check, preset=1)


FORMS = {
    "gzip, level 1": (".gz", lambda: gzip.compress(CONTENT, 1)),
    "gzip with a file name": (".gz", gzip_with_name),
    "gzip, several members": (".gz", lambda: joined(gzip.compress)),
    "gzip, an empty member last": (".gz", lambda: gzip.compress(CONTENT) + gzip.compress(b"")),
    "gzip, flushed blocks": (".gz", gzip_flushed),
    "gzip, stored": (".gz", lambda: gzip.compress(CONTENT, 0)),
    "bzip2, level 9": (".bz2", lambda: bz2.compress(CONTENT, 9)),
    "bzip2, several streams": (".bz2", lambda: joined(bz2.compress)),
    "bzip2, levels mixed": (".bz2", lambda: bz2.compress(PIECES[0], 1) + bz2.compress(b"".join(PIECES[1:]), 9)),
    "xz, several streams": (".xz", lambda: joined(lzma.compress)),
    "xz, padding between streams": (".xz", lambda: joined(lambda piece: lzma.compress(piece) + bytes(8))),
    "xz, CRC32": (".xz", lambda: xz(CONTENT, lzma.CHECK_CRC32)),
    "xz, SHA-256": (".xz", lambda: xz(CONTENT, lzma.CHECK_SHA256)),
    "xz, no check": (".xz", lambda: xz(CONTENT, lzma.CHECK_NONE)),
    "xz, several blocks": (".xz", lambda: filtered("xz -1 -c --block-size=100000")),
    "zstd, one frame": (".zst", lambda: filtered("zstd -q -c --no-check")),
    "zstd, checksum and size": (".zst", lambda: filtered(f"zstd -q -c --check --stream-size={SIZE}")),
    "zstd, 128 MiB window": (".zst", lambda: filtered("zstd -q -c --long=27")),
    "zstd, several frames": (".zst", lambda: joined(lambda piece: filtered("zstd -q -c -19", piece))),
    "zstd, skippable frames": (".zst", lambda: SKIPPABLE + filtered("zstd -q -c") + SKIPPABLE),
    "lz4, linked 64 KiB blocks": (".lz4", lambda: filtered("lz4 -q -c -BD -B4 --no-frame-crc")),
    "lz4, independent 4 MiB blocks": (".lz4", lambda: filtered("lz4 -q -c -BI -B7")),
    "lz4, block checksums": (".lz4", lambda: filtered("lz4 -q -c -9 -BX")),
    "lz4, several frames": (".lz4", lambda: joined(lambda piece: filtered("lz4 -q -c", piece))),
    "lz4, skippable frames": (".lz4", lambda: SKIPPABLE + filtered("lz4 -q -c") + SKIPPABLE),
    "snappy, compressed chunks": (".snappy", lambda: snappy.stream(CONTENT)),
    "snappy, stored chunks": (".snappy", lambda: snappy.stream(CONTENT, snappy.STORED)),
    "snappy, repeated identifiers": (".snappy", lambda: joined(snappy.stream)),
    "snappy, padding and unknown skippable chunks": (
        ".snappy", lambda: joined(lambda piece: snappy.stream(piece, snappy.STORED) +
                                  snappy.chunk(snappy.PADDING, bytes(100)) + snappy.chunk(0x80, b"for later"))),
}


@pytest.mark.parametrize("form", FORMS)
def test_is_restored(s3_run, rgw, s3, bucket, tmp_path, form):
    suffix, make = FORMS[form]
    s3.put(bucket, f"main/wals/0000000100000000/{NAME}{suffix}", make())
    restored = tmp_path / "restored"
    done = s3_run("wal-restore", "--endpoint-url", rgw["S3_ENDPOINT"], f"s3://{bucket}", "main", NAME, restored)
    assert (done.returncode, done.stderr) == (0, "")
    assert restored.read_bytes() == CONTENT
