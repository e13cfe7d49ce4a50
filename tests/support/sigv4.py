"""Checks AWS Signature Version 4 in headers, as the server does it: from the specification
("Signature Calculations for the Authorization Header", Amazon S3 API reference), strictly.
"""
import datetime
import hashlib
import hmac
import re
import urllib.parse
from xml.sax.saxutils import escape

_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/ ,]+)/(\d{8})/([^/ ,]+)/([^/ ,]+)/aws4_request, ?"
                            r"SignedHeaders=([a-z0-9;.-]+), ?Signature=([0-9a-f]{64})")
UNSIGNED = "UNSIGNED-PAYLOAD"


class Refusal(Exception):
    """The S3 error that the request earns."""

    def __init__(self, status, code, message, extra="", headers=()):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.extra, self.headers = status, code, message, extra, list(headers)


def _canonical_path(path):
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")


def _canonical_query(text):
    pairs = []
    for item in filter(None, text.split("&")):
        name, _, value = item.partition("=")
        pairs.append(tuple(urllib.parse.quote(urllib.parse.unquote_to_bytes(part), safe="-_.~")
                           for part in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, date, region, service, to_sign):
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request", to_sign):
        key = _mac(key, part)
    return key.hex()


def verify(request, access_key, secret_key, now, max_skew=900):
    """Raises Refusal unless the request is well signed; returns the region that it was signed for."""
    if request.header("authorization") is None:
        raise Refusal(403, "AccessDenied", "anonymous")
    found = _AUTHORIZATION.fullmatch(request.header("authorization"))
    if not found:
        raise Refusal(400, "AuthorizationHeaderMalformed", request.header("authorization"))
    key_id, date, region, service, names, given = found.groups()
    if key_id != access_key:
        raise Refusal(403, "InvalidAccessKeyId", key_id)
    if service != "s3":
        raise Refusal(400, "AuthorizationHeaderMalformed", f"service {service}")

    signed = names.split(";")
    if signed != sorted(set(signed)):
        raise Refusal(400, "AuthorizationHeaderMalformed", "SignedHeaders must be sorted and unique")
    for name in request.header_names():
        if (name.startswith("x-amz-") or name in ("host", "content-md5")) and name not in signed:
            raise Refusal(403, "AccessDenied", f"There were headers present which were not signed: {name}")
    stamp = request.header("x-amz-date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or stamp[:8] != date:
        raise Refusal(403, "AccessDenied", f"x-amz-date {stamp!r} and scope {date}")
    moment = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((moment - now).total_seconds()) > max_skew:
        raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is "
                      "too large.")

    payload = request.header("x-amz-content-sha256")
    if payload is None:
        raise Refusal(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if payload != UNSIGNED and payload != hashlib.sha256(request.body).hexdigest():
        raise Refusal(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match "
                      "what was computed.")

    parts = urllib.parse.urlsplit(request.target)
    headers = "".join(f"{name}:{' '.join(request.header(name, '').split())}\n" for name in signed)
    canonical = "\n".join([request.method, _canonical_path(parts.path), _canonical_query(parts.query), headers,
                           names, payload])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{date}/{region}/s3/aws4_request",
                         hashlib.sha256(canonical.encode()).hexdigest()])
    if not hmac.compare_digest(signature(secret_key, date, region, "s3", to_sign), given):
        raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                      "you provided. Check your key and signing method.",
                      extra=f"<SignatureProvided>{given}</SignatureProvided><StringToSign>{escape(to_sign)}"
                      f"</StringToSign><CanonicalRequest>{escape(canonical)}</CanonicalRequest>")
    return region


def sign(method, target, headers, payload, access_key, secret_key, region="us-east-1"):
    """The headers (a dict with at least host) plus x-amz-date, x-amz-content-sha256 = payload and Authorization."""
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {**{name.lower(): value for name, value in headers.items()}, "x-amz-date": stamp,
               "x-amz-content-sha256": payload}
    names = ";".join(sorted(headers))
    parts = urllib.parse.urlsplit(target)
    canonical = "\n".join([method, _canonical_path(parts.path), _canonical_query(parts.query),
                           "".join(f"{name}:{headers[name]}\n" for name in sorted(headers)), names, payload])
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, "
                                f"Signature={signature(secret_key, stamp[:8], region, 's3', to_sign)}")
    return headers
