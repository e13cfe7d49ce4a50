"""One request through faults, authorization, routes and the journal."""
from support.gcs_server.refusals import JSON, Refusal, no_such_route
from support.gcs_server.tokens import ANONYMOUS

# The listeners' names.
STORAGE, ANONYMOUS_STORAGE, NO_XML_STORAGE = "storage", "anonymous", "no-xml"
ACCOUNTS, METADATA, CONTROL = "accounts", "metadata", "control"


class Service:
    def __init__(self, tokens, faults, journal):
        self.tokens, self.faults, self.journal = tokens, faults, journal
        self.apis = {}  # filled by Server: json, inserts, batch, xml, xml_without_multipart
        self.oauth = self.federation = self.metadata_server = self.control = None

    def answer(self, request):
        handler = self._handler(request)
        form = getattr(handler, "form", lambda _: JSON)(request)
        fault = self.faults.of(request) if request.port != CONTROL else None
        try:
            if fault:
                return fault.answer(request, lambda again: self._carry_out(handler, again))
            return self._carry_out(handler, request)
        except Refusal as refusal:
            request.notes["refused"] = str(refusal)
            return refusal.response(form)

    def finished(self, request, status, sent):
        self.journal.write(request, status, sent)

    def _handler(self, request):
        if request.port == CONTROL:
            return self.control
        if request.port == METADATA:
            return self.metadata_server
        if request.port == ACCOUNTS:
            return _Accounts(self)
        for prefix, api in (("/batch/", "batch"), ("/upload/storage/v1/", "inserts"), ("/storage/v1/", "json"),
                            ("/download/storage/v1/", "json")):
            if request.path.startswith(prefix):
                return self.apis[api]
        return self.apis["xml_without_multipart" if request.port == NO_XML_STORAGE else "xml"]

    def _carry_out(self, handler, request):
        if request.port in (STORAGE, ANONYMOUS_STORAGE, NO_XML_STORAGE):
            request.caller = self._caller(request)
        return handler.answer(request)

    def _caller(self, request):
        """Emulators let everybody in, but nobody should show them a token that is not good."""
        authorization = request.header("authorization")
        # A resumable upload's address is a credential by itself.
        in_session = request.path.startswith("/upload/") and request.parameter("upload_id")
        if authorization is None and (request.port != STORAGE or in_session):
            return ANONYMOUS
        return self.tokens.check(authorization)


class _Accounts:
    """The hosts that have to do with credentials, on one port."""

    def __init__(self, service):
        self.service = service

    def answer(self, request):
        federation = self.service.federation
        if (request.method, request.path) == ("POST", "/token"):
            return self.service.oauth.answer(request)
        if (request.method, request.path) == ("POST", "/v1/token"):
            return federation.exchange(request)
        if request.method == "POST" and request.path.startswith("/v1/projects/-/serviceAccounts/") \
                and request.path.endswith(":generateAccessToken"):
            return federation.impersonate(request)
        if (request.method, request.path) == ("GET", "/subject-token"):
            return federation.subject(request)
        if request.path.startswith("/latest/"):
            return federation.instance(request)
        raise no_such_route(request)
