"""Where Azure's identities get their tokens, scripted: Entra ID (client secret, client certificate, federated
token), the virtual machines' metadata service and App Service. The tokens are forged, and of a form that
Azurite's --oauth basic takes.

Sources: "OAuth 2.0 client credentials flow", "Microsoft identity platform application authentication certificate
credentials", "How to use managed identities on an Azure VM to acquire an access token", "Connect to services by
using managed identities for App Service".
"""
import json
import os
import pathlib
import shlex
import time
import urllib.parse
import uuid

from support import jwt
from support.http_server import HttpServer, Response

RESOURCE = "https://storage.azure.com"
TENANT, CLIENT_ID = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-aaaaaaaaaaaa"
CLIENT_SECRET = "s~cret&of=the+client%"  # characters that a form must encode
IDENTITY_ID = "bbbbbbbb-cccc-dddd-eeee-ffffffffffff"  # the user-assigned managed identity
IDENTITY_HEADER = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def forge_token(audience=RESOURCE, issuer=f"https://sts.windows.net/{TENANT}/", lifetime=3600, begins=-60):
    """A bearer token, valid from `begins` to `lifetime` seconds from now."""
    now = int(time.time())
    return jwt.forge({"aud": audience, "iss": issuer, "iat": now + begins, "nbf": now + begins, "exp": now + lifetime,
                      "appid": CLIENT_ID, "tid": TENANT, "ver": "1.0", "uti": uuid.uuid4().hex})


def federated_token():
    """What Kubernetes projects into a pod."""
    now = int(time.time())
    return jwt.forge({"aud": ["api://AzureADTokenExchange"], "iss": "https://kubernetes.example/",
                      "sub": "system:serviceaccount:default:cluster", "iat": now, "nbf": now, "exp": now + 3600})


def _json(status, content, headers=()):
    return Response(status, [("Content-Type", "application/json; charset=utf-8"), *headers],
                    json.dumps(content).encode())


class _Refused(Exception):
    def __init__(self, status, error, description):
        super().__init__(error)
        self.response = _json(status, {"error": error, "error_description": description,
                                       "correlation_id": "c0ffee00-0000-4000-8000-000000000001"})


class TokenEndpoints:
    """A part of an HttpServer: token_answer answers the requests that are for these endpoints. What no client of
    ours should send is refused and put down in `problems`; wrong secrets and unknown identities are only refused."""

    def prepare_tokens(self):
        self.client_certificate = None  # a jwt.ClientCertificate
        self.federated = federated_token()
        self.identities = {None, IDENTITY_ID}  # managed identities by client id; None is the system-assigned one
        self.token_lifetime = 3600
        self.issued = {}  # token -> kind: "secret", "certificate", "federated", "imds", "app-service", "cli"
        self.assertion_ids = set()

    def issue(self, kind):
        token = forge_token(lifetime=self.token_lifetime)
        self.issued[token] = kind
        return token

    def revoke_tokens(self):
        """Tokens that were given out are no longer accepted."""
        self.issued.clear()

    def accepts_token(self, token):
        return token in self.issued and jwt.parse(token)[1]["exp"] > time.time()

    # -- what a command needs in its environment ---------------------------------------------------

    def token_environment(self, kind, folder=None, client_id=None):
        """kind: "client-secret", "client-certificate", "workload-identity", "app-service", "imds" or "azure-cli" (a
        program az in folder/bin, to be put in front of PATH). `client_id` asks for that managed identity."""
        application = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT_ID, "AZURE_AUTHORITY_HOST": self.endpoint}
        if kind == "client-secret":
            return {**application, "AZURE_CLIENT_SECRET": CLIENT_SECRET}
        if kind == "client-certificate":
            self.client_certificate = self.client_certificate or jwt.ClientCertificate(folder)
            return {**application, "AZURE_CLIENT_CERTIFICATE_PATH": str(self.client_certificate.path)}
        if kind == "workload-identity":
            path = pathlib.Path(folder) / "azure-identity-token"
            path.write_text(self.federated)
            return {**application, "AZURE_FEDERATED_TOKEN_FILE": str(path)}
        identity = {"AZURE_CLIENT_ID": client_id} if client_id else {}
        if kind == "app-service":
            return {**identity, "IDENTITY_ENDPOINT": f"{self.endpoint}/msi/token", "IDENTITY_HEADER": IDENTITY_HEADER}
        if kind == "imds":
            return {**identity, "AZURE_POD_IDENTITY_AUTHORITY_HOST": self.endpoint}
        assert kind == "azure-cli", kind
        return {"PATH": f"{self.fake_cli(folder)}:{os.environ['PATH']}"}

    def fake_cli(self, folder):
        """A folder with a program az that gives out one token and logs its arguments in `az.log` beside it."""
        bin_folder = pathlib.Path(folder) / "bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        expiry = time.time() + self.token_lifetime
        answer = json.dumps({"accessToken": self.issue("cli"), "tenant": TENANT, "tokenType": "Bearer",
                             "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expiry)),
                             "expires_on": int(expiry)})
        program = bin_folder / "az"
        program.write_text(f"#!/bin/sh\necho \"$*\" >>{shlex.quote(str(bin_folder / 'az.log'))}\n"
                           f"cat <<'TOKEN'\n{answer}\nTOKEN\n")
        program.chmod(0o755)
        return bin_folder

    # -- the endpoints ---------------------------------------------------------------------------

    def token_answer(self, request):
        """The answer, or None when the request is for something else."""
        answer = {"/metadata/identity/oauth2/token": self._metadata_service, "/msi/token": self._app_service}.get(
            request.path, self._entra if request.path.endswith("/oauth2/v2.0/token") else None)
        if answer is None:
            return None
        try:
            return answer(request)
        except _Refused as refused:
            return refused.response

    def _odd(self, request, what):
        self.problems.append(f"{request.method} {request.path}: {what}")
        raise _Refused(400, "invalid_request", f"AADSTS900144: {what}")

    def _entra(self, request):
        if request.method != "POST" or request.header("content-type") != "application/x-www-form-urlencoded":
            self._odd(request, f"{request.method} with {request.header('content-type')}")
        if request.query:
            self._odd(request, "parameters in the URL")
        form = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
        if form.get("grant_type") != "client_credentials" or form.get("scope") != f"{RESOURCE}/.default":
            self._odd(request, f"grant_type {form.get('grant_type')}, scope {form.get('scope')}")
        if request.path != f"/{TENANT}/oauth2/v2.0/token":
            raise _Refused(400, "invalid_request", f"AADSTS90002: Tenant '{request.path.split('/')[1]}' not found.")
        if form.get("client_id") != CLIENT_ID:
            raise _Refused(400, "unauthorized_client", f"AADSTS700016: Application with identifier "
                           f"'{form.get('client_id')}' was not found in the directory.")
        if ("client_secret" in form) == ("client_assertion" in form):
            self._odd(request, "one of client_secret and client_assertion is needed")
        if "client_secret" in form:
            if form["client_secret"] != CLIENT_SECRET:
                raise _Refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
            kind = "secret"
        else:
            kind = self._assertion(request, form)
        return _json(200, {"token_type": "Bearer", "expires_in": self.token_lifetime,
                           "ext_expires_in": self.token_lifetime, "access_token": self.issue(kind)})

    def _assertion(self, request, form):
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            self._odd(request, f"client_assertion_type {form.get('client_assertion_type')}")
        try:
            header, claims, signed, signature = jwt.parse(form["client_assertion"])
        except ValueError as error:
            self._odd(request, f"client_assertion is not a JWT: {error}")
        if not {"x5t", "x5t#S256"} & set(header):
            if form["client_assertion"] != self.federated:
                raise _Refused(401, "invalid_client", "AADSTS70021: No matching federated identity record found for "
                               "presented assertion.")
            return "federated"
        self._check_assertion(request, header, claims)
        known = self.client_certificate
        if (known is None or not known.verifies(header["alg"], signed, signature)
                or any(header.get(name, value) != value for name, value in known.thumbprints.items())):
            raise _Refused(401, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the "
                           "client assertion is not registered on application.")
        self.assertion_ids.add(claims["jti"])
        return "certificate"

    def _check_assertion(self, request, header, claims):
        now = time.time()
        if header.get("alg") not in ("PS256", "RS256") or header.get("typ") != "JWT":
            self._odd(request, f"the assertion's header is {header}")
        if claims.get("iss") != CLIENT_ID or claims.get("sub") != CLIENT_ID:
            self._odd(request, "iss and sub must be the client's id")
        if claims.get("aud") != f"{'https' if request.tls else 'http'}://{request.header('host')}{request.path}":
            self._odd(request, f"aud is {claims.get('aud')}")
        if not claims.get("jti") or claims["jti"] in self.assertion_ids:
            self._odd(request, "jti must be there, and new")
        if not all(isinstance(claims.get(name), int) for name in ("nbf", "exp")) or not (
                claims["nbf"] <= now + 5 and now < claims["exp"] <= now + 3600):
            self._odd(request, f"nbf {claims.get('nbf')}, exp {claims.get('exp')}, now {now:.0f}")

    def _managed(self, request, kind, api_version):
        query = request.query
        if request.method != "GET" or query.get("api-version") != api_version:
            self._odd(request, f"{request.method} with api-version {query.get('api-version')}")
        if query.get("resource", "").rstrip("/") != RESOURCE:
            self._odd(request, f"resource {query.get('resource')}")
        if query.get("client_id") not in self.identities:
            raise _Refused(400, "invalid_request", "Identity not found")
        now = int(time.time())
        return {"access_token": self.issue(kind), "client_id": query.get("client_id", IDENTITY_ID),
                "expires_on": str(now + self.token_lifetime), "resource": query["resource"], "token_type": "Bearer"}

    def _metadata_service(self, request):
        if request.header("metadata") != "true":  # a probe may leave it out
            raise _Refused(400, "invalid_request", "Required metadata header not specified")
        if request.header("x-forwarded-for") is not None or request.target.startswith("http"):
            self._odd(request, "this must not go through a proxy")
        found = self._managed(request, "imds", "2018-02-01")
        return _json(200, {**found, "expires_in": str(self.token_lifetime), "ext_expires_in": str(self.token_lifetime),
                           "not_before": str(int(time.time()))})

    def _app_service(self, request):
        if request.header("x-identity-header") != IDENTITY_HEADER:
            return _json(401, {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."})
        return _json(200, self._managed(request, "app-service", "2019-08-01"))


class TokenServer(HttpServer, TokenEndpoints):
    """The endpoints alone, for use beside Azurite."""

    def __init__(self, tls=None):
        super().__init__(tls)
        self.prepare_tokens()

    def answer(self, request):
        answer = self.token_answer(request)
        if answer is None:
            self.problems.append(f"{request}: not a token endpoint")
            return Response(404)
        return answer
