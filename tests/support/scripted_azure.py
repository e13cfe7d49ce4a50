"""A small Azure blob service in the test's own process, for what Azurite cannot do: blobs in memory, faults,
throttling, tokens that expire, and no patience. Whatever no client of ours should ever send is refused and also
put down in `problems`, which fails the test (see azure_fixtures.py).

The parts: blobs and blocks, listings, batches, and the endpoints where tokens come from.
"""
import datetime
import email.utils
import math
import re
import urllib.parse

from support import sas, sharedkey
from support.azure_errors import REQUEST_ID, Refusal, error_response
from support.http_server import HttpServer, Response, Rule
from support.scripted_azure_batch import Batch
from support.scripted_azure_blobs import Blobs
from support.scripted_azure_listing import Listing
from support.scripted_tokens import RESOURCE, TENANT, TokenEndpoints

ACCOUNT, KEY = "tapsteraccount", "c2NyaXB0ZWQrL2tleStvZisvdGhlK2FjY291bnQ="

# (method, restype, comp, has a blob) -> operation
_OPERATIONS = {("PUT", "container", "", False): "CreateContainer",
               ("GET", "container", "", False): "GetContainerProperties",
               ("HEAD", "container", "", False): "GetContainerProperties",
               ("DELETE", "container", "", False): "DeleteContainer",
               ("GET", "container", "list", False): "ListBlobs",
               ("POST", "container", "batch", False): "BlobBatch", ("POST", "", "batch", False): "BlobBatch",
               ("PUT", "", "", True): "PutBlob", ("PUT", "", "block", True): "PutBlock",
               ("PUT", "", "blocklist", True): "PutBlockList", ("GET", "", "blocklist", True): "GetBlockList",
               ("GET", "", "", True): "GetBlob", ("HEAD", "", "", True): "GetBlobProperties",
               ("DELETE", "", "", True): "DeleteBlob", ("GET", "", "tags", True): "GetBlobTags"}


class _OperationRule(Rule):
    def __init__(self, server, operation, fault, nth, times):
        super().__init__(fault, None, "", nth, times)
        self.server, self.operation = server, operation

    def takes(self, request):
        return self.server.operation(request) == self.operation and super().takes(request)


class ScriptedAzure(HttpServer, Blobs, Listing, Batch, TokenEndpoints):
    SAS_PARAMETERS = {"sv", "ss", "srt", "sr", "sp", "st", "se", "sip", "spr", "sig", "si"}

    def __init__(self, tls=None):
        super().__init__(tls)
        self.account, self.key = ACCOUNT, KEY
        self.containers = {}  # name -> (blobs, staged); see Blobs
        self.clock_ahead = 0  # seconds
        self.prepare_tokens()
        self.prepare_batch()

    @property
    def url(self):
        """The account's address; ACCOUNT as the first label of the host does as well."""
        return f"{self.endpoint}/{self.account}"

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clock_ahead)

    def add_container(self, name):
        self.containers[name] = ({}, {})

    def container(self, name):
        """(blobs, staged)"""
        if name not in self.containers:
            raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")
        return self.containers[name]

    def blobs(self, container):
        """name -> Blob, for tests to look at."""
        return self.containers[container][0]

    def staged(self, container):
        """Names of blobs with blocks that nobody committed."""
        return [name for name, blocks in self.containers[container][1].items() if blocks]

    # -- what was asked --------------------------------------------------------------------------

    def address(self, request):
        """(account, container, blob), "" for what is not there."""
        host = request.header("host", "").partition(":")[0]
        path = urllib.parse.unquote(request.path)[1:]
        account, _, path = (self.account, "", path) if host.startswith(f"{self.account}.") else path.partition("/")
        container, _, blob = path.partition("/")
        return account, container, blob

    def operation(self, request):
        """The operation's name in the REST reference; "Token" for a token endpoint; None for anything else."""
        if request.path == "/msi/token" or request.path.endswith("/token") and "oauth2" in request.path:
            return "Token"
        query, blob = request.query, self.address(request)[2]
        return _OPERATIONS.get((request.method, query.get("restype", ""), query.get("comp", ""), blob != ""))

    def inject_at(self, operation, fault, nth=1, times=math.inf):
        """As inject, for requests of one operation ("PutBlock", "Token")."""
        self.rules.append(_OperationRule(self, operation, fault, nth, times))

    def at(self, operation):
        """The requests of this operation that came, in order."""
        return [request for request in self.requests if self.operation(request) == operation]

    def operations(self):
        return [self.operation(request) for request in self.requests]

    # -- what every request must be --------------------------------------------------------------

    def wrong(self, request, what, status=400, code="InvalidInput"):
        self.problems.append(f"{request}: {what}")
        raise Refusal(status, code, what)

    def answer(self, request):
        if (token := self.token_answer(request)) is not None:
            return token
        try:
            self._check_framing(request)
            response = self._dispatch(request)
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.code, refusal.message, refusal.headers, refusal.extra)
        for name, value in (("Date", email.utils.format_datetime(self.now(), usegmt=True)),
                            ("x-ms-request-id", REQUEST_ID), ("x-ms-version", request.header("x-ms-version")),
                            ("x-ms-client-request-id", request.header("x-ms-client-request-id"))):
            response = response.with_header(name, value)
        return response

    def _check_framing(self, request):
        names = request.header_names()
        if len(set(names)) != len(names):
            self.wrong(request, f"a header twice: {names}")
        if request.chunked or request.trailers or request.expect:
            self.wrong(request, "chunked transfer, a trailer, or Expect: 100-continue")
        if request.method in ("PUT", "POST") and not re.fullmatch(r"\d+", request.header("content-length", "")):
            self.wrong(request, "no Content-Length", 411, "MissingContentLengthHeader")
        if request.method in ("GET", "HEAD", "DELETE") and request.body:
            self.wrong(request, "a body where none belongs")
        version = request.header("x-ms-version", "")
        if not re.fullmatch(r"20\d\d-\d\d-\d\d", version) or version < "2020-04-08":
            self.wrong(request, f"x-ms-version {version!r}", 400, "InvalidHeaderValue")
        if "x-ms-date" in names and "date" in names:
            self.wrong(request, "both x-ms-date and Date")

    def authorize(self, request, operation, container):
        """Raises Refusal unless the request has one credential, and that allows the operation."""
        given, signed = request.header("authorization"), "sig" in request.query
        if given is not None and signed:
            self.wrong(request, "two credentials", 400, "InvalidAuthenticationInfo")
        if given is not None and given.startswith("Bearer "):
            self._check_token(request, given[len("Bearer "):])
        elif given is not None:
            try:
                sharedkey.verify(request, self.account, self.key, self.now())
            except Refusal as refusal:
                if "too old" not in refusal.extra:
                    self.problems.append(f"{request}: {refusal.extra}")
                raise
        elif signed:
            sas.verify(request, self.account, self.key, container, operation, self.now())
        else:
            raise self._unauthenticated("NoAuthenticationInformation", "Server failed to authenticate the request. "
                                        "Please refer to the information in the www-authenticate header.")

    @staticmethod
    def _unauthenticated(code, message):
        challenge = f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize " \
                    f"resource_id={RESOURCE}"
        return Refusal(401, code, message, headers=[("WWW-Authenticate", challenge)])

    def _check_token(self, request, token):
        if not request.tls:
            self.wrong(request, "a token over http", 403, "AuthenticationFailed")
        if not self.accepts_token(token):
            raise self._unauthenticated("InvalidAuthenticationInfo", "Server failed to authenticate the request. Please "
                                        "refer to the information in the www-authenticate header.")

    # -- operations ------------------------------------------------------------------------------

    def _dispatch(self, request):
        account, container, blob = self.address(request)
        if account != self.account:
            self.wrong(request, f"account {account!r}", 404, "ResourceNotFound")
        operation = self.operation(request)
        if operation is None:
            self.wrong(request, "not an operation", 405, "UnsupportedHttpVerb")
        self.authorize(request, operation, container)
        if operation == "CreateContainer":
            return self._create_container(container, request)
        if operation == "BlobBatch":
            return self.blob_batch(container if "restype" in request.query else "", request)
        blobs, staged = self.container(container)
        if operation == "DeleteContainer":
            del self.containers[container]
            return Response(202)
        if operation == "GetContainerProperties":
            return Response(200, [("ETag", '"0x8DD000000000001"'), ("x-ms-lease-state", "available")])
        if operation == "ListBlobs":
            return self.list_blobs(container, blobs, staged, request)
        handler = {"PutBlob": self.put_blob, "PutBlock": self.put_block, "PutBlockList": self.put_block_list,
                   "GetBlockList": self.get_block_list, "GetBlob": self.get_blob, "GetBlobProperties": self.get_blob,
                   "DeleteBlob": self.delete_blob, "GetBlobTags": self.get_blob_tags}[operation]
        return handler(blobs, staged, blob, request)

    def _create_container(self, container, request):
        if not re.fullmatch(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", container):
            raise Refusal(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
        if container in self.containers:
            raise Refusal(409, "ContainerAlreadyExists", "The specified container already exists.")
        self.add_container(container)
        return Response(201, [("ETag", '"0x8DD000000000001"')])
