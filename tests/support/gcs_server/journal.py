"""FOLDER/log/requests.log: one JSON line for each request, written before its answer leaves."""
import json
import os
import threading

_MASKED = ("cookie", "x-aws-ec2-metadata-token")


class Journal:
    def __init__(self, path, tokens):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.path, self.tokens, self.lock = path, tokens, threading.Lock()
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)

    def write(self, request, status, sent):
        """`status` is 0 when there was no answer. Tokens are named by their ids: no secret is in the log."""
        headers = {name: "***" if name in _MASKED else value for name, value in request.headers.items()}
        if "authorization" in headers:
            caller = self.tokens.known(headers["authorization"])
            headers["authorization"] = f"Bearer {caller.token}" if caller else "unknown"
        line = json.dumps({"time": round(request.time, 6), "port": request.port, "tls": request.tls, "method": request.method,
                           "path": request.path, "query": dict(request.query), "status": status,
                           "received": request.body.received, "sent": sent, "headers": headers, **request.notes})
        with self.lock:
            if self.descriptor is not None:
                os.write(self.descriptor, line.encode() + b"\n")

    def close(self):
        with self.lock:
            os.close(self.descriptor)
            self.descriptor = None
