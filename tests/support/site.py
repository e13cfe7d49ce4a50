"""One archive on one store, used as a PostgreSQL server uses it, and what its messages must look like."""
import re

SERVER = "main"
SEGMENT = "000000010000000000000001"


def wal_key(name=SEGMENT, suffix="", prefix=""):
    folder = "" if name.endswith(".history") else name[:16].upper() + "/"
    return f"{prefix}{SERVER}/wals/{folder}{name}{suffix}"


class Site:
    """Commands with the endpoint and the bucket filled in. `options` go in front of the positionals."""

    def __init__(self, run, endpoint, bucket, folder):
        self.run, self.endpoint, self.bucket, self.folder = run, endpoint, bucket, folder
        self.destination = folder / "restored" / "RECOVERYXLOG"
        self.destination.parent.mkdir(exist_ok=True)

    def with_env(self, **changes):
        return type(self)(self.run.with_env(**changes), self.endpoint, self.bucket, self.folder)

    def _arguments(self, options):
        endpoint = ["--endpoint-url", self.endpoint] if self.endpoint else []
        return [*endpoint, *options, f"s3://{self.bucket}", SERVER]

    def segment(self, content, name=SEGMENT):
        path = self.folder / "pg_wal" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def archive(self, path, *options, **named):
        options = ["--spool-dir", self.folder / "walarchive", *options]
        return self.run("wal-archive", *self._arguments(options), path, **named)

    def restore(self, *options, name=SEGMENT, destination=None, **named):
        options = ["--spool-dir", self.folder / "spool", *options]
        return self.run("wal-restore", *self._arguments(options), name, destination or self.destination, **named)

    def check(self, *options, **named):
        return self.run("check-wal-archive", *self._arguments(options), **named)

    def restored(self):
        """The restored bytes; None when nothing is there. A stray file beside them fails the test."""
        left = sorted(path.name for path in self.destination.parent.iterdir())
        assert left in ([], [self.destination.name]), f"left behind: {left}"
        return self.destination.read_bytes() if left else None


def lines(result, level):
    return [line for line in result.stderr.splitlines() if re.search(rf" \[\d+\] {level}: ", line)]


def expect(result, *statuses):
    assert result.returncode in statuses, f"exit {result.returncode}, wanted {statuses}\n{result.stderr}{result.stdout}"
    return result


def error_line(result, *mentioned):
    """The one ERROR line; it must mention all that is given, without regard to case."""
    found = lines(result, "ERROR")
    assert len(found) == 1, f"{len(found)} ERROR lines\n{result.stderr}"
    assert "Traceback" not in result.stderr
    missing = [text for text in mentioned if str(text).lower() not in found[0].lower()]
    assert not missing, f"{missing} not in: {found[0]}"
    return found[0]
