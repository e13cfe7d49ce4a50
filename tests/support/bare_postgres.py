"""PostgreSQL in the room of bare_room: /srv holds its data directory and its socket, as the operator's volumes do."""
import contextlib
import functools
import os
import pathlib
import subprocess
import tempfile

from support.bare_room import UID
from support.postgres import programs, until

# For the room's environment.
ENVIRONMENT = {"PGHOST": "/srv/run", "PGPORT": "5432", "TMPDIR": "/srv/run"}


@functools.cache
def _template():
    """A folder with a data directory as initdb makes it; initdb wants a user with a name, which 26 need not have."""
    holder = tempfile.TemporaryDirectory(prefix="tapster-template-")
    folder = pathlib.Path(holder.name)
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    subprocess.run(["chown", "nobody", str(data)], check=True)
    subprocess.run(["runuser", "-u", "nobody", "--", str(programs() / "initdb"), "-D", str(data), "-U", "postgres",
                    "-A", "trust", "-N", "--data-checksums"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    return holder


@contextlib.contextmanager
def running(room, folder, ready):
    """PostgreSQL in the room, from when it is ready."""
    log = room.folder / f"run/{folder}.log"
    server = room.start("sh", "-c", f'exec "$0" -D /srv/{folder} </dev/null >/srv/run/{folder}.log 2>&1',
                        programs() / "postgres")
    try:
        until(lambda: server.poll() is not None or ready(), f"PostgreSQL in {folder}", 60)
        assert server.poll() is None, log.read_text()
        yield
    finally:
        server.terminate()
        server.wait(30)


@contextlib.contextmanager
def primary(room, archive_command):
    """A running primary in /srv/pgdata, which archives by the words of the command."""
    data = room.folder / "pgdata"
    subprocess.run(["cp", "-a", f"{_template().name}/data", str(data)], check=True)
    line = " ".join(archive_command)
    with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
        file.write("listen_addresses = ''\nunix_socket_directories = '/srv/run'\nfsync = off\nshared_buffers = 16MB\n"
                   f"dynamic_shared_memory_type = mmap\narchive_mode = on\narchive_command = '{line}'\n")
    room.file("run/.keep", b"")
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(data)], check=True)
    with running(room, "pgdata", lambda: room.run(programs() / "pg_isready", "-qU", "postgres").returncode == 0):
        yield


def sql(room, query, **environment):
    """What psql prints; empty when the server does not take connections."""
    return room.run(programs() / "psql", "-U", "postgres", "-d", "postgres", "-XAtq", "-c", query, **environment).stdout


@contextlib.contextmanager
def recovered(room, folder, restore_command, target):
    """The restored cluster in /srv/FOLDER, recovered to the restore point by the words of the command, on port 5433."""
    with open(room.folder / folder / "postgresql.conf", "a", encoding="utf-8") as file:
        file.write(f"port = 5433\narchive_mode = off\nrecovery_target_name = '{target}'\n"
                   f"recovery_target_action = promote\nrestore_command = '{' '.join(restore_command)}'\n")
    room.file(f"{folder}/recovery.signal", b"")
    os.chmod(room.folder / folder, 0o700)
    promoted = "select not pg_is_in_recovery()"
    with running(room, folder, lambda: sql(room, promoted, PGPORT="5433") == "t\n"):
        yield
