"""The XML API's objects ("XML API" reference), in path style: /BUCKET/OBJECT, where slashes stand for themselves."""
import re
import time

from support.gcs_server.blobs import Blob, check_digests, declared_digests
from support.gcs_server.json_api import no_body, unquote
from support.gcs_server.refusals import XML, Refusal, forbidden, invalid, no_such_route
from support.gcs_server.resources import Stretch
from support.gcs_server.tokens import permit
from support.gcs_server.wire import Response
from support.gcs_server.world import Attributes, Conditions, check_name

_KNOWN_HEADERS = {"x-goog-hash", "x-goog-encryption-kms-key-name", "x-goog-storage-class", "x-goog-if-generation-match",
                  "x-goog-if-metageneration-match", "x-goog-user-project", "x-goog-api-client"}
_METADATA_PREFIX = "x-goog-meta-"
_MULTIPART = {"uploads", "uploadId"}


def check_headers(request):
    for name in request.headers:
        if name.startswith("x-goog-") and not name.startswith(_METADATA_PREFIX) and name not in _KNOWN_HEADERS:
            raise invalid(f"a header that no client of ours should send: {name}")
        if name.startswith("x-amz-"):
            raise invalid(f"a header of another service's: {name}", code="InvalidArgument")


def attributes_of(request):
    metadata = {name.removeprefix(_METADATA_PREFIX): value for name, value in request.headers.items()
                if name.startswith(_METADATA_PREFIX)}
    return Attributes(request.header("content-type", "application/octet-stream"), metadata,
                      request.header("x-goog-encryption-kms-key-name"),
                      request.header("x-goog-storage-class", "STANDARD")).check()


def conditions_of(request):
    names = {"ifGenerationMatch": "x-goog-if-generation-match", "ifMetagenerationMatch": "x-goog-if-metageneration-match"}
    return Conditions.of(lambda name: request.header(names[name]) if name in names else None)


def check_query(request, allowed):
    for name, _ in request.query:
        if name not in allowed:
            raise invalid(f"The query parameter {name} does not belong here.")


class XmlApi:
    def __init__(self, world, multipart):
        """Without `multipart`, uploads in parts are not there, as in emulators."""
        self.world, self.multipart = world, multipart

    @staticmethod
    def form(_):
        return XML

    def answer(self, request):
        found = re.fullmatch(r"/([^/]+)(?:/(.*))?", request.path)
        if not found:
            raise no_such_route(request)
        bucket, name = (unquote(part) if part else None for part in found.groups())
        check_headers(request)
        if _MULTIPART & {key for key, _ in request.query}:
            if not self.multipart:
                request.body.drain()
                return Response(404, [("Content-Type", "text/plain; charset=utf-8")], b"404 page not found\n")
            return self.multipart.answer(request, bucket, name)
        if name is None:
            if request.method != "HEAD":
                raise Refusal(405, "methodNotAllowed", "Only HEAD, of what there is for buckets here.")
            check_query(request, ())
            permit(self.world, request, "storage.buckets.get", bucket)
            self.world.bucket(bucket)
            return Response(200)
        check_name(name)
        if request.method in ("GET", "HEAD"):
            return self._get(request, bucket, name)
        if request.method == "PUT":
            return self._put(request, bucket, name)
        if request.method == "DELETE":
            return self._delete(request, bucket, name)
        raise Refusal(405, "methodNotAllowed", "The specified method is not allowed against this resource.")

    def _get(self, request, bucket, name):
        check_query(request, {"generation"})
        no_body(request)
        permit(self.world, request, "storage.objects.get", bucket, name)
        place = self.world.bucket(bucket)
        if name not in place.objects and "storage.objects.list" in place.denied:
            raise forbidden(request.caller.name, "storage.objects.list", name)
        generation = request.parameter("generation")
        if generation is not None and not generation.isdigit():
            raise invalid(f"Invalid generation: {generation}")
        stretch = Stretch(request)
        stored, spans = self.world.open(bucket, name, int(generation) if generation else None, conditions_of(request), stretch)
        blob, attributes = stored.blob, stored.attributes
        headers = [("Content-Type", attributes.content_type), ("ETag", f'"{stored.etag or stored.json_etag}"'),
                   ("Last-Modified", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(stored.created))),
                   ("x-goog-generation", str(stored.generation)), ("x-goog-metageneration", "1"),
                   ("x-goog-hash", f"crc32c={blob.crc_text}"), ("x-goog-storage-class", attributes.storage_class),
                   ("x-goog-stored-content-encoding", "identity"), ("x-goog-stored-content-length", str(blob.size)),
                   *[(_METADATA_PREFIX + key, value) for key, value in attributes.metadata.items()]]
        if blob.with_md5:  # in a header of its own, unlike the JSON API's
            headers.append(("x-goog-hash", f"md5={blob.md5_text}"))
        if attributes.kms_key:
            headers.append(("x-goog-encryption-kms-key-name", attributes.kms_key + "/cryptoKeyVersions/1"))
        return stretch.response(stored, spans, headers)

    def _put(self, request, bucket, name):
        check_query(request, ())
        permit(self.world, request, "storage.objects.create", bucket, name)
        if name in self.world.bucket(bucket).objects:
            permit(self.world, request, "storage.objects.delete", bucket, name)
        attributes, conditions, declared = attributes_of(request), conditions_of(request), declared_digests(request)
        file = self.world.store.receive(request.body)
        blob = Blob([file])
        try:
            check_digests(blob, declared)
            stored = self.world.put(bucket, name, blob, attributes, conditions)
        except Exception:
            file.remove()
            raise
        return Response(200, [("ETag", f'"{stored.json_etag}"'), ("x-goog-generation", str(stored.generation)),
                              ("x-goog-metageneration", "1"), ("x-goog-hash", f"crc32c={blob.crc_text}"),
                              ("x-goog-stored-content-length", str(blob.size))])

    def _delete(self, request, bucket, name):
        check_query(request, ())
        no_body(request)
        permit(self.world, request, "storage.objects.delete", bucket, name)
        self.world.remove(bucket, name, None, conditions_of(request))
        return Response(204)
