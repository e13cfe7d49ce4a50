"""The JSON API's buckets and objects ("JSON API" reference, v1). Names are one percent-encoded path segment."""
import base64
import hashlib
import hmac
import json
import re
import secrets
import urllib.parse

from support.gcs_server.refusals import JSON, TEXT, forbidden, invalid, no_such_route, required
from support.gcs_server.resources import OBJECT_FIELDS, Stretch, json_response, media_headers, moment, resource
from support.gcs_server.tokens import permit
from support.gcs_server.wire import Response
from support.gcs_server.world import Conditions

_COMMON = {"alt", "fields", "prettyPrint", "quotaUser", "userProject", "key"}
CONDITIONS = {"ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch"}
_LIST_FIELDS = {"kind": None, "nextPageToken": None, "prefixes": None, "items": OBJECT_FIELDS}
_BUCKET_FIELDS = dict.fromkeys(("kind", "id", "selfLink", "name", "projectNumber", "metageneration", "location",
                                "locationType", "storageClass", "etag", "timeCreated", "updated"))
_ROUTE = re.compile(r"/(download/)?storage/v1/b(?:/([^/]+)(?:/(o)(?:/([^/]+))?)?)?")


def unquote(segment):
    if re.search(r"%(?![0-9A-Fa-f]{2})", segment):
        raise invalid(f"Invalid percent-encoding: {segment}")
    try:
        return urllib.parse.unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise invalid("names must be UTF-8") from None


def check_parameters(request, allowed):
    names = [name for name, _ in request.query]
    for name in names:
        if name not in allowed | _COMMON:
            raise invalid(f'Invalid parameter: "{name}"', "invalidParameter", name)
        if names.count(name) > 1:
            raise invalid(f'Parameter given twice: "{name}"', "invalidParameter", name)
    if request.parameter("alt", "json") not in ("json", "media"):
        raise invalid(f"Invalid value for alt: {request.parameter('alt')}", "invalidParameter", "alt")


def no_body(request):
    if request.body.length:
        raise invalid(f"{request.method} requests must not have a body here; this one has {request.body.length} bytes")


def json_body(request):
    kind = request.header("content-type", "").partition(";")[0].strip()
    if kind != "application/json":
        raise invalid(f"Content-Type must be application/json, not {kind!r}")
    return parse_json(request.body.read())


def parse_json(data):
    try:
        found = json.loads(data)
        assert isinstance(found, dict)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
        return found
    except (ValueError, AssertionError):
        raise invalid("Parse Error", "parseError") from None


class JsonApi:
    def __init__(self, world):
        self.world, self.token_key = world, secrets.token_bytes(16)

    @staticmethod
    def form(request):
        """Errors of media downloads are plain text."""
        return TEXT if request.parameter("alt") == "media" and request.method == "GET" else JSON

    def answer(self, request):
        found = _ROUTE.fullmatch(request.path)
        if not found:
            raise no_such_route(request)
        download, bucket, objects, name = found.groups()
        handlers = {(False, False, False): {"POST": self._create_bucket},
                    (True, False, False): {"GET": self._get_bucket, "DELETE": self._delete_bucket},
                    (True, True, False): {"GET": self._list},
                    (True, True, True): {"GET": self._get, "DELETE": self._delete}}
        handler = handlers[bool(bucket), bool(objects), bool(name)].get(request.method)
        if not handler or (download and handler != self._get):
            raise no_such_route(request)
        arguments = [unquote(part) for part in (bucket, name) if part]
        if request.method != "POST":
            no_body(request)
        return handler(request, *arguments)

    # -- buckets -----------------------------------------------------------------------------------------

    def _bucket(self, request, place):
        return {"kind": "storage#bucket", "id": place.name, "selfLink": f"{request.base}/storage/v1/b/{place.name}",
                "name": place.name, "projectNumber": "123456789012", "metageneration": "1", "location": "US",
                "locationType": "multi-region", "storageClass": "STANDARD", "etag": "CAE=",
                "timeCreated": moment(place.created), "updated": moment(place.created)}

    def _create_bucket(self, request):
        check_parameters(request, {"project", "projection", "predefinedAcl", "predefinedDefaultObjectAcl"})
        if not request.parameter("project"):
            raise required("project")
        wanted = json_body(request)
        if not isinstance(wanted.get("name"), str):
            raise required("name")
        permit(self.world, request, "storage.buckets.create", wanted["name"])
        place = self.world.create_bucket(wanted["name"], request.parameter("project"))
        return json_response(request, self._bucket(request, place), _BUCKET_FIELDS)

    def _get_bucket(self, request, bucket):
        check_parameters(request, {"projection", "ifMetagenerationMatch", "ifMetagenerationNotMatch"})
        permit(self.world, request, "storage.buckets.get", bucket)
        return json_response(request, self._bucket(request, self.world.bucket(bucket)), _BUCKET_FIELDS)

    def _delete_bucket(self, request, bucket):
        check_parameters(request, {"ifMetagenerationMatch", "ifMetagenerationNotMatch"})
        permit(self.world, request, "storage.buckets.delete", bucket)
        self.world.remove_bucket(bucket)
        return Response(204)

    # -- objects -----------------------------------------------------------------------------------------

    def _list(self, request, bucket):
        check_parameters(request, {"prefix", "delimiter", "pageToken", "maxResults", "startOffset", "endOffset", "projection",
                                   "versions", "includeTrailingDelimiter"})
        permit(self.world, request, "storage.objects.list", bucket)
        for name in ("versions", "includeTrailingDelimiter"):
            if request.parameter(name, "false") != "false":
                raise invalid(f"{name} is not something that we ask for", "invalidParameter", name)
        limit = request.parameter("maxResults", "1000")
        if not re.fullmatch(r"[1-9]\d{0,8}", limit):
            raise invalid(f'Invalid value for maxResults: "{limit}"', "invalidParameter", "maxResults")
        question = [request.parameter(name, "") for name in ("prefix", "delimiter", "startOffset", "endOffset")]
        token = request.parameter("pageToken")
        after = self._opened(token, bucket, question) if token is not None else None
        objects, prefixes, last = self.world.list(bucket, *question, after, min(int(limit), 1000))
        found = {"kind": "storage#objects"}
        if last:
            found["nextPageToken"] = self._sealed(last, bucket, question)
        if prefixes:
            found["prefixes"] = prefixes
        if objects:  # an empty list is left out
            found["items"] = [resource(request, stored) for stored in objects]
        return json_response(request, found, _LIST_FIELDS)

    def _seal(self, text, bucket, question):
        return hmac.new(self.token_key, json.dumps([text, bucket, question]).encode(), hashlib.sha256).digest()[:12]

    def _sealed(self, last, bucket, question):
        """A token that says where to go on, and holds only for the same question."""
        text = json.dumps(last)
        return base64.b64encode(self._seal(text, bucket, question) + text.encode()).decode()

    def _opened(self, token, bucket, question):
        try:
            data = base64.b64decode(token, validate=True)
            seal, text = data[:12], data[12:].decode()
            assert hmac.compare_digest(seal, self._seal(text, bucket, question))
            return json.loads(text)
        except (ValueError, AssertionError):
            raise invalid("Invalid page token", "invalidParameter", "pageToken") from None

    def _generation(self, request):
        text = request.parameter("generation")
        if text is not None and not re.fullmatch(r"[1-9]\d{0,18}", text):
            raise invalid(f'Invalid value for generation: "{text}"', "invalidParameter", "generation")
        return int(text) if text else None

    def _get(self, request, bucket, name):
        check_parameters(request, CONDITIONS | {"generation", "projection"})
        permit(self.world, request, "storage.objects.get", bucket, name)
        generation, conditions = self._generation(request), Conditions.of(request.parameter)
        self.prove_absence(request, bucket, name)
        if request.parameter("alt") != "media":
            if request.path.startswith("/download/") or request.header("range") is not None:
                raise invalid("a download, or a Range, without alt=media")
            with self.world.lock:
                stored = self.world.find(bucket, name, generation)
                conditions.check(stored, reading=True)
                return json_response(request, resource(request, stored), OBJECT_FIELDS, headers=[("ETag", stored.json_etag)])
        stretch = Stretch(request)
        stored, spans = self.world.open(bucket, name, generation, conditions, stretch)
        return stretch.response(stored, spans, [*media_headers(stored), ("Content-Disposition", "attachment")])

    def prove_absence(self, request, bucket, name):
        """Whoever may not list is not told that an object does not exist."""
        place = self.world.bucket(bucket)
        if name not in place.objects and "storage.objects.list" in place.denied:
            raise forbidden(request.caller.name, "storage.objects.list", name)

    def _delete(self, request, bucket, name):
        check_parameters(request, CONDITIONS | {"generation"})
        permit(self.world, request, "storage.objects.delete", bucket, name)
        self.world.remove(bucket, name, self._generation(request), Conditions.of(request.parameter))
        return Response(204)
