"""Shared access signatures ("Create an account SAS", "Create a service SAS", Storage REST reference), in the form
of version 2020-12-06 and later: made for clients, verified for the scripted service.
"""
import datetime
import hmac
import urllib.parse

from support.azure_errors import Refusal
from support.sharedkey import failed, mac

VERSION = "2021-12-02"
_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")  # response headers

# Operation -> (what one of these rights allows, kind of resource in an account SAS)
_NEEDED = {"CreateContainer": ("cw", "c"), "DeleteContainer": ("d", "c"), "GetContainerProperties": ("r", "c"),
           "ListBlobs": ("l", "c"), "PutBlob": ("cw", "o"), "PutBlock": ("cw", "o"), "PutBlockList": ("cw", "o"),
           "GetBlockList": ("r", "o"), "GetBlob": ("r", "o"), "GetBlobProperties": ("r", "o"),
           "DeleteBlob": ("d", "o"), "GetBlobTags": ("t", "o"), "BlobBatch": ("d", "")}
_NOT_FOR_SERVICE_SAS = ("CreateContainer", "DeleteContainer", "GetContainerProperties")


def _time(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _window(lifetime):
    now = datetime.datetime.now(datetime.timezone.utc)
    return _time(now - datetime.timedelta(minutes=5)), _time(now + datetime.timedelta(seconds=lifetime))


def _account_text(values, account):
    return "".join(f"{line}\n" for line in [account, *(values.get(name, "") for name in (
        "sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"))])


def _service_text(values, account, container):
    resource = f"/blob/{account}/{container}"
    return "\n".join([*(values.get(name, "") for name in ("sp", "st", "se")), resource,
                      *(values.get(name, "") for name in ("si", "sip", "spr", "sv", "sr", "sst", "ses", *_OVERRIDES))])


def account_sas(account, key, permissions="rwdlct", services="b", resources="sco", lifetime=3600, protocol=None):
    """The query string, without "?". A lifetime in seconds; below zero it has expired."""
    start, expiry = _window(lifetime)
    values = {"sv": VERSION, "ss": services, "srt": resources, "sp": permissions, "st": start, "se": expiry}
    if protocol:
        values["spr"] = protocol
    values["sig"] = mac(key, _account_text(values, account))
    return urllib.parse.urlencode(values, quote_via=urllib.parse.quote)


def container_sas(account, key, container, permissions="rcwdlt", lifetime=3600):
    """A service SAS for one container: the query string, without "?"."""
    start, expiry = _window(lifetime)
    values = {"sv": VERSION, "sr": "c", "sp": permissions, "st": start, "se": expiry}
    values["sig"] = mac(key, _service_text(values, account, container))
    return urllib.parse.urlencode(values, quote_via=urllib.parse.quote)


def verify(request, account, key, container, operation, now):
    """Raises Refusal unless the query's signature is true, in force, and allows the operation."""
    values = request.query
    is_account = "srt" in values
    text = _account_text(values, account) if is_account else _service_text(values, account, container)
    if values.get("sv", "") < "2020-12-06" or (not is_account and values.get("sr") != "c"):
        raise failed("only account SAS and container SAS since version 2020-12-06 are known here")
    if not hmac.compare_digest(mac(key, text).encode(), values["sig"].encode()):
        raise failed(f"Signature did not match. String to sign used was {text}")
    if not values.get("st", "") <= _time(now) < values.get("se", ""):
        raise failed(f"Signature not valid in the specified time frame: Start [{values.get('st')}] - Expiry "
                     f"[{values.get('se')}] - Current [{_time(now)}]")
    if values.get("spr") == "https" and not request.tls:
        raise Refusal(403, "AuthorizationProtocolMismatch", "This request is not authorized to perform this operation "
                      "using this protocol.")
    rights, kind = _NEEDED[operation]
    if is_account and "b" not in values.get("ss", ""):
        raise Refusal(403, "AuthorizationServiceMismatch", "This request is not authorized to perform this operation "
                      "using this service.")
    if is_account and kind not in values["srt"]:
        raise Refusal(403, "AuthorizationResourceTypeMismatch", "This request is not authorized to perform this "
                      "operation using this resource type.")
    tagging = operation in ("PutBlob", "PutBlockList") and request.header("x-ms-tags") is not None
    allowed = set(values.get("sp", ""))
    if (not allowed & set(rights) or (tagging and "t" not in allowed)
            or (not is_account and (operation in _NOT_FOR_SERVICE_SAS or not container))):
        raise Refusal(403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this "
                      "operation using this permission.")
