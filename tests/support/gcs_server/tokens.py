"""Access tokens, and what their bearers may do."""
import dataclasses
import secrets
import threading
import time

from support.gcs_server.refusals import anonymous, bad_token, forbidden, insufficient_scope

_PREFIX = "https://www.googleapis.com/auth/"
READING = {_PREFIX + name for name in ("devstorage.read_only", "devstorage.read_write", "devstorage.full_control",
                                       "cloud-platform", "cloud-platform.read-only")}
WRITING = {_PREFIX + name for name in ("devstorage.read_write", "devstorage.full_control", "cloud-platform")}
PLATFORM = {_PREFIX + "cloud-platform", _PREFIX + "iam"}


@dataclasses.dataclass(frozen=True)
class Caller:
    name: str  # an e-mail address or the URI of a principal; what Google calls it in messages when it has none
    scopes: frozenset
    token: str = None  # its id in the journal


ANONYMOUS = Caller("Anonymous caller", frozenset(WRITING))


class Tokens:
    def __init__(self):
        self.lifetime = 3600  # seconds, of those issued from now on
        self.lock, self.issued = threading.Lock(), {}  # token -> (Caller, end)
        self.count = 0

    def issue(self, name, scopes):
        """(token, seconds that it lives)"""
        token = f"ya29.{secrets.token_urlsafe(48)}"
        with self.lock:
            self.count += 1
            self.issued[token] = (Caller(name, frozenset(scopes), f"token-{self.count}"), time.time() + self.lifetime)
            return token, self.lifetime

    def revoke(self, name=None):
        """All tokens, or those of one bearer; returns how many there were."""
        with self.lock:
            gone = [token for token, (caller, _) in self.issued.items() if name in (None, caller.name)]
            for token in gone:
                del self.issued[token]
            return len(gone)

    def known(self, authorization):
        """The Caller whose token this header holds or held, or None: for the journal."""
        return self.issued.get((authorization or "").partition(" ")[2], (None, 0))[0]

    def check(self, authorization):
        """The Caller; refuses what is not a living token of ours."""
        if authorization is None:
            raise anonymous()
        scheme, _, token = authorization.partition(" ")
        with self.lock:
            caller, end = self.issued.get(token, (None, 0))
        if scheme != "Bearer" or not caller or time.time() >= end:
            raise bad_token()
        return caller


def permit(world, request, permission, bucket, name=None):
    """Refuses what the caller's scopes or the bucket's policy do not allow. Permissions are those of
    "IAM permissions for Cloud Storage"."""
    reading = permission.rpartition(".")[2] in ("get", "list", "listParts")
    if not request.caller.scopes & (READING if reading else WRITING):
        raise insufficient_scope()
    place = world.buckets.get(bucket)
    if place and permission in place.denied:
        raise forbidden(request.caller.name, permission, name)
