"""What must stay secret, collected where it is given and where it goes over the wire, and looked for elsewhere."""
import base64
import json
import re
import urllib.parse

_PIECE, _STEP = 16, 8  # characters: whoever finds so many of a secret in a row has found a leak
_HEADERS = {"x-amz-security-token": "session token", "x-identity-header": "identity header",
            "x-amz-server-side-encryption-customer-key": "customer key", "x-subject-key": "subject token's key",
            "x-aws-ec2-metadata-token": "metadata token"}
_FORM = ("client_secret", "client_assertion", "refresh_token", "assertion", "subject_token")
_CREDENTIAL = re.compile(rb"authorization:\s*(?:Bearer (\S+)|SharedKey [^:\s]+:(\S+))", re.IGNORECASE)  # of a batch's part
_SIGNED = re.compile(rb"[?&]sig=([^&\s]+)")


class Secrets:
    """Texts with their labels."""

    def __init__(self, **given):
        self.found = {}  # text -> label
        for label, text in given.items():
            self.add(label.replace("_", " "), text)

    def add(self, label, text):
        for line in str(text).split("\n"):  # of a key file's PEM text
            if line and not line.startswith("-----"):
                self.found[line] = label

    @property
    def labels(self):
        return set(self.found.values())

    def leaks(self, text):
        """The labels of the secrets that `text` has pieces of: as they are, as in URLs, or in base64."""
        return sorted({label for secret, label in self.found.items()
                       for form in _forms(secret) for piece in _pieces(form) if piece in text})


def _forms(secret):
    raw = secret.encode()
    return {secret, urllib.parse.quote(secret, safe=""), urllib.parse.unquote(secret), base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode()}


def _pieces(text):
    return {text[start:start + _PIECE] for start in range(0, max(1, len(text) - _PIECE + 1), _STEP)}


def on_the_wire(requests):
    """The Secrets of what these requests carry."""
    seen = Secrets()
    for request in requests:
        _headers(seen, request)
        for name, value in request.query.items():
            if name in ("sig", "X-Amz-Signature", "X-Goog-Signature"):
                seen.add("signature", value)
            elif name == "upload_id":  # whoever has a resumable session's address needs no credentials
                seen.add("upload session", value)
        _body(seen, request)
    return seen


def _headers(seen, request):
    for name, value in request.headers:
        if name.lower() in _HEADERS:
            seen.add(_HEADERS[name.lower()], value)
    scheme, _, rest = request.header("authorization", "").partition(" ")
    if scheme in ("Bearer", "Basic"):
        seen.add("token", rest)
    elif scheme == "SharedKey":
        seen.add("signature", rest.rpartition(":")[2])
    elif scheme:
        seen.add("signature", rest.rpartition("Signature=")[2])


def _body(seen, request):
    kind = request.header("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        for name, value in urllib.parse.parse_qsl(request.body.decode()):
            if name in _FORM:
                seen.add(name.replace("_", " "), value)
                _aws_request(seen, value)
    elif kind.startswith("multipart/mixed"):
        for token, signature in _CREDENTIAL.findall(request.body):
            seen.add("token" if token else "signature", (token or signature).decode())
        for signature in _SIGNED.findall(request.body):
            seen.add("signature", signature.decode())


def _aws_request(seen, text):
    """AWS's form of a subject token is a whole signed request."""
    try:
        found = json.loads(urllib.parse.unquote(text))
    except ValueError:
        return
    for header in found["headers"]:
        if header["key"].lower() == "authorization":
            seen.add("signature", header["value"].rpartition("Signature=")[2])
        elif header["key"].lower() == "x-amz-security-token":
            seen.add("session token", header["value"])
