"""The metadata server of Compute Engine and GKE, as far as credentials need it."""
import json
import urllib.parse

from support.gcs_server.wire import Response

_FLAVOR = ("Metadata-Flavor", "Google")
_DEFAULT_SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write"]  # of a virtual machine


class MetadataServer:
    def __init__(self, tokens, email, project):
        self.tokens, self.email, self.project = tokens, email, project

    def answer(self, request):
        """Every answer carries Metadata-Flavor, which tells clients that it is no captive portal."""
        response = self._answer(request)
        return Response(response.status, [_FLAVOR, *response.headers], response.body)

    def _answer(self, request):
        if request.method != "GET" or request.body.length:
            return _text("Method Not Allowed", 405)
        if request.path == "/":  # how clients find out whether there is a metadata server
            return _text("computeMetadata/\n")
        if request.header("metadata-flavor") != "Google" or request.header("x-forwarded-for") is not None:
            return _text("Missing Metadata-Flavor:Google header.", 403)
        prefix, account = "/computeMetadata/v1/", "instance/service-accounts/"
        path = request.path.removeprefix(prefix)
        if path == "project/project-id":
            return _text(self.project)
        if path == "universe/universe-domain":
            return _text("googleapis.com")
        for name in ("default", self.email):
            below = path.removeprefix(f"{account}{name}/")
            if below == path:
                continue
            if below == "token":
                return self._token(request)
            if below == "email":
                return _text(self.email)
            if below == "scopes":
                return _text("\n".join(_DEFAULT_SCOPES) + "\n")
            if below == "" and request.parameter("recursive") == "true":
                return _json({"aliases": ["default"], "email": self.email, "scopes": _DEFAULT_SCOPES})
        return _text("The requested URL was not found on this server.", 404)

    def _token(self, request):
        scopes = urllib.parse.unquote(request.parameter("scopes", ",".join(_DEFAULT_SCOPES))).split(",")
        token, lifetime = self.tokens.issue(self.email, scopes)
        return _json({"access_token": token, "expires_in": max(0, lifetime - 1), "token_type": "Bearer"})


def _json(value):
    return Response(200, [("Content-Type", "application/json")], json.dumps(value).encode())


def _text(value, status=200):
    return Response(status, [("Content-Type", "application/text")], value.encode())
