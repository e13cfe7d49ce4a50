"""One archive on the fake of Google Cloud Storage, the requests of its commands, and what the service may answer to them."""
from support import faults
from support.gcs import REQUEST_ID, refuse, trouble
from support.gcs_server import refusals
from support.gcs_server.refusals import JSON, XML
from support.site import SERVER, Site, wal_key

KEY = wal_key()
# (method, regex on the target) of the requests for one segment: by the JSON API, but for the download.
LIST = ("GET", r"/storage/v1/b/[^/]+/o\?")
INSERT = ("POST", "uploadType=multipart")
MEDIA = ("GET", r"^/[^/?]+/main/wals/")
MEDIA_JSON = ("GET", "alt=media")
FORMS = {LIST: JSON, INSERT: JSON, MEDIA: XML}


class GcsSite(Site):
    """The store is found by the environment, not by an endpoint."""

    def _arguments(self, options):
        return [*options, f"gs://{self.bucket}", SERVER]

    def with_env(self, **changes):
        return GcsSite(self.run.with_env(**changes), None, self.bucket, self.folder)

    def on(self, gcs, endpoint, bucket=None):
        environment = {**gcs.environment(), "STORAGE_EMULATOR_HOST": endpoint}
        return GcsSite(self.run.with_env(**environment), None, bucket or self.bucket, self.folder)


def at(proxy, step, fault, **when):
    """From now on this fault, at this step, and no other."""
    proxy.rules.clear()
    proxy.requests.clear()
    proxy.inject(fault, method=step[0], path=step[1], **when)


NOW = [("Retry-After", "0")]
# Of the network, of the service, and of what stands in front of it: name -> form -> fault.
TRANSIENT = {
    "reset before the request": lambda form: faults.reset(),
    "reset after the request": lambda form: faults.reset_after_request(),
    "408": lambda form: trouble(408, form), "429": lambda form: trouble(429, form),
    "429 with Retry-After": lambda form: trouble(429, form, headers=NOW),
    "403 rateLimitExceeded": lambda form: trouble(403, JSON, reason="rateLimitExceeded"),
    "500": lambda form: trouble(500, form), "503": lambda form: trouble(503, form),
    "503 UNAVAILABLE": lambda form: trouble(503, JSON, reason="UNAVAILABLE"),
    "502 page": lambda form: refuse(refusals.FrontEndRefusal(502, "Server Error", "Try again."))}
_NAMED = {"408": ["408"], "429": ["429", "TAPSTER_MAX_ATTEMPTS"], "403 rateLimitExceeded": ["rateLimitExceeded", "403"],
          "503 UNAVAILABLE": ["UNAVAILABLE", "503"], "502 page": ["502"]}
_CODES = {"429": {JSON: "rateLimitExceeded", XML: "SlowDown"}, "500": {JSON: "backendError", XML: "InternalError"},
          "503": {JSON: "backendError", XML: "ServiceUnavailable"}}


def names(fault, form):
    """What an ERROR line about such a fault must mention."""
    if not fault[0].isdigit():
        return []
    return [REQUEST_ID, *_NAMED.get(fault, [fault.split(" ")[0]]), *([_CODES[fault][form]] if fault in _CODES else [])]


NO_BUCKET = refusals.no_such_bucket()
# Final ones of the JSON API: name -> (refusal, what the ERROR line must mention).
REFUSALS = {
    "403": (refusals.trouble(403), ["forbidden", "Storage Object User"]),
    "403 of the scopes": (refusals.insufficient_scope(), ["insufficientPermissions", "devstorage.read_write"]),
    "403 of a closed account": (refusals.trouble(403, "accountDisabled"), ["accountDisabled", "billing"]),
    "400 requester pays": (refusals.trouble(400, "userProjectMissing"), ["userProjectMissing", "GOOGLE_CLOUD_QUOTA_PROJECT"]),
    "400": (refusals.invalid("Invalid argument"), ["(invalid)", "HTTP 400"]),
    "404 of the bucket": (NO_BUCKET, ["notFound", "HTTP 404", "barman-cloud-check-wal-archive"]),
    "409": (refusals.trouble(409, "conflict"), ["conflict", "HTTP 409"])}
