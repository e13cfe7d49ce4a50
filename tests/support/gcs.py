"""The fake of Google Cloud Storage (gcs_server) from a test's side: a client to look at its buckets with, independent of
the code under test, its journal, its faults, and the environments in which commands find it.

    gcs = Gcs(settings)                     # of FOLDER/env, or of a Server in the test's own process
    mark = gcs.mark()
    run.with_env(**gcs.environment())(...)
    assert [r["status"] for r in gcs.requests(mark, bucket)] == [200]

The client comes in by the door without authorization; its own requests are not in `requests`.
"""
import contextlib
import http.client
import json
import os
import urllib.parse

from support.gcs_server import refusals
from support.http_server import Response

_AGENT = "tapster-tests"
REQUEST_ID = "fault-upload-0001"


def quoted(name):
    return urllib.parse.quote(name, safe="")


def refuse(refusal, form=refusals.JSON):
    """A fault for FaultProxy.inject: the refusal in Google's form, "json", "xml" or "text", with a request id."""
    def fault(exchange):
        exchange.read_body()
        refused = refusal.response(form)
        exchange.send(Response(refused.status, [*refused.headers, ("X-GUploader-UploadID", REQUEST_ID)], refused.body))
    return fault


def trouble(status, form=refusals.JSON, reason=None, message=None, headers=()):
    """The same for a service in trouble."""
    return refuse(refusals.trouble(status, reason, message, headers), form)


class Gcs:
    def __init__(self, settings):
        self.settings = settings

    # -- requests -----------------------------------------------------------------------------------------

    def request(self, method, target, body=b"", headers=None, endpoint="GCS_ANONYMOUS_ENDPOINT"):
        """(status, headers with lower-case names, body)"""
        address = urllib.parse.urlsplit("http://" + self.settings[endpoint].removeprefix("http://"))
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        try:
            connection.request(method, target, body if body or method in ("POST", "PUT") else None,
                               {"User-Agent": _AGENT, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def _json(self, allowed, method, target, body=None, endpoint="GCS_ANONYMOUS_ENDPOINT"):
        status, _, answer = self.request(method, target, json.dumps(body).encode() if body is not None else b"",
                                         {"Content-Type": "application/json"} if body is not None else {}, endpoint)
        assert status in allowed, (method, target, status, answer[:500])
        return json.loads(answer) if answer and status < 300 else None

    # -- buckets and objects --------------------------------------------------------------------------------

    def create_bucket(self, bucket):
        self._json((200,), "POST", f"/storage/v1/b?project={self.settings['GCS_PROJECT']}", {"name": bucket})

    def has_bucket(self, bucket):
        return self._json((200, 404), "GET", f"/storage/v1/b/{bucket}") is not None

    def remove_bucket(self, bucket):
        """With everything in it; one that is gone already is fine."""
        self._control("DELETE", f"bucket?bucket={bucket}")

    def put(self, bucket, key, body, metadata=None):
        """`metadata`: the object's own, of texts."""
        border = "----tapster-tests"
        head = (f"--{border}\r\nContent-Type: application/json\r\n\r\n{json.dumps({'name': key, 'metadata': metadata or {}})}"
                f"\r\n--{border}\r\nContent-Type: application/octet-stream\r\n\r\n").encode()
        status, _, answer = self.request("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart",
                                         head + body + f"\r\n--{border}--\r\n".encode(),
                                         {"Content-Type": f"multipart/related; boundary={border}"})
        assert status == 200, (key, status, answer[:500])

    def get(self, bucket, key):
        """The object's bytes, or None when it does not exist."""
        status, _, body = self.request("GET", f"/storage/v1/b/{bucket}/o/{quoted(key)}?alt=media")
        assert status in (200, 404), (key, status, body[:500])
        return body if status == 200 else None

    def stat(self, bucket, key):
        """The object's resource (size and generation are texts, "metadata" is its own), or None."""
        return self._json((200, 404), "GET", f"/storage/v1/b/{bucket}/o/{quoted(key)}")

    def metadata(self, bucket, key):
        return self.stat(bucket, key).get("metadata", {})

    def remove(self, bucket, key):
        self._json((204,), "DELETE", f"/storage/v1/b/{bucket}/o/{quoted(key)}")

    def keys(self, bucket, prefix=""):
        found, token = [], ""
        while True:
            page = self._json((200,), "GET", f"/storage/v1/b/{bucket}/o?prefix={quoted(prefix)}"
                              "&fields=items(name),nextPageToken" + token)
            found += [item["name"] for item in page.get("items", [])]
            if "nextPageToken" not in page:
                return found
            token = f"&pageToken={quoted(page['nextPageToken'])}"

    # -- what only tests may ask ------------------------------------------------------------------------------

    def _control(self, method, target, body=None):
        return self._json((200,), method, f"/_control/{target}", body, "GCS_CONTROL")

    def unfinished(self, bucket):
        """Names of the objects whose uploads, of either kind, nobody finished or cancelled."""
        found = self._control("GET", f"unfinished?bucket={bucket}")
        return found["resumable"] + [name for name, _ in found["multipart"]]

    @contextlib.contextmanager
    def fault(self, path, method=None, nth=1, times=1, port=None, **what):
        """While it lasts, the matching requests fare as gcs_server/control.py says. `path` is a regular expression on
        the target; the bucket's name in it keeps other tests out."""
        match = {name: value for name, value in (("method", method), ("path", path), ("nth", nth), ("port", port))
                 if value is not None}
        self._control("POST", "fault", {"match": match, "times": times, **what})
        try:
            yield
        finally:
            self._control("DELETE", f"fault?path={quoted(path)}")

    def revoke_tokens(self, name=None):
        """All that were issued, or those of one bearer; returns how many."""
        return self._control("POST", "revoke", {} if name is None else {"name": name})["revoked"]

    def token_lifetime(self, seconds):
        """Of tokens from now on, whoever asks for them: for a fake of one's own."""
        self._control("POST", "tokens", {"lifetime": seconds})

    def page_size(self, bucket, size):
        self._control("POST", "bucket", {"bucket": bucket, "page_size": size})

    def deny(self, bucket, *permissions):
        """From now on nobody has these ("storage.objects.list" ...) in the bucket, and everybody all others."""
        self._control("POST", "bucket", {"bucket": bucket, "denied": permissions})

    def mark(self):
        """A place in the journal."""
        return os.stat(self.settings["GCS_REQUESTS_LOG"]).st_size

    def requests(self, since=0, bucket=None, method=None):
        """The journal's entries behind the mark, without our own: dicts with method, path, query, status (0 when there was
        no answer), received and sent bytes, headers, port, and the like. With a bucket, those that name it."""
        with open(self.settings["GCS_REQUESTS_LOG"], "rb") as journal:
            journal.seek(since)
            entries = [json.loads(line) for line in journal]
        return [entry for entry in entries if entry["headers"].get("user-agent") != _AGENT
                and entry["port"] != "control" and (bucket is None or bucket in _parts(entry))
                and (method is None or entry["method"] in method.split("|"))]

    # -- where commands find it ---------------------------------------------------------------------------------

    def environment(self, credentials="GCS_KEY_FILE", endpoint="GCS_ENDPOINT"):
        """With a key file: the setting that names it."""
        found = {"STORAGE_EMULATOR_HOST": self.settings[endpoint], "GOOGLE_APPLICATION_CREDENTIALS": self.settings[credentials],
                 "GOOGLE_CLOUD_PROJECT": self.settings["GCS_PROJECT"]}
        if self.settings[endpoint].startswith("https:"):
            found["REQUESTS_CA_BUNDLE"] = self.settings["GCS_CA"]
        return found

    def https_environment(self, credentials="GCS_KEY_FILE"):
        return self.environment(credentials, "GCS_ENDPOINT_TLS")

    def anonymous_environment(self, endpoint="GCS_ANONYMOUS_ENDPOINT"):
        """As with emulators: an empty key file, and nobody asks for a token."""
        return self.environment("GCS_EMPTY_KEY_FILE", endpoint)

    def metadata_environment(self, endpoint="GCS_ENDPOINT"):
        """As in a virtual machine, or a pod with workload identity: no key file."""
        found = self.environment(endpoint=endpoint)
        del found["GOOGLE_APPLICATION_CREDENTIALS"], found["GOOGLE_CLOUD_PROJECT"]
        return {**found, "GCE_METADATA_HOST": self.settings["GCS_METADATA_HOST"]}


def _parts(entry):
    parts = [urllib.parse.unquote(part) for part in entry["path"].split("/")]
    return parts + [part for call in entry.get("calls", []) for part in call[1].split("/")]
