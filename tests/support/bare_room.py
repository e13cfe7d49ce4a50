"""Runs commands as CloudNativePG's containers do: an unprivileged user without capabilities, everything
read-only, no /tmp and no /var/tmp, stdin closed.

A mount namespace of its own makes the room, so the test must be root; when that is impossible the
test fails. /srv is the one writable folder (the volume with PGDATA), /opt holds the commands.
"""
import os
import pathlib
import subprocess

UID = 26
_ROOM = r"""
set -e
mount --make-rprivate /
mount --bind "$1" /srv
mount --bind "$2" /opt
# The deepest first; what cannot be remounted is the kernel's own (proc, sys, cgroup).
for mounted in $(awk '$5 != "/srv" && $5 !~ "^/(proc|sys)(/|$)" { print $5 }' /proc/self/mountinfo | sort -r -u); do
  mount -o remount,ro,bind "$mounted"
done
mount -t tmpfs -o ro,mode=000 tmpfs /tmp
mount -t tmpfs -o ro,mode=000 tmpfs /var/tmp
cd /srv
shift 2
exec setpriv --reuid=26 --regid=26 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@" <&-
"""


class BareRoom:
    def __init__(self, folder, commands, environment):
        """`folder` becomes /srv, for user 26; `environment` is all that the commands get."""
        assert os.geteuid() == 0, "the read-only room is made of mounts: run this test as root"
        self.folder, self.commands = pathlib.Path(folder), str(commands)
        self.folder.mkdir(exist_ok=True)
        os.chown(self.folder, UID, UID)
        self.environment = {"PATH": "/opt:/usr/bin:/bin", **environment}

    def file(self, name, content):
        """A file of user 26; returns its path inside."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        for changed in (path, path.parent):
            os.chown(changed, UID, UID)
        return f"/srv/{name}"

    def start(self, *command, **changes):
        environment = {name: value for name, value in {**self.environment, **changes}.items() if value is not None}
        return subprocess.Popen(["/usr/bin/unshare", "-m", "/bin/bash", "-c", _ROOM, "room", str(self.folder),
                                 self.commands, *map(str, command)], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *command, timeout=60, **changes):
        started = self.start(*command, **changes)
        out, err = started.communicate(timeout=timeout)
        return subprocess.CompletedProcess(command, started.returncode, out, err)
