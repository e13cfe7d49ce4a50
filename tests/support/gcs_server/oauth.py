"""oauth2.googleapis.com/token: service accounts (RFC 7523) and authorised users (RFC 6749 section 6)."""
import base64
import hashlib
import json
import time
import urllib.parse

from support.gcs_server.refusals import OAuthRefusal
from support.gcs_server.wire import Response

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LEEWAY = 300  # seconds by which clocks may differ
_LONGEST = 3600
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 section 9.2, note 1


def form(request):
    """The parameters of a form, each there once; no others than `request` may carry are looked for."""
    kind = request.header("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthRefusal(400, "invalid_request", f"Content-Type {kind!r} is not a form's")
    try:
        pairs = urllib.parse.parse_qsl(request.body.read().decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise OAuthRefusal(400, "invalid_request", "the body is not a form") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise OAuthRefusal(400, "invalid_request", "a parameter is there twice")
    return found


def only(parameters, needed, optional=()):
    missing = [name for name in needed if not parameters.get(name)]
    unknown = [name for name in parameters if name not in (*needed, *optional)]
    if missing or unknown:
        raise OAuthRefusal(400, "invalid_request", f"missing: {missing}, unknown: {unknown}")


def token_response(tokens, name, scopes):
    token, lifetime = tokens.issue(name, scopes)
    body = {"access_token": token, "expires_in": max(0, lifetime - 1), "token_type": "Bearer"}
    return Response(200, [("Content-Type", "application/json; charset=UTF-8"), ("Cache-Control", "private")],
                    json.dumps(body).encode())


class OAuth:
    def __init__(self, tokens, service_account, user):
        """`service_account`: email, key_id, modulus, exponent, audience; `user`: client_id, client_secret,
        refresh_token, name."""
        self.tokens, self.service_account, self.user = tokens, service_account, user

    def answer(self, request):
        parameters = form(request)
        grant = parameters.get("grant_type")
        request.notes["grant_type"] = grant
        if grant == JWT_BEARER:
            only(parameters, ("grant_type", "assertion"))
            return self._assertion(parameters["assertion"])
        if grant == "refresh_token":
            only(parameters, ("grant_type", "client_id", "client_secret", "refresh_token"), ("scope",))
            return self._refresh(parameters)
        only(parameters, ("grant_type",), parameters)
        raise OAuthRefusal(400, "unsupported_grant_type", f"Invalid grant_type: {grant}")

    def _refresh(self, parameters):
        if (parameters["client_id"], parameters["client_secret"]) != (self.user["client_id"], self.user["client_secret"]):
            raise OAuthRefusal(401, "invalid_client", "The OAuth client was not found.")
        if parameters["refresh_token"] != self.user["refresh_token"]:
            raise OAuthRefusal(400, "invalid_grant", "Token has been expired or revoked.")
        scopes = parameters.get("scope", "https://www.googleapis.com/auth/cloud-platform").split(" ")
        return token_response(self.tokens, self.user["name"], scopes)

    def _assertion(self, assertion):
        account, parts = self.service_account, assertion.split(".")
        try:
            header, claims = (json.loads(_decode(part)) for part in parts[:2])
            signature = _decode(parts[2])
            assert len(parts) == 3
        except (ValueError, IndexError, AssertionError):
            raise OAuthRefusal(400, "invalid_grant", "Bad Request: not a JWT") from None
        if header.get("alg") != "RS256" or header.get("typ", "JWT") != "JWT":
            raise OAuthRefusal(400, "invalid_grant", f"Invalid JWT: the header is {header}")
        if claims.get("iss") != account["email"]:
            raise OAuthRefusal(400, "invalid_grant", "Invalid grant: account not found")
        if header.get("kid") not in (None, account["key_id"]) \
                or not _signed(".".join(parts[:2]).encode(), signature, account["modulus"], account["exponent"]):
            raise OAuthRefusal(400, "invalid_grant", "Invalid JWT Signature.")
        if claims.get("aud") != account["audience"]:
            raise OAuthRefusal(400, "invalid_grant", f"Invalid JWT: aud must be {account['audience']}")
        issued, end, now = claims.get("iat"), claims.get("exp"), time.time()
        if not isinstance(issued, int) or not isinstance(end, int) or issued > now + _LEEWAY or end < now - _LEEWAY \
                or not 0 < end - issued <= _LONGEST:
            raise OAuthRefusal(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in "
                               "a reasonable timeframe. Check your iat and exp values in the JWT claim.")
        scopes = str(claims.get("scope", "")).split(" ")
        if not all(scope.startswith("https://www.googleapis.com/auth/") for scope in scopes):
            raise OAuthRefusal(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        unknown = set(claims) - {"iss", "sub", "aud", "iat", "exp", "scope"}
        if unknown or claims.get("sub", account["email"]) != account["email"]:
            raise OAuthRefusal(401, "unauthorized_client", f"Client is unauthorized to use these claims: {claims}")
        return token_response(self.tokens, account["email"], scopes)


def _decode(text):
    """Base64url without padding (RFC 7515), strictly."""
    if not text or set(text) & set("+/="):
        raise ValueError(text)
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _signed(data, signature, modulus, exponent):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2)."""
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size or int.from_bytes(signature, "big") >= modulus:
        return False
    encoded = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    info = _SHA256_INFO + hashlib.sha256(data).digest()
    return encoded == b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
