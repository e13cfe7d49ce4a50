"""Base backups made by hand in a directory, as the original would have stored them."""
import bz2
import gzip
import io
import subprocess
import tarfile

from support import snappy_framing

BACKUP_INFO = """backup_label=None
begin_offset=40
begin_time=2026-11-20 09:25:18.819637+00:00
begin_wal=000000010000000000000007
begin_xlog=0/7000028
end_offset=256
end_time={end_time}
end_wal=000000010000000000000007
end_xlog={end_xlog}
pgdata={pgdata}
server_name=cloud
status={status}
tablespaces={tablespaces}
timeline={timeline}
version={version}
xlog_segment_size=16777216
"""
SUFFIXES = ("", ".gz", ".bz2", ".snappy", ".lz4", ".zst")


def _piped(*command):
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


COMPRESS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".snappy": snappy_framing.stream,
            ".lz4": _piped("lz4", "-q", "-c"), ".zst": _piped("zstd", "-q", "-c")}


def member(name, content=None, *, kind=tarfile.REGTYPE, mode=0o600, mtime=1577934245.5, **fields):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if content is None and kind == tarfile.REGTYPE else kind
    info.mode = 0o700 if info.type == tarfile.DIRTYPE else mode
    info.mtime = mtime
    info.size = len(content or b"")
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def archive(*members, tar_format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content) if content else None)
    return out.getvalue()


def pgdata_members(*more, control=b"control"):
    return [member("./"), member("./PG_VERSION", b"15\n"), member("base"), member("base/5"),
            member("base/5/1259", bytes(range(256)) * 4096), member("global"), member("pg_wal"), member("pg_tblspc"),
            member("empty", b""), *more, member("global/pg_control", control),
            member("backup_label", b"START WAL LOCATION\n", mode=0o644)]


class Backup:
    """One backup in the folder ROOT/SERVER/base/ID."""

    def __init__(self, root, server, identifier, *, tablespaces=None, **fields):
        self.id = identifier
        self.folder = root / server / "base" / identifier
        self.folder.mkdir(parents=True)
        self.fields = {"status": "DONE", "timeline": 1, "version": 150018, "end_xlog": "0/7000100",
                       "pgdata": "/srv/pg/data", "end_time": "2026-11-20 09:25:22.697451+00:00",
                       "tablespaces": tablespaces, **fields}
        extra = "".join(f"{name}={value}\n" for name, value in self.fields.items()
                        if "{" + name + "}" not in BACKUP_INFO)
        (self.folder / "backup.info").write_text(BACKUP_INFO.format(**self.fields) + extra)

    def store(self, name, data):
        (self.folder / name).write_bytes(data)
        return self

    def store_archive(self, base, *members, suffix=""):
        return self.store(f"{base}.tar{suffix}", COMPRESS[suffix](archive(*members)))
