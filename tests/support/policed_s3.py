"""A scripted store that enforces policies in AWS's form, and the policies that docs/s3.md recommends."""
import fnmatch
import json
import pathlib
import re
import xml.etree.ElementTree as ElementTree

from support.scripted_s3 import ScriptedS3
from support.sigv4 import Refusal

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/s3.md"


def documented_policies():
    """{command: policy} of the page."""
    return {name: json.loads(text) for name, text in
            re.findall(r"^### (barman-cloud-\S+)\n.*?^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)}


def _listed(value):
    return value if isinstance(value, list) else [value]


def needed(request, bucket, key):
    """[(action, resource, prefix or None)] that the request takes ("Required permissions for Amazon S3 API operations")."""
    arn, query = f"arn:aws:s3:::{bucket}", request.query
    if not key:
        if request.method == "POST":
            keys = [node.text for node in ElementTree.fromstring(request.body).iter() if node.tag.endswith("}Key")]
            return [("s3:DeleteObject", f"{arn}/{name}", None) for name in keys]
        if request.method == "PUT":
            return [("s3:CreateBucket", arn, None)]
        if "uploads" in query:
            return [("s3:ListBucketMultipartUploads", arn, None)]
        return [("s3:ListBucket", arn, query.get("prefix"))]
    actions = {"PUT": "s3:PutObject", "POST": "s3:PutObject", "GET": "s3:GetObject", "HEAD": "s3:GetObject",
               "DELETE": "s3:DeleteObject"}
    action = actions[request.method]
    if "uploadId" in query and request.method in ("GET", "DELETE"):
        action = "s3:ListMultipartUploadParts" if request.method == "GET" else "s3:AbortMultipartUpload"
    if "tagging" in query:
        action = "s3:PutObjectTagging"
    tagging = [("s3:PutObjectTagging", f"{arn}/{key}", None)] if request.header("x-amz-tagging") else []
    return [(action, f"{arn}/{key}", None), *tagging]


class PolicedS3(ScriptedS3):
    """`policy` is that of the session with the token `guarded`; all others may do everything. `used` are the actions that
    it had to allow."""
    guarded = "the guarded session"

    def __init__(self, tls):
        super().__init__(tls, base_host="s3.us-east-1.amazonaws.com")
        self.policy, self.used = {"Statement": []}, set()

    def _allows(self, action, resource, prefix):
        for statement in self.policy["Statement"]:
            assert statement["Effect"] == "Allow"
            condition = statement.get("Condition")
            fits = condition is None or any(fnmatch.fnmatchcase(prefix or "", pattern) for pattern in
                                            _listed(condition["StringLike"]["s3:prefix"]))
            if (action in _listed(statement["Action"]) and fits
                    and any(fnmatch.fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"]))):
                return True
        return False

    def _dispatch(self, request):
        if request.header("x-amz-security-token") == self.guarded:
            for action, resource, prefix in needed(request, *self._address(request)):
                if not self._allows(action, resource, prefix):
                    raise Refusal(403, "AccessDenied", f"not authorized to perform: {action} on {resource}")
                self.used.add(action)
        return super()._dispatch(request)
