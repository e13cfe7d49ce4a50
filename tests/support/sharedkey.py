"""Azure Storage's Shared Key, signed and verified: from the specification ("Authorize with Shared Key", Storage
REST reference; the form of the Blob service since 2015-02-21), strictly.
"""
import base64
import datetime
import email.utils
import hashlib
import hmac
import urllib.parse
from xml.sax.saxutils import escape

from support.azure_errors import Refusal

_SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
           "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")


def _canonical_headers(headers):
    return "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers)
                   if name.startswith("x-ms-"))


def _canonical_resource(target, account):
    parts = urllib.parse.urlsplit(target)
    values = {}
    for name, value in urllib.parse.parse_qsl(parts.query, keep_blank_values=True):
        values.setdefault(name.lower(), []).append(value)
    query = "".join(f"\n{name}:{','.join(sorted(values[name]))}" for name in sorted(values))
    return f"/{account}{parts.path or '/'}{query}"


def string_to_sign(method, target, headers, account):
    """`target` is the request line's, `headers` a dict with names in lower case."""
    values = [headers.get(name, "") for name in _SIGNED]
    if values[2] == "0":
        values[2] = ""
    if "x-ms-date" in headers:
        values[5] = ""
    return "\n".join([method, *values, _canonical_headers(headers) + _canonical_resource(target, account)])


def mac(key, text):
    """The signature of `text` with the account's key (both base64)."""
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def authorization(method, target, headers, account, key):
    """The value of the Authorization header."""
    return f"SharedKey {account}:{mac(key, string_to_sign(method, target, headers, account))}"


def failed(detail):
    return Refusal(403, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of "
                   "Authorization header is formed correctly including the signature.",
                   f"<AuthenticationErrorDetail>{escape(detail)}</AuthenticationErrorDetail>")


def verify(request, account, key, now, max_skew=900):
    """Raises Refusal unless the request is well signed and fresh."""
    scheme, _, rest = request.header("authorization").partition(" ")
    name, _, given = rest.partition(":")
    if scheme != "SharedKey" or name != account:
        raise failed(f"the scheme is {scheme!r}, the account {name!r}")
    date = request.header("x-ms-date", request.header("date"))
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError):
        raise failed(f"no valid date: {date!r}") from None
    if moment.tzinfo != datetime.timezone.utc or date != email.utils.format_datetime(moment, usegmt=True):
        raise failed(f"the date is not in the form of RFC 1123: {date!r}")
    if abs((moment - now).total_seconds()) > max_skew:
        raise failed(f"Request date header too old: '{date}'")
    to_sign = string_to_sign(request.method, request.target, {k.lower(): v for k, v in request.headers}, account)
    if not hmac.compare_digest(mac(key, to_sign).encode(), given.encode()):
        raise failed(f"The MAC signature found in the HTTP request '{given}' is not the same as any computed "
                     f"signature. Server used following string to sign: '{to_sign}'.")
