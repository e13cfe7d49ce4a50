"""The stores that are measured against: Azurite and the fake of Google Cloud Storage, each started for this and alone.

A store says how the commands find it (`place`, `environment`), what the same requests are for curl (lines of shell), and
looks at what is in it.
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import urllib.parse
import uuid

from support.azure import VERSION, Azure
from support.gcs import Gcs, quoted

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "tests/servers"
PACKAGES = pathlib.Path(os.environ.get("TAPSTER_SERVERS", ROOT / "build/servers")) / "npm"  # where Azurite is installed
AT_ONCE = 2  # parts under way, of ours (-J 2) and of curl
RANGE_SIZE, RANGES_AT_ONCE = 3 * 1024 * 1024, 8  # of ours
CURL = "curl -sSf --no-progress-meter -H Expect:"  # the meter: of parallel transfers


class AzuriteStore:
    """Ours and curl come in with the same container's signature, so that neither signs requests."""

    name = "Azurite http"
    server, more = "azurite", (PACKAGES,)
    header = f'header = "x-ms-version: {VERSION}"\n'

    def __init__(self, settings):
        self.client = Azure.over_http(settings)
        self.container = self.client.fresh_container()
        self.signature = self.client.container_sas(self.container, permissions="rcwdlt", lifetime=24 * 3600)
        self.place = ["--cloud-provider", "azure-blob-storage", f"{self.client.url}/{self.container}"]
        self.environment = {"AZURE_STORAGE_ACCOUNT": self.client.account, "AZURE_STORAGE_SAS_TOKEN": self.signature}
        self.curl = f"{CURL} -H x-ms-version:{VERSION}"

    def url(self, key, query=""):
        return f"{self.client.url}/{self.container}/{urllib.parse.quote(key)}?{query}{self.signature}"

    def keys(self, prefix):
        return self.client.names(self.container, prefix)

    def size(self, key):
        return int(self.client.stat(self.container, key)["content-length"])

    def remove(self, prefix):
        for key in self.keys(prefix):
            self.client.remove(self.container, key)

    def list_words(self, prefix):
        """The request by which ours looks for a segment in all its forms; more of curl's words may follow --next."""
        url = f"{self.client.url}/{self.container}?restype=container&comp=list&maxresults=100&prefix="
        return f"{self.curl} -o /dev/null '{url}{quoted(prefix)}&{self.signature}'"

    def put_line(self, key, same=False):
        """Puts "$f" once. `same`: with the checksum and after the listing of ours."""
        md5 = '-H "Content-MD5: $(openssl dgst -md5 -binary "$f" | base64)" ' if same else ""
        before = f"{self.list_words(key)} --next" + self.curl.removeprefix("curl") if same else self.curl
        return (f'exec {before} {md5}-H "x-ms-blob-type: BlockBlob" -H "Content-Type: application/octet-stream" '
                f"-H 'If-None-Match: *' -T \"$f\" '{self.url(key)}'")

    def parts_script(self, key, parts, work, digest=False):
        """Blocks, then their list. With `digest`, a process for each block, which has its MD5 made first."""
        names = [f"{number:08d}".encode().hex() for number in range(len(parts))]
        urls = [self.url(key, f"comp=block&blockid={name}&") for name in names]
        blocks = "".join(f"<Latest>{name}</Latest>" for name in names)
        listed = work / "blocks.xml"
        listed.write_text(f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>')
        lines = ["set -e"]
        if digest:
            pairs = work / "blocks.pairs"
            pairs.write_text("".join(f"{path}\n{url}\n" for path, url in zip(parts, urls)))
            one = f'h=$(openssl dgst -md5 -binary "$1" | base64); exec {self.curl} -H "Content-MD5: $h" -T "$1" "$2"'
            lines.append(f"xargs -d '\\n' -n2 -P{AT_ONCE} sh -c '{one}' sh <{pairs}")
        else:
            lines.append(f"{self.curl} --parallel --parallel-max {AT_ONCE} -K {transfers(work, parts, urls)}")
        return "\n".join([*lines, f"{self.curl} -H 'If-None-Match: *' -T {listed} '{self.url(key, 'comp=blocklist&')}'"])

    def get_line(self, key, same=False):
        before = f"{self.list_words(key)} --next" + self.curl.removeprefix("curl") if same else self.curl
        return f"{before} '{self.url(key)}'"


class GoogleStore:
    """Without authorization, as emulators are used; what a token costs is measured apart."""

    name = "GCS fake http"
    server, more, header = "gcs", (), ""
    curl = CURL

    def __init__(self, settings):
        self.client, self.bucket = Gcs(settings), f"bench-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(self.bucket)
        self.place = ["--cloud-provider", "google-cloud-storage", f"gs://{self.bucket}"]
        self.environment = self.client.anonymous_environment()
        self.with_token = self.client.environment()
        self.base = settings["GCS_ANONYMOUS_ENDPOINT"]

    def url(self, key):
        return f"{self.base}/{self.bucket}/{urllib.parse.quote(key)}"

    def keys(self, prefix):
        return self.client.keys(self.bucket, prefix)

    def size(self, key):
        return int(self.client.stat(self.bucket, key)["size"])

    def remove(self, prefix):
        for key in self.keys(prefix):
            self.client.remove(self.bucket, key)

    def list_words(self, prefix):
        url = f"{self.base}/storage/v1/b/{self.bucket}/o?maxResults=100&prefix={quoted(prefix)}"
        return f"{self.curl} -o /dev/null '{url}'"

    def put_line(self, key, same=False):
        """`same`: after the listing of ours, but without its checksum, as no standard tool makes CRC-32C."""
        before = f"{self.list_words(key)} --next" + self.curl.removeprefix("curl") if same else self.curl
        target = f"{self.base}/upload/storage/v1/b/{self.bucket}/o?uploadType=media&name={quoted(key)}&ifGenerationMatch=0"
        return (f'exec {before} -o /dev/null -X POST -H "Content-Type: application/octet-stream" -T "$f" '
                f"'{target}'")

    def parts_script(self, key, parts, work, digest=False):
        """An upload in parts, by the XML API."""
        assert not digest, "no standard tool makes CRC-32C"
        urls = [f"{self.url(key)}?partNumber={number}&uploadId=@ID@" for number in range(1, len(parts) + 1)]
        template, url = transfers(work, parts, urls), self.url(key)
        part = "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>"
        return "\n".join([
            "set -e",
            f"id=$({self.curl} -X POST -H 'Content-Type: application/octet-stream' -d '' '{url}?uploads' |"
            " sed -n 's/.*<UploadId>\\(.*\\)<.UploadId>.*/\\1/p')",
            f'sed "s|@ID@|$id|" {template} >{work}/parts.curl',
            f"{self.curl} --parallel --parallel-max {AT_ONCE} -K {work}/parts.curl "
            f"-w '%{{urlnum}} %header{{etag}}\\n' >{work}/etags",
            f"sort -n {work}/etags | awk 'BEGIN {{ printf \"<CompleteMultipartUpload>\" }} "
            f"{{ gsub(/\"/, \"\", $2); printf \"{part}\", $1 + 1, $2 }} END {{ printf \"</CompleteMultipartUpload>\" }}' "
            f">{work}/parts.xml",
            f"{self.curl} -o /dev/null -H 'Content-Type: application/xml' --data-binary @{work}/parts.xml \"{url}?uploadId=$id\""])

    def get_line(self, key, same=False):
        before = f"{self.list_words(key)} --next" + self.curl.removeprefix("curl") if same else self.curl
        return f"{before} '{self.url(key)}'"


def transfers(work, parts, urls):
    """A configuration for curl that puts each file to its address."""
    path = work / "transfers.curl"
    path.write_text("".join(f'url = "{url}"\nupload-file = "{part}"\n' for part, url in zip(parts, urls)))
    return path


def ranges_line(store, key, size, work, folder):
    """Gets the object in ranges as large as those of ours, as many at a time, into a file each."""
    path = work / "ranges.curl"
    path.write_text("next\n".join(f'url = "{store.url(key)}"\noutput = "{folder}/{at:012d}"\n'
                                  f'range = "{at}-{min(at + RANGE_SIZE, size) - 1}"\nfail\nsilent\n{store.header}'
                                  for at in range(0, size, RANGE_SIZE)))
    return f"exec curl --no-progress-meter --parallel --parallel-max {RANGES_AT_ONCE} -K {path}"


@contextlib.contextmanager
def started(kind, folder):
    """A store of this class on a server of its own below `folder`, which goes with everything in it."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{kind.server}-", dir=folder) as place:
        try:
            subprocess.run([SCRIPTS / f"{kind.server}-up", place, *kind.more], check=True, stdout=subprocess.DEVNULL)
            lines = (pathlib.Path(place) / "env").read_text().splitlines()
            yield kind(dict(line.split("=", 1) for line in lines if "=" in line))
        finally:
            subprocess.run([SCRIPTS / f"{kind.server}-down", place], check=True)
