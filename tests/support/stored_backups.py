"""Base backups and WAL as the original stores them, for tests that only list, keep and delete them."""
import datetime


def backup_info(begin_wal, *, end_wal=None, status="DONE", end_time=None, name=None, timeline=None, extra=""):
    """The text of a backup.info of the set of fields that every version reads."""
    done = status == "DONE"
    end = end_time or datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)
    fields = {
        "backup_label": None, "begin_offset": 40, "begin_time": end, "begin_wal": begin_wal, "begin_xlog": "0/3000028",
        "compression": None, "config_file": "/pg/postgresql.conf", "copy_stats": None, "deduplicated_size": None,
        "end_offset": 256 if done else None, "end_time": end if done else None,
        "end_wal": (end_wal or begin_wal) if done else None, "end_xlog": "0/3000100" if done else None,
        "error": None if done else "it was killed", "hba_file": "/pg/pg_hba.conf", "ident_file": "/pg/pg_ident.conf",
        "included_files": None, "mode": None, "pgdata": "/pg", "server_name": "cloud", "size": None, "status": status,
        "systemid": 7710181699422938022, "tablespaces": None,
        "timeline": timeline or (int(begin_wal[:8], 16) if begin_wal else None), "version": 150018,
        "xlog_segment_size": 16777216}
    if name:
        fields["backup_name"] = name
    return "".join(f"{key}={value}\n" for key, value in sorted(fields.items())) + extra


def wal_name(timeline, log, segment):
    return f"{timeline:08X}{log:08X}{segment:08X}"


def wal_key(name, suffix="", server="main"):
    return f"{server}/wals/{name[:16]}/{name}{suffix}"


def backup_objects(backup_id, begin_wal, *, archives=("data.tar",), keep=None, server="main", **named):
    """{key: text} of one backup."""
    folder = f"{server}/base/{backup_id}"
    objects = {f"{folder}/{name}": "archive" for name in archives}
    objects[f"{folder}/backup.info"] = backup_info(begin_wal, **named)
    if keep:
        objects[f"{folder}/annotations/keep"] = keep
    return objects


def id_of(days_ago):
    """The id, and the time, of a backup that was taken so many days ago."""
    time = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(days=days_ago)
    return time.strftime("%Y%m%dT%H%M%S"), time


def three_backups(server="main", **named):
    """Taken 90, 60 and 1 days ago, beginning at logs 1, 2 and 3; WAL at each and before. (ids, {key: text})"""
    objects, ids = {}, []
    for log, days in ((1, 90), (2, 60), (3, 1)):
        backup_id, time = id_of(days)
        ids.append(backup_id)
        objects |= backup_objects(backup_id, wal_name(1, log, 0), end_time=time, server=server, **named)
    for log in range(4):
        for segment in range(2):
            objects[wal_key(wal_name(1, log, segment), ".gz", server)] = "wal"
    objects[f"{server}/wals/00000001.history"] = "history"
    return ids, objects
