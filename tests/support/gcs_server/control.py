"""What only tests may ask, on a port of its own: faults, tokens, the ways of a bucket, what was left unfinished.

POST   /_control/fault       {"match": {"method", "path": regex on the target, "port", "nth": 1}, "times": 1, and of the rest
                              what is wanted: "status" with "reason", "message", "headers"; "after": true (carried out
                              before it is refused); "error_with_200": true; "delay": seconds; "keep": bytes (of a
                              resumable upload's chunk)}. What happens to connections is support/proxy.py's business.
DELETE /_control/fault       all of them, or with ?path= those with that regex
POST   /_control/revoke      {} all tokens, or {"name": a bearer}
POST   /_control/tokens      {"lifetime": seconds} of those issued from now on
POST   /_control/bucket      {"bucket", "page_size", "denied": [permissions that nobody has there]}
DELETE /_control/bucket      ?bucket= with everything in it
GET    /_control/unfinished  ?bucket= {"resumable": [names], "multipart": [[name, upload id]]}
"""
import json
import math
import re
import threading
import time

from support.gcs_server.refusals import XML, invalid, no_such_route, trouble
from support.gcs_server.wire import Response


class Fault:
    def __init__(self, wanted):
        match = wanted.get("match", {})
        unknown = (set(wanted) - {"match", "times", "status", "reason", "message", "headers", "after", "error_with_200",
                                  "delay", "keep"}) | (set(match) - {"method", "path", "port", "nth"})
        if unknown:
            raise invalid(f"unknown: {sorted(unknown)}")
        self.wanted, self.method, self.port = wanted, match.get("method"), match.get("port")
        self.path, self.nth, self.seen = re.compile(match.get("path", "")), match.get("nth", 1), 0
        self.times = wanted.get("times", 1)
        if self.times in (None, "always"):
            self.times = math.inf

    def takes(self, request):
        if (self.method and request.method not in self.method.split("|")) or self.port not in (None, request.port) \
                or not self.path.search(request.target):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    def answer(self, request, carry_out):
        """What comes of the request under this fault; carry_out(request) -> Response is what would without."""
        wanted = self.wanted
        request.notes["fault"] = {name: value for name, value in wanted.items() if name != "match"}
        if "delay" in wanted:
            time.sleep(wanted["delay"])
        if "keep" in wanted:
            request.notes["keep"] = wanted["keep"]
        if wanted.get("after"):
            carry_out(request).close()
        if wanted.get("error_with_200"):
            request.body.drain()
            refused = trouble(500).response(XML)
            return Response(200, refused.headers, refused.body)
        if "status" in wanted:
            request.body.drain()
            raise trouble(wanted["status"], wanted.get("reason"), wanted.get("message"),
                          [tuple(pair) for pair in wanted.get("headers", {}).items()])
        return carry_out(request)


class Faults:
    def __init__(self):
        self.lock, self.rules = threading.Lock(), []

    def add(self, wanted):
        with self.lock:
            self.rules.append(Fault(wanted))

    def clear(self, path=None):
        with self.lock:
            self.rules = [rule for rule in self.rules if path is not None and rule.path.pattern != path]

    def of(self, request):
        with self.lock:
            return next((rule for rule in self.rules if rule.takes(request)), None)


class Control:
    def __init__(self, world, tokens, faults, resumable, multipart):
        self.world, self.tokens, self.faults, self.resumable, self.multipart = world, tokens, faults, resumable, multipart

    def answer(self, request):
        handler = {("POST", "fault"): self._fault, ("DELETE", "fault"): self._clear, ("POST", "revoke"): self._revoke,
                   ("POST", "tokens"): self._tokens, ("POST", "bucket"): self._bucket,
                   ("DELETE", "bucket"): self._remove_bucket, ("GET", "unfinished"): self._unfinished
                   }.get((request.method, request.path.removeprefix("/_control/")))
        if not handler:
            raise no_such_route(request)
        try:
            wanted = json.loads(request.body.read() or b"{}")
            found = handler(request, wanted) or {}
        except (ValueError, KeyError, TypeError, AttributeError, re.error) as error:
            raise invalid(f"{type(error).__name__}: {error}") from None
        return Response(200, [("Content-Type", "application/json")], json.dumps(found).encode())

    def _fault(self, _, wanted):
        self.faults.add(wanted)

    def _clear(self, request, _):
        self.faults.clear(request.parameter("path"))

    def _revoke(self, _, wanted):
        return {"revoked": self.tokens.revoke(wanted.get("name"))}

    def _tokens(self, _, wanted):
        self.tokens.lifetime = int(wanted["lifetime"])

    def _bucket(self, _, wanted):
        place = self.world.bucket(wanted["bucket"])
        place.page_size = int(wanted.get("page_size", place.page_size))
        place.denied = set(wanted.get("denied", place.denied))

    def _remove_bucket(self, request, _):
        bucket = request.parameter("bucket")
        with self.world.lock:
            if bucket not in self.world.buckets:
                return
            self.resumable.forget(bucket)
            self.multipart.forget(bucket)
            for stored in self.world.buckets.pop(bucket).objects.values():
                stored.blob.remove()

    def _unfinished(self, request, _):
        bucket = request.parameter("bucket")
        self.world.bucket(bucket)
        return {"resumable": self.resumable.open_sessions(bucket), "multipart": self.multipart.open_uploads(bucket)}
