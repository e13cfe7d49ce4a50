"""A minimal client of Azure Blob Storage for tests to look at a store with, independent of the code under test.

Standard library only. Answers are (status, headers with lower-case names, body).
"""
import datetime
import email.utils
import http.client
import re
import ssl
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

from support import sas, sharedkey

VERSION = "2021-12-02"  # x-ms-version: the least that has everything these tests and tapster use


def _quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


class Azure:
    """`url` is the account's: http://127.0.0.1:PORT/ACCOUNT, or https://ACCOUNT.blob.core.windows.net. Requests are
    signed with the key, unless with_sas, with_token or anonymous made the client."""

    def __init__(self, url, account, key, ca_file=None):
        self.url, self.account, self.key, self.ca_file = url.rstrip("/"), account, key, ca_file
        self.parts = urllib.parse.urlsplit(self.url)
        self.context = ssl.create_default_context(cafile=ca_file) if self.parts.scheme == "https" else None
        self.sas = self.bearer = None
        self.signs = True

    @classmethod
    def over_http(cls, settings):
        """From the settings that azurite-up wrote."""
        return cls(settings["AZURE_URL"], settings["AZURE_STORAGE_ACCOUNT"], settings["AZURE_STORAGE_KEY"])

    @classmethod
    def over_https(cls, settings):
        return cls(settings["AZURE_URL_TLS"], settings["AZURE_STORAGE_ACCOUNT"], settings["AZURE_STORAGE_KEY"],
                   settings["AZURE_CA"])

    # -- credentials -----------------------------------------------------------------------------

    def _without_key(self, given_sas=None, bearer=None):
        other = Azure(self.url, self.account, self.key, self.ca_file)
        other.signs, other.sas, other.bearer = False, given_sas, bearer
        return other

    def with_sas(self, text):
        """A client that has this shared access signature (a query string) and nothing else."""
        return self._without_key(given_sas=text)

    def with_token(self, token):
        return self._without_key(bearer=token)

    def anonymous(self):
        return self._without_key()

    def account_sas(self, **named):
        return sas.account_sas(self.account, self.key, **named)

    def container_sas(self, container, **named):
        return sas.container_sas(self.account, self.key, container, **named)

    def connection_string(self, signature=None):
        """With the key, or with a shared access signature instead."""
        secret = f"SharedAccessSignature={signature}" if signature else f"AccountKey={self.key}"
        return (f"DefaultEndpointsProtocol={self.parts.scheme};AccountName={self.account};{secret};"
                f"BlobEndpoint={self.url};")

    def environment(self, mode, container=None, tokens=None):
        """What a command needs to come in: mode "connection-string", "sas-connection-string", "key", "account-sas",
        "container-sas" (for `container`) or "token" (a managed identity's, from `tokens`, a TokenServer)."""
        found = {"REQUESTS_CA_BUNDLE": self.ca_file} if self.ca_file else {}
        if mode == "connection-string":
            return {**found, "AZURE_STORAGE_CONNECTION_STRING": self.connection_string()}
        if mode == "sas-connection-string":
            return {**found, "AZURE_STORAGE_CONNECTION_STRING": self.connection_string(self.account_sas())}
        found["AZURE_STORAGE_ACCOUNT"] = self.account
        if mode == "key":
            return {**found, "AZURE_STORAGE_KEY": self.key}
        if mode == "account-sas":
            return {**found, "AZURE_STORAGE_SAS_TOKEN": self.account_sas()}
        if mode == "container-sas":
            return {**found, "AZURE_STORAGE_SAS_TOKEN": self.container_sas(container)}
        assert mode == "token", mode
        return {**found, **tokens.token_environment("app-service")}

    # -- requests --------------------------------------------------------------------------------

    def target(self, container="", blob="", query=None):
        """The request line's target, before authorisation."""
        path = self.parts.path + "".join(f"/{urllib.parse.quote(part, safe='/-_.~')}" for part in (container, blob)
                                         if part)
        text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in (query or {}).items())
        return (path or "/") + (f"?{text}" if text else "")

    def authorize(self, method, target, headers):
        """(target, headers) with this client's credential; headers in, with lower-case names, are not changed."""
        headers = {"x-ms-date": email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc), usegmt=True),
                   **headers}
        if self.sas:
            target += ("&" if "?" in target else "?") + self.sas
        if self.bearer:
            headers["authorization"] = f"Bearer {self.bearer}"
        if self.signs:
            headers["authorization"] = sharedkey.authorization(method, target, headers, self.account, self.key)
        return target, headers

    def request(self, method, container="", blob="", query=None, headers=None, body=b""):
        sent = {"x-ms-version": VERSION, **{name.lower(): value for name, value in (headers or {}).items()}}
        if method in ("PUT", "POST"):
            sent = {"content-length": str(len(body)), "content-type": "application/octet-stream", **sent}
        target, sent = self.authorize(method, self.target(container, blob, query), sent)
        make = http.client.HTTPSConnection if self.context else http.client.HTTPConnection
        connection = make(self.parts.netloc, timeout=60, **({"context": self.context} if self.context else {}))
        try:
            connection.request(method, target, body if method in ("PUT", "POST") else None, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def _expect(self, allowed, *arguments, **named):
        status, headers, body = self.request(*arguments, **named)
        assert status in allowed, (arguments[:3], status, body[:800])
        return headers, body

    # -- containers ------------------------------------------------------------------------------

    def create_container(self, container):
        self._expect((201,), "PUT", container, query={"restype": "container"})

    def fresh_container(self):
        """The name of a new, empty container."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.create_container(name)
        return name

    def has_container(self, container):
        status, _, body = self.request("GET", container, query={"restype": "container"})
        assert status in (200, 404), (container, status, body[:800])
        return status == 200

    def remove_container(self, container):
        """With everything in it; one that is gone already is fine."""
        self._expect((202, 404), "DELETE", container, query={"restype": "container"})

    # -- blobs -----------------------------------------------------------------------------------

    def put(self, container, blob, body, headers=None, tags=None, metadata=None):
        given = {"x-ms-blob-type": "BlockBlob", **(headers or {})}
        given.update({f"x-ms-meta-{name}": value for name, value in (metadata or {}).items()})
        if tags:
            given["x-ms-tags"] = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in tags.items())
        self._expect((201,), "PUT", container, blob, headers=given, body=body)

    def get(self, container, blob, headers=None):
        """The blob's bytes, or None when it does not exist."""
        status, _, body = self.request("GET", container, blob, headers=headers)
        assert status in (200, 206, 404), (blob, status, body[:800])
        return body if status != 404 else None

    def stat(self, container, blob):
        """The blob's headers, or None."""
        status, headers, _ = self.request("HEAD", container, blob)
        assert status in (200, 404), (blob, status)
        return headers if status == 200 else None

    def metadata(self, container, blob):
        return {name[len("x-ms-meta-"):]: value for name, value in self.stat(container, blob).items()
                if name.startswith("x-ms-meta-")}

    def tags(self, container, blob):
        _, body = self._expect((200,), "GET", container, blob, query={"comp": "tags"})
        return {tag.findtext("Key"): tag.findtext("Value") for tag in ElementTree.fromstring(body).iter("Tag")}

    def remove(self, container, blob):
        self._expect((202,), "DELETE", container, blob)

    def batch(self, requests):
        """The body of a Blob Batch from (target, headers) of each deletion, with the boundary "batch"."""
        parts = ["--batch\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
                 f"Content-ID: {number}\r\n\r\nDELETE {target} HTTP/1.1\r\n"
                 + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "Content-Length: 0\r\n\r\n"
                 for number, (target, headers) in enumerate(requests)]
        return ("".join(parts) + "--batch--\r\n").encode()

    def remove_many(self, container, blobs):
        """In one Blob Batch: (the answer's status, the parts' statuses by Content-ID, its body)."""
        body = self.batch(self.authorize("DELETE", self.target(container, blob), {}) for blob in blobs)
        status, _, answer = self.request("POST", container, query={"restype": "container", "comp": "batch"},
                                         headers={"content-type": "multipart/mixed; boundary=batch"}, body=body)
        parts = re.findall(rb"Content-ID: (\d+)\r\n\r\nHTTP/1\.1 (\d+) ", answer)
        return status, {int(number): int(code) for number, code in parts}, answer

    def _list(self, container, query):
        """(the <Blob> elements, the names of <BlobPrefix>) of all pages."""
        blobs, prefixes, marker = [], [], None
        while True:
            page = {"restype": "container", "comp": "list", **query, **({"marker": marker} if marker else {})}
            root = ElementTree.fromstring(self._expect((200,), "GET", container, query=page)[1])
            blobs += root.iter("Blob")
            prefixes += [entry.findtext("Name") for entry in root.iter("BlobPrefix")]
            marker = root.findtext("NextMarker")
            if not marker:
                return blobs, prefixes

    def names(self, container, prefix="", **query):
        return [blob.findtext("Name") for blob in self._list(container, {"prefix": prefix, **query})[0]]

    def folders(self, container, prefix=""):
        return self._list(container, {"prefix": prefix, "delimiter": "/"})[1]

    def uncommitted(self, container):
        """Names of blobs that consist of staged blocks alone: what an upload leaves behind that nobody ended."""
        listed = set(self.names(container))
        return [name for name in self.names(container, include="uncommittedblobs") if name not in listed]

    def blocks(self, container, blob):
        """{"committed": [(id, bytes)], "uncommitted": [...]}"""
        _, body = self._expect((200,), "GET", container, blob, query={"comp": "blocklist", "blocklisttype": "all"})
        root = ElementTree.fromstring(body)
        return {kind: [(block.findtext("Name"), int(block.findtext("Size")))
                       for block in root.iterfind(f"{kind.capitalize()}Blocks/Block")]
                for kind in ("committed", "uncommitted")}
