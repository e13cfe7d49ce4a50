"""Errors as Azure Blob Storage answers them ("Status and error codes", Storage REST reference), and the faults
made of them. What is not particular to Azure (cuts, resets, stalls) is in faults.py.
"""
import datetime
import email.utils
from xml.sax.saxutils import escape

from support.http_server import Response

REQUEST_ID = "5a0c0b2e-001e-0042-3f00-scripted0001"
BOM = b"\xef\xbb\xbf"  # the service begins its XML with one


class Refusal(Exception):
    """The error that a request earns. `extra` is XML beside Code and Message."""

    def __init__(self, status, code, message, extra="", headers=()):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.extra, self.headers = status, code, message, extra, list(headers)


def error_response(status, code, message, headers=(), extra=""):
    now = datetime.datetime.now(datetime.timezone.utc)
    text = f"{message}\nRequestId:{REQUEST_ID}\nTime:{now:%Y-%m-%dT%H:%M:%S}.0000000Z"
    body = BOM + (f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{escape(text)}</Message>'
                  f"{extra}</Error>").encode()
    date = [] if any(name.lower() == "date" for name, _ in headers) else [
        ("Date", email.utils.format_datetime(now, usegmt=True))]
    return Response(status, [("x-ms-error-code", code), ("x-ms-request-id", REQUEST_ID),
                             ("Content-Type", "application/xml"), *date, *headers], body)


def refuse(status, code, message="made up", headers=()):
    """A fault for HttpServer.inject: the request is read and refused. HEAD gets the headers alone."""
    def fault(exchange):
        exchange.read_body()
        exchange.send(error_response(status, code, message, headers))
    return fault


def _retry_after(seconds):
    return [] if seconds is None else [("Retry-After", str(seconds))]


def server_busy(retry_after=None):
    return refuse(503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request.",
                  _retry_after(retry_after))


def throttled(retry_after=None):
    return refuse(429, "TooManyRequests", "The request rate is too high.", _retry_after(retry_after))


def operation_timed_out():
    return refuse(500, "OperationTimedOut", "Operation could not be completed within the specified time.")


def internal_error():
    return refuse(500, "InternalError", "The server encountered an internal error. Please retry the request.")


def authorization_failure():
    """What a firewall of the storage account answers."""
    return refuse(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")


def permission_mismatch():
    """What a role or a SAS that lacks the right leads to."""
    return refuse(403, "AuthorizationPermissionMismatch",
                  "This request is not authorized to perform this operation using this permission.")


def container_being_deleted():
    return refuse(409, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later.")


def wrong_md5():
    """The true answer with the Content-MD5 of something else."""
    def fault(exchange):
        exchange.send(exchange.answer().with_header("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="))
    return fault
