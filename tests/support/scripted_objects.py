"""What the scripted store keeps of an upload, and the shape of its answers."""
import datetime
import hashlib

from support.http_server import Response

KEPT_HEADERS = ("x-amz-tagging", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
                "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key-md5")


class StoredObject:
    def __init__(self, body, request):
        self.body = body
        self.etag = f'"{hashlib.md5(body).hexdigest()}"'
        self.headers = {name.lower(): value for name, value in request.headers
                        if name.lower().startswith(("x-amz-meta-", "x-amz-checksum-")) or name.lower() in KEPT_HEADERS}
        self.modified = datetime.datetime.now(datetime.timezone.utc)


def xml_response(root, content):
    body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"{content}</{root}>")
    return Response(200, [("Content-Type", "application/xml")], body.encode())
