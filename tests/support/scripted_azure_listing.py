"""List Blobs of the scripted Azure service."""
import base64
import binascii
from xml.sax.saxutils import escape

from support.scripted_azure_blobs import xml_response

_PARAMETERS = {"restype", "comp", "prefix", "delimiter", "marker", "maxresults", "include", "timeout"}
_INCLUDABLE = {"metadata", "tags", "uncommittedblobs"}


class Listing:
    """A part of ScriptedAzure."""

    page_size = 5000
    empty_first_page = False  # a page without blobs, but with a marker, as the service may send at any time

    def list_blobs(self, container, blobs, staged, request):
        query = {name: value for name, value in request.query.items() if name not in self.SAS_PARAMETERS}
        included = set(filter(None, query.get("include", "").split(",")))
        if set(query) - _PARAMETERS or included - _INCLUDABLE:
            self.wrong(request, f"unknown parameters in {query}", 400, "InvalidQueryParameterValue")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after, limit = self._marker(query, request), self._limit(query, request)
        names = {*blobs, *(staged if "uncommittedblobs" in included else ())}
        entries, next_name = [], None
        for name in sorted(names, key=str.encode):
            if not name.startswith(prefix) or name.encode() < after.encode():
                continue
            end = name.find(delimiter, len(prefix)) if delimiter else -1
            entry = ("blob", name) if end < 0 else ("folder", name[:end + len(delimiter)])
            if entries and entries[-1] == entry:
                continue
            if len(entries) == limit or (self.empty_first_page and not query.get("marker")):
                next_name = name
                break
            entries.append(entry)
        return xml_response(self._page(container, query, included, blobs, entries, next_name))

    def _marker(self, query, request):
        text = query.get("marker", "")
        try:
            if not text or text.startswith("2!"):
                return base64.b64decode(text[2:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pass
        self.wrong(request, f"marker {text!r}", 400, "OutOfRangeInput")

    def _limit(self, query, request):
        text = query.get("maxresults", "5000")
        if not text.isdigit() or int(text) == 0:
            self.wrong(request, f"maxresults {text!r}", 400, "OutOfRangeQueryParameterValue")
        return min(int(text), self.page_size)

    def _page(self, container, query, included, blobs, entries, next_name):
        given = "".join(f"<{tag}>{escape(query[name])}</{tag}>" for tag, name in (
            ("Prefix", "prefix"), ("Marker", "marker"), ("MaxResults", "maxresults"), ("Delimiter", "delimiter"))
            if name in query)
        listed = "".join(f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>" if kind == "folder" else
                         self._entry(name, blobs.get(name), included) for kind, name in entries)
        # Opaque to clients, with characters that a query must encode.
        marker = f"2!{base64.b64encode(next_name.encode()).decode()}" if next_name is not None else ""
        return (f'<EnumerationResults ServiceEndpoint="{self.endpoint}/" ContainerName="{escape(container)}">{given}'
                f"<Blobs>{listed}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>")

    @staticmethod
    def _entry(name, blob, included):
        if blob is None:  # staged blocks alone
            return (f"<Blob><Name>{escape(name)}</Name><Properties><Content-Length>0</Content-Length>"
                    "<BlobType>BlockBlob</BlobType></Properties></Blob>")
        more = ""
        if "metadata" in included:
            more += "<Metadata>" + "".join(f"<{key}>{escape(value)}</{key}>"
                                           for key, value in blob.metadata.items()) + "</Metadata>"
        if "tags" in included and blob.tags:
            more += "<Tags><TagSet>" + "".join(f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>"
                                               for key, value in blob.tags.items()) + "</TagSet></Tags>"
        md5 = f"<Content-MD5>{blob.md5}</Content-MD5>" if blob.md5 else "<Content-MD5/>"
        return (f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{blob.modified_text()}</Creation-Time>"
                f"<Last-Modified>{blob.modified_text()}</Last-Modified><Etag>{blob.etag[1:-1]}</Etag>"
                f"<Content-Length>{len(blob.body)}</Content-Length><Content-Type>{escape(blob.content_type)}"
                f"</Content-Type>{md5}<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier></Properties>"
                f"{more}<OrMetadata/></Blob>")
