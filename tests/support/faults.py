"""What can go wrong between a client and a store. Each function makes a fault for HttpServer.inject."""
import datetime
import email.utils
import xml.sax.saxutils

from support.http_server import Response

REQUEST_ID = "tx0000-fault-0001"


def error_response(status, code, message="", headers=(), extra=""):
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{xml.sax.saxutils.escape(message)}</Message>{extra}"
            f"<RequestId>{REQUEST_ID}</RequestId><HostId>host</HostId></Error>").encode()
    date = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc), usegmt=True)
    kept = [] if any(name.lower() == "date" for name, _ in headers) else [("Date", date)]
    return Response(status, [("x-amz-request-id", REQUEST_ID), ("Content-Type", "application/xml"), *kept, *headers],
                    body)


def refuse(status, code, message="made up", headers=(), extra=""):
    """An error answer in S3's form; HEAD gets the status alone."""
    def fault(exchange):
        exchange.read_body()
        exchange.send(error_response(status, code, message, headers, extra))
    return fault


def error_with_200():
    """A success status with an error in the body."""
    def fault(exchange):
        exchange.read_body()
        exchange.send(error_response(200, "InternalError", "We encountered an internal error. Please try again."))
    return fault


def reset():
    """RST before anything of the request's body was read."""
    return lambda exchange: exchange.close(reset=True)


def reset_after_request():
    """The whole request was read, the store never saw it, no answer."""
    def fault(exchange):
        exchange.read_body()
        exchange.close(reset=True)
    return fault


def lose_answer():
    """The store did what was asked; the client never hears of it."""
    def fault(exchange):
        exchange.answer()
        exchange.close(reset=True)
    return fault


def cut_request(tenths, with_reset=True):
    """Ends the connection after so many tenths of the request's body."""
    def fault(exchange):
        exchange.read_body(limit=int(exchange.request.header("content-length", "0")) * tenths // 10)
        exchange.close(reset=with_reset)
    return fault


def cut_response(tenths, with_reset=False):
    """Headers with the full length, then so many tenths of the body."""
    def fault(exchange):
        response = exchange.answer()
        exchange.send(response, body=response.body[:len(response.body) * tenths // 10],
                      content_length=len(response.body))
        if with_reset:
            exchange.wait(0.05)  # an RST would otherwise overtake the bytes that were to arrive
        exchange.close(reset=with_reset)
    return fault


def slow_response(bytes_per_second):
    return lambda exchange: exchange.send(exchange.answer(), rate=bytes_per_second)


def slow_request(bytes_per_second):
    """Takes the request's body at that pace."""
    def fault(exchange):
        exchange.read_body(rate=bytes_per_second)
        exchange.send(exchange.answer())
    return fault


def stall(seconds, tenths=None):
    """Reads the request, then nothing; with tenths, after the headers and so much of the body."""
    def fault(exchange):
        exchange.read_body()
        if tenths is not None:
            response = exchange.answer()
            exchange.send(response, body=response.body[:len(response.body) * tenths // 10],
                          content_length=len(response.body))
        exchange.wait(seconds)
        exchange.close(reset=True)
    return fault


def wrong_length(difference):
    """A Content-Length that is off; the connection ends after the true body."""
    def fault(exchange):
        response = exchange.answer()
        exchange.send(response, content_length=len(response.body) + difference)
        exchange.close()
    return fault


def change_response(change):
    """`change` maps the true Response to the one that is sent."""
    return lambda exchange: exchange.send(change(exchange.answer()))


def flip_byte(position=0.5):
    def change(response):
        body = bytearray(response.body)
        if body:
            body[int((len(body) - 1) * position)] ^= 0x40
        return Response(response.status, response.headers, bytes(body))
    return change_response(change)


def skewed(seconds):
    """The server's clock is ahead by so many seconds, and it refuses because of it."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too "
                  "large.", [("Date", email.utils.format_datetime(now, usegmt=True))])


def wrong_region(region):
    return refuse(400, "AuthorizationHeaderMalformed", f"the region is wrong; expecting '{region}'",
                  extra=f"<Region>{region}</Region>")


def permanent_redirect(region):
    return refuse(301, "PermanentRedirect", "use the specified endpoint", [("x-amz-bucket-region", region)])


def slow_down(retry_after=None):
    headers = [("Retry-After", str(retry_after))] if retry_after is not None else []
    return refuse(503, "SlowDown", "Please reduce your request rate.", headers)


def throttled(retry_after=None):
    headers = [("Retry-After", str(retry_after))] if retry_after is not None else []
    return refuse(429, "TooManyRequests", "Please reduce your request rate.", headers)
