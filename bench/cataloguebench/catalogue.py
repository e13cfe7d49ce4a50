"""A catalogue of many backups with the WAL between them: what it holds, and what a retention policy leaves of it."""
import dataclasses
import datetime

SERVER = "srv"
PAGE = 1000  # keys in one answer to a list request, and in one request to delete
KEPT_STANDALONE = (0.1, 0.3, 0.5)  # of the way from the oldest backup to the newest
SEGMENTS_IN_BACKUP = 3

# What the original 3.4 writes; it cannot read what later releases added.
INFO = """backup_label={label!r}
begin_offset=40
begin_time={begin}
begin_wal={first}
begin_xlog={log}/{offset:X}000028
compression=None
config_file=/srv/pg/data/postgresql.conf
copy_stats={{'total_time': 13.145711, 'number_of_workers': 2, 'analysis_time': 0, \
'analysis_time_per_item': {{'data': 0}}, 'copy_time_per_item': {{'data': 11.180841}}, \
'serialized_copy_time_per_item': {{'data': 9.130076}}, 'copy_time': 11.696376, 'serialized_copy_time': 9.531542}}
deduplicated_size=None
end_offset=256
end_time={end}
end_wal={last}
end_xlog={log}/{offset:X}000100
error=None
hba_file=/srv/pg/data/pg_hba.conf
ident_file=/srv/pg/data/pg_ident.conf
included_files=None
mode=None
pgdata=/srv/pg/data
server_name=cloud
size=None
status=DONE
systemid=7710181699422938022
tablespaces=None
timeline=1
version=150018
xlog_segment_size=16777216
"""


def wal_name(number):
    return f"00000001{number >> 8:08X}{number & 0xFF:08X}"


def wal_key(number):
    name = wal_name(number)
    return f"{SERVER}/wals/{name[:16]}/{name}"


def pages(count):
    return max(1, -(-count // PAGE))


@dataclasses.dataclass(frozen=True)
class Backup:
    time: datetime.datetime
    first: int  # segment
    kept: bool

    @property
    def id(self):
        return self.time.strftime("%Y%m%dT%H%M%S")

    @property
    def last(self):
        return self.first + SEGMENTS_IN_BACKUP - 1

    @property
    def end(self):
        return self.time + datetime.timedelta(seconds=13, microseconds=145711)

    def key(self, name):
        return f"{SERVER}/base/{self.id}/{name}"

    def info(self):
        label = (f"START WAL LOCATION: 0/C000028 (file {wal_name(self.first)})\nCHECKPOINT LOCATION: 0/C000060\n"
                 f"BACKUP METHOD: streamed\nBACKUP FROM: primary\nLABEL: Barman backup cloud {self.id}\n"
                 "START TIMELINE: 1\n")
        return INFO.format(label=label, begin=self.time.isoformat(" "), end=self.end.isoformat(" "),
                           first=wal_name(self.first), last=wal_name(self.last), log=f"{self.first >> 8:X}",
                           offset=self.first & 0xFF).encode()


class Catalogue:
    """One backup a day until yesterday, and so many WAL objects spread over those days."""

    def __init__(self, backups, segments):
        today = datetime.datetime.now(datetime.timezone.utc).replace(hour=1, minute=0, second=0, microsecond=0)
        kept = {int(part * backups) for part in KEPT_STANDALONE}
        self.backups = [Backup(today - datetime.timedelta(days=backups - number), number * segments // backups + 1,
                               number in kept) for number in range(backups)]
        self.segments = segments
        self.days = backups // 5
        self.policy = f"RECOVERY WINDOW OF {self.days} DAYS"

    def small_keys(self):
        """Objects whose content does not matter."""
        archives = [backup.key("data.tar") for backup in self.backups]
        return archives + [wal_key(number) for number in range(self.segments)]

    def other_objects(self):
        """key -> content."""
        found = {backup.key("backup.info"): backup.info() for backup in self.backups}
        found.update({backup.key("annotations/keep"): b"standalone" for backup in self.backups if backup.kept})
        return found

    def obsolete(self, now=None):
        """(keys below base, keys below wals) that the policy gives up."""
        limit = (now or datetime.datetime.now(datetime.timezone.utc)) - datetime.timedelta(days=self.days)
        # The newest backup that is older than the window is still needed, to reach the window's start.
        oldest = max(number for number, backup in enumerate(self.backups) if backup.end < limit)
        gone = [backup for backup in self.backups[:oldest] if not backup.kept]
        needed = {number for backup in self.backups[:oldest] if backup.kept
                  for number in range(backup.first, backup.last + 1)}
        base = {backup.key(name) for backup in gone for name in ("data.tar", "backup.info")}
        return base, {wal_key(number) for number in range(self.backups[oldest].first) if number not in needed}

    def necessary(self, operation):
        """The fewest requests with which S3 lets the operation be done."""
        kept = sum(backup.kept for backup in self.backups)
        everything = pages(2 * len(self.backups) + kept)  # annotations show only in a listing of all keys
        if operation == "list JSON":  # has no annotations
            return pages(len(self.backups)) + len(self.backups)
        if operation == "list console":
            return everything + len(self.backups) + kept
        base, wals = self.obsolete()
        # backup.info goes when the archives are gone, so that a deletion that failed can be repeated.
        deletions = 2 * pages(len(base) // 2) + pages(len(wals))
        return everything + len(self.backups) + kept + pages(self.segments) + deletions
