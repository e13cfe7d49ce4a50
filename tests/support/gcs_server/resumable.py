"""Resumable uploads ("Perform resumable uploads", JSON API): a session, chunks in order, status, cancellation."""
import dataclasses
import re
import secrets
import threading
import urllib.parse

from support.gcs_server.blobs import Blob, declared_digests
from support.gcs_server.inserts import Insertion
from support.gcs_server.json_api import check_parameters, no_body, parse_json
from support.gcs_server.refusals import Refusal, invalid, no_such_route
from support.gcs_server.resources import OBJECT_FIELDS, json_response, resource
from support.gcs_server.wire import Disconnected, Response

GRANULE = 256 * 1024
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclasses.dataclass
class Session:
    insertion: Insertion
    file: object
    caller: object  # who began it: whoever knows the session's address acts in this name
    declared_size: int = None  # by X-Upload-Content-Length
    made: object = None  # the object, once there is one
    cancelled: bool = False
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class Resumable:
    def __init__(self, world):
        self.world, self.sessions = world, {}

    def answer(self, request, bucket, parameters):
        name = request.parameter("upload_id")
        check_parameters(request, parameters | {"upload_id"})
        if name is None:
            if request.method != "POST":
                raise no_such_route(request)
            return self._begin(request, bucket)
        session = self.sessions.get(name)
        if not session or session.insertion.bucket != bucket:
            raise Refusal(404, "notFound", "No such upload session")
        request.caller = session.caller
        with session.lock:
            if session.cancelled:
                raise Refusal(410, "uploadCancelled", "The upload session was cancelled; begin another.")
            if request.method == "PUT":
                return self._put(request, session)
            if request.method == "DELETE":
                no_body(request)
                return self._cancel(session)
        raise no_such_route(request)

    def open_sessions(self, bucket):
        """Names of the objects whose sessions were neither finished nor cancelled."""
        return sorted(session.insertion.name for session in self.sessions.values()
                      if session.insertion.bucket == bucket and not session.made and not session.cancelled)

    def forget(self, bucket):
        for key in [key for key, session in self.sessions.items() if session.insertion.bucket == bucket]:
            session = self.sessions.pop(key)
            if not session.made:
                session.file.remove()

    def _begin(self, request, bucket):
        metadata = {}
        if request.body.length:
            if request.header("content-type", "").partition(";")[0] != "application/json":
                raise invalid("the metadata must be application/json")
            metadata = parse_json(request.body.read())
        insertion = Insertion(request, bucket, metadata, request.header("x-upload-content-type"))
        insertion.permit(self.world, request)
        size = request.header("x-upload-content-length")
        if size is not None and not size.isdigit():
            raise invalid(f"X-Upload-Content-Length: {size}")
        file = self.world.store.new()
        open(file.path, "wb").close()
        name = secrets.token_urlsafe(72)
        self.sessions[name] = Session(insertion, file, request.caller, int(size) if size is not None else None)
        # As Google does, the session's address repeats the query, and so the conditions.
        query = urllib.parse.urlencode([*request.query, ("upload_id", name)])
        return Response(200, [("Location", f"{request.base}{request.path}?{query}"), ("X-GUploader-UploadID", name)])

    def _cancel(self, session):
        if session.made:
            raise Refusal(404, "notFound", "The upload was finished.")
        session.cancelled = True
        session.file.remove()
        return Response(499)

    def _put(self, request, session):
        if session.made:  # a repeated last chunk, or a question: the answer is that of the first time
            request.body.drain()
            return self._finished(request, session)
        first, last, total = self._announced(request, session)
        have = session.file.size
        if first is not None:
            if first > have:
                raise invalid(f"Invalid request.  According to the Content-Range header, the upload offset is {first} "
                              f"byte(s), which exceeds already uploaded size of {have} byte(s).")
            self._receive(request, session, first, last)
        if total is None or session.file.size < total:
            return self._incomplete(session)
        return self._complete(request, session)

    def _announced(self, request, session):
        """(first, last, total) of Content-Range; None for what is not known or not sent."""
        text, length = request.header("content-range"), request.body.length
        if text is None:
            if session.file.size or session.declared_size not in (None, length):
                raise invalid("a chunk without Content-Range that is not the whole object")
            return 0, length - 1, length
        found = _RANGE.fullmatch(text)
        if not found:
            raise invalid("Failed to parse Content-Range header.")
        first, last, total = (int(part) if part and part != "*" else None for part in found.groups())
        declared = session.declared_size
        if total is not None and (declared not in (None, total) or total < session.file.size):
            raise invalid(f"Invalid request.  The total of {total} byte(s) contradicts what was said or sent before.")
        if first is None:
            no_body(request)
            return None, None, total
        if last < first or length != last - first + 1 or (total is not None and last >= total):
            raise invalid(f"Invalid request.  There were {length} byte(s) in the request body.  There should have been "
                          f"{last - first + 1} byte(s) (starting at offset {first} and ending at offset {last}) "
                          "according to the Content-Range header.")
        if last + 1 != total and (last + 1) % GRANULE:
            raise invalid(f"Invalid request.  A chunk that is not the last must end at a multiple of {GRANULE} bytes, and "
                          f"this one ends at {last + 1}.")
        return first, last, total

    @staticmethod
    def _receive(request, session, first, last):
        """Bytes that are there already are passed over; of a chunk that breaks off, whole granules stay."""
        file, have = session.file, session.file.size
        try:
            file.append_from(request.body, have - first)
        except (Disconnected, OSError):
            file.truncate(max(have, file.size // GRANULE * GRANULE))
            raise
        kept = request.notes.get("keep")  # a fault: Google may keep less than it was sent
        if kept is not None and last + 1 - first > kept:
            file.truncate(max(have, (first + kept) // GRANULE * GRANULE))

    @staticmethod
    def _incomplete(session):
        have = [("Range", f"bytes=0-{session.file.size - 1}")] if session.file.size else []
        return Response(308, have)

    def _complete(self, request, session):
        insertion = session.insertion
        try:
            insertion.permit(self.world, request)
            session.made = insertion.put(self.world, Blob([session.file]), declared_digests(request))
        except Refusal:
            session.cancelled = True
            session.file.remove()
            raise
        return self._finished(request, session)

    @staticmethod
    def _finished(request, session):
        return json_response(request, resource(request, session.made), OBJECT_FIELDS)
