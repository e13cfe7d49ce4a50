"""What is refused, and the forms in which Google says so.

Sources: "HTTP status and error codes" of the JSON API and of the XML API (Cloud Storage documentation),
RFC 6749 section 5.2 for the token services, and the pages of Google's front end for what never reaches them.
"""
import html
import json
from xml.sax.saxutils import escape

from support.gcs_server.wire import Response

JSON, XML, TEXT = "json", "xml", "text"  # TEXT: the JSON API's media downloads


class Refusal(Exception):
    """`reason` and `message` are the JSON API's, `code`, `summary` and `message` (as Details) the XML API's."""

    def __init__(self, status, reason, message, code=None, summary=None, location=None, headers=()):
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message
        self.code, self.summary = code or _XML_CODES.get(status, "InvalidArgument"), summary
        self.location, self.headers = location, list(headers)

    def response(self, form):
        return {JSON: self._json, XML: self._xml, TEXT: self._text}[form]()

    def _json(self):
        error = {"message": self.message, "domain": "usageLimits" if self.status == 429 else "global",
                 "reason": self.reason}
        if self.location:
            error["locationType"], error["location"] = self.location
        body = {"error": {"code": self.status, "message": self.message, "errors": [error]}}
        if self.reason.isupper():  # the newer services' form (AIP-193)
            body = {"error": {"code": self.status, "message": self.message, "status": self.reason}}
        return self._with("application/json; charset=UTF-8", json.dumps(body, indent=2))

    def _xml(self):
        details = f"<Details>{escape(self.message)}</Details>" if self.summary else ""
        return self._with("application/xml; charset=UTF-8", "<?xml version='1.0' encoding='UTF-8'?><Error>"
                          f"<Code>{self.code}</Code><Message>{escape(self.summary or self.message)}</Message>{details}"
                          "</Error>")

    def _text(self):
        return self._with("text/html; charset=UTF-8", self.message)

    def _with(self, kind, body):
        return Response(self.status, [("Content-Type", kind), *self.headers], b"" if self.status == 304 else body.encode())


_XML_CODES = {401: "AuthenticationRequired", 403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed",
              409: "Conflict", 412: "PreconditionFailed", 416: "InvalidRange", 429: "SlowDown", 500: "InternalError",
              501: "NotImplemented", 502: "BadGateway", 503: "ServiceUnavailable"}


class FrontEndRefusal(Refusal):
    """A page of Google's front end, which is the same for all services."""

    def __init__(self, status, title, message):
        super().__init__(status, "frontEnd", message)
        self.title = title

    def response(self, form):
        return self._with("text/html; charset=UTF-8", "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n"
                          f"<title>Error {self.status} ({html.escape(self.title)})!!1</title>\n"
                          f"<p><b>{self.status}.</b> <ins>That's an error.</ins>\n<p>{html.escape(self.message)}  "
                          "<ins>That's all we know.</ins>\n")


class OAuthRefusal(Refusal):
    """The token services' own form (RFC 6749, RFC 8693)."""

    def __init__(self, status, error, description):
        super().__init__(status, error, description)

    def response(self, form):
        return self._with("application/json; charset=utf-8",
                          json.dumps({"error": self.reason, "error_description": self.message}))


def invalid(message, reason="invalid", parameter=None, code="InvalidArgument"):
    return Refusal(400, reason, message, code=code, summary="Invalid argument.",
                   location=("parameter", parameter) if parameter else None)


def required(parameter):
    return Refusal(400, "required", f"Required parameter: {parameter}", location=("parameter", parameter))


def no_such_bucket():
    return Refusal(404, "notFound", "The specified bucket does not exist.", code="NoSuchBucket")


def no_such_object(bucket, name):
    return Refusal(404, "notFound", f"No such object: {bucket}/{name}", summary="The specified key does not exist.")


def no_such_route(request):
    return FrontEndRefusal(404, "Not Found", f"The requested URL {request.path} was not found on this server.")


def condition_not_met():
    return Refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.",
                   location=("header", "If-Match"))


def not_modified():
    return Refusal(304, "notModified", "")


def bad_digest(algorithm, given, computed):
    return Refusal(400, "invalid", f'Provided {algorithm} "{given}" doesn\'t match calculated {algorithm} "{computed}".',
                   code="BadDigest", summary=f"The {algorithm} you specified in Content-MD5 or x-goog-hash did not match "
                   "what we computed.")


def range_not_satisfiable(size):
    return Refusal(416, "requestedRangeNotSatisfiable", "Request range not satisfiable",
                   headers=[("Content-Range", f"bytes */{size}")])


def forbidden(who, permission, name=None):
    what = "object" if permission.startswith("storage.objects.") and name is not None else "bucket"
    return Refusal(403, "forbidden", f"{who} does not have {permission} access to the Google Cloud Storage {what}. "
                   f"Permission '{permission}' denied on resource (or it may not exist).", summary="Access denied.")


def anonymous():
    return Refusal(401, "required", "Anonymous caller does not have the access that this needs.",
                   summary="Authentication required.", location=("header", "Authorization"),
                   headers=[("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"')])


def bad_token():
    return Refusal(401, "authError", "Invalid Credentials", summary="Authentication required.",
                   location=("header", "Authorization"),
                   headers=[("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/", error="invalid_token"')])


def insufficient_scope():
    return Refusal(403, "insufficientPermissions", "Provided scope(s) are not authorized", summary="Access denied.",
                   headers=[("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"')])


_TROUBLE = {  # what a fault's status says when nothing else is given
    401: ("authError", "Invalid Credentials"),
    403: ("forbidden", "Access denied."),
    404: ("notFound", "Not Found"),
    408: ("uploadBrokenConnection", "Request Timeout"),
    410: ("uploadInvalid", "Gone"),
    412: ("conditionNotMet", "At least one of the pre-conditions you specified did not hold."),
    429: ("rateLimitExceeded", "The object exceeded the rate limit for object mutation operations (create, update, and "
          "delete). Please reduce your request rate. See https://cloud.google.com/storage/docs/gcs429."),
    500: ("backendError", "We encountered an internal error. Please try again."),
    502: ("backendError", "Bad Gateway"),
    503: ("backendError", "We encountered an internal error. Please try again."),
}


def trouble(status, reason=None, message=None, headers=()):
    """The refusal that comes with a status when the service is in trouble."""
    usual_reason, usual_message = _TROUBLE.get(status, ("unknown", "made up"))
    return Refusal(status, reason or usual_reason, message or usual_message, headers=headers)
