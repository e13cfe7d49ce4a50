"""pgBackRest with its repository on the gateway, over https: it speaks nothing else to S3."""
import json
import urllib.parse

from basebench.contenders import line

STANZA = "bench"


class PgBackRest:
    def __init__(self, host, cluster, store):
        self.host = host
        place = urllib.parse.urlsplit(store.endpoint)
        folders = {name: host.folder / f"pgbackrest-{name}" for name in ("lock", "spool")}
        for folder in folders.values():
            folder.mkdir()
            host.own(folder)
        self.config = host.file("pgbackrest.conf", f"""[global]
process-max=2
start-fast=y
expire-auto=n
log-level-file=off
log-level-console=warn
lock-path={folders["lock"]}
spool-path={folders["spool"]}
repo1-type=s3
repo1-path=/pgbackrest
repo1-retention-full=1
repo1-bundle=y
repo1-s3-bucket={store.bucket}
repo1-s3-endpoint={place.hostname}
repo1-s3-region=us-east-1
repo1-s3-key={store.access_key}
repo1-s3-key-secret={store.secret_key}
repo1-s3-uri-style=path
repo1-storage-port={place.port}
repo1-storage-ca-file={store.ca_file}
repo1-storage-verify-tls=y

[global:archive-push]
compress-type=none

[{STANZA}]
pg1-path={cluster.data}
pg1-port={cluster.port}
pg1-socket-path={host.folder}
pg1-user=postgres
""", 0o600)
        self._run("stanza-create")

    def _command(self, *words):
        return ["pgbackrest", f"--config={self.config}", f"--stanza={STANZA}", *words]

    def _run(self, *words):
        process = self.host.spawn(*self._command(*words))
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, f"pgbackrest {words[0]} ended with {process.returncode}: {output}"
        return output

    def backup(self, codec):
        return "exec " + line(*self._command("--type=full", f"--compress-type={codec.pgbackrest}", "backup"))

    def restore(self, label, target):
        return "exec " + line(*self._command(f"--set={label}", f"--pg1-path={target}", "--type=none", "restore"))

    def archive(self):
        return line(*self._command("archive-push")) + ' "$1"'

    def newest(self):
        """(label, stored bytes) of the newest backup."""
        backups = json.loads(self._run("info", "--output=json"))[0]["backup"]
        return backups[-1]["label"], backups[-1]["info"]["repository"]["delta"]

    def expire(self):
        """Removes all but the newest backup."""
        self._run("expire")
