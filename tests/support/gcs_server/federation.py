"""sts.googleapis.com/v1/token (workload identity federation), iamcredentials.googleapis.com's generateAccessToken
(impersonation), and what the workload's own cloud provides: a URL with subject tokens, AWS's instance metadata.
"""
import datetime
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from support import sigv4
from support.gcs_server import oauth
from support.gcs_server.refusals import OAuthRefusal, Refusal, invalid, no_such_route
from support.gcs_server.tokens import PLATFORM
from support.gcs_server.wire import Response

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
TOKEN_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
AWS_REQUEST = "urn:ietf:params:aws:token-type:aws4_request"
SUBJECT_HEADER = ("x-subject-key", "let me have it")  # demanded by the URL source
_AWS_QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
_AWS_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/sts/aws4_request, ?"
                                r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


class Federation:
    def __init__(self, tokens, audience, subject_token, email, aws):
        """`aws`: access_key, secret_key, session_token (or None), region, role. `email`: who may be impersonated."""
        self.tokens, self.audience, self.subject_token, self.email, self.aws = tokens, audience, subject_token, email, aws
        self.imds_session = hashlib.sha256(subject_token.encode()).hexdigest()

    def exchange(self, request):
        parameters = oauth.form(request)
        request.notes["subject_token_type"] = parameters.get("subject_token_type")
        oauth.only(parameters, ("grant_type", "audience", "scope", "requested_token_type", "subject_token",
                                "subject_token_type"), ("options",))
        if parameters["grant_type"] != TOKEN_EXCHANGE:
            raise OAuthRefusal(400, "unsupported_grant_type", "Invalid grant_type.")
        if parameters["requested_token_type"] != ACCESS_TOKEN:
            raise OAuthRefusal(400, "invalid_request", "Invalid requested_token_type.")
        if parameters["audience"] != self.audience:
            raise OAuthRefusal(400, "invalid_target", 'The target service indicated by the "audience" parameters is '
                               "invalid. This might either be because the pool or provider is disabled or deleted or "
                               "because it doesn't exist.")
        kind = parameters["subject_token_type"]
        if kind in TOKEN_TYPES:
            if parameters["subject_token"] != self.subject_token:
                raise OAuthRefusal(400, "invalid_grant", "The given subject token is not one of the workload's.")
            subject = "workload"
        elif kind == AWS_REQUEST:
            self._check_aws_request(parameters["subject_token"])
            subject = f"arn:aws:sts::123456789012:assumed-role/{self.aws['role']}"
        else:
            raise OAuthRefusal(400, "invalid_request", f"Invalid subject_token_type: {kind}")
        response = oauth.token_response(self.tokens, f"principal:{self.audience}/subject/{subject}",
                                        parameters["scope"].split(" "))
        body = {**json.loads(response.body), "issued_token_type": ACCESS_TOKEN}
        return Response(200, response.headers, json.dumps(body).encode())

    def impersonate(self, request):
        """POST /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken"""
        caller = self.tokens.check(request.header("authorization"))
        email = urllib.parse.unquote(request.path.rpartition("/")[2].removesuffix(":generateAccessToken"))
        if not caller.scopes & PLATFORM:
            raise Refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        if email != self.email or not caller.name.startswith("principal:"):
            raise Refusal(403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource "
                          "(or it may not exist).")
        if not request.header("content-type", "").startswith("application/json"):
            raise invalid("Content-Type must be application/json")
        try:
            wanted = json.loads(request.body.read())
            lifetime = re.fullmatch(r"(\d+)s", wanted.get("lifetime", "3600s"))
            assert isinstance(wanted["scope"], list) and wanted["scope"] and set(wanted) <= {"scope", "lifetime", "delegates"}
            assert lifetime and 0 < int(lifetime.group(1)) <= 3600
        except (ValueError, KeyError, AssertionError, AttributeError, TypeError):
            raise invalid("Invalid JSON payload received: scope (a list), lifetime (at most 3600s), delegates") from None
        token, seconds = self.tokens.issue(email, wanted["scope"])
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + min(seconds, int(lifetime.group(1)))))
        return _json({"accessToken": token, "expireTime": end})

    # -- where subject tokens come from ----------------------------------------------------------------

    def subject(self, request):
        """GET /subject-token: what a credential_source with a url names."""
        if request.header(SUBJECT_HEADER[0]) != SUBJECT_HEADER[1]:
            raise Refusal(401, "required", f"the header {SUBJECT_HEADER[0]} of the credential source is missing")
        return _json({"id_token": self.subject_token, "ignored": True})

    def instance(self, request):
        """AWS's instance metadata service (IMDSv2), as far as credentials and the region are concerned."""
        path, text = request.path, None
        if (request.method, path) == ("PUT", "/latest/api/token"):
            if not request.header("x-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
                return Response(400)
            return _text(self.imds_session)
        if request.method != "GET":
            raise no_such_route(request)
        if request.header("x-aws-ec2-metadata-token") != self.imds_session:
            return Response(401)
        if path == "/latest/meta-data/placement/availability-zone":
            text = self.aws["region"] + "b"
        elif path == "/latest/meta-data/iam/security-credentials":
            text = self.aws["role"]
        elif path == f"/latest/meta-data/iam/security-credentials/{self.aws['role']}":
            return _json({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": self.aws["access_key"],
                          "SecretAccessKey": self.aws["secret_key"], "Token": self.aws["session_token"],
                          "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))})
        if text is None:
            raise no_such_route(request)
        return _text(text)

    def _check_aws_request(self, subject_token):
        """A GetCallerIdentity request, signed with the workload's AWS key, as JSON in URL encoding."""
        def demand(holds, what):
            if not holds:
                raise OAuthRefusal(400, "invalid_grant", f"Invalid subject token: {what}")
        try:
            sent = json.loads(urllib.parse.unquote(subject_token, errors="strict"))
            headers = {item["key"].lower(): item["value"] for item in sent["headers"]}
            url, method = sent["url"], sent["method"]
        except (ValueError, KeyError, TypeError):
            raise OAuthRefusal(400, "invalid_grant", "Invalid subject token: not a serialized request") from None
        found = _AWS_AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        demand(found, "the Authorization header is not of AWS Signature Version 4")
        key, date, region, names, given = found.groups()
        demand(method == "POST", "the method is not POST")
        demand(url.replace("com/?", "com?") == f"https://sts.{region}.amazonaws.com?{_AWS_QUERY}", f"the URL is {url}")
        demand(headers.get("host") == f"sts.{region}.amazonaws.com", "the host is not that of the URL")
        demand(headers.get("x-goog-cloud-target-resource") == self.audience, "x-goog-cloud-target-resource")
        demand(region == self.aws["region"] and key == self.aws["access_key"], "not the workload's key or region")
        demand(headers.get("x-amz-security-token") == self.aws["session_token"], "x-amz-security-token")
        signed = names.split(";")
        unsigned = headers.keys() - {"authorization", *signed}  # Google recommends to sign its header, no more
        demand(signed == sorted(signed) and set(signed) < headers.keys() and unsigned <= {"x-goog-cloud-target-resource"},
               "every header must be signed, and no other")
        stamp = headers.get("x-amz-date", "")
        demand(re.fullmatch(r"\d{8}T\d{6}Z", stamp) and stamp[:8] == date, "x-amz-date")
        moment = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        demand(abs(time.time() - moment.timestamp()) < 900, "the request has expired")
        canonical = "\n".join(["POST", "/", _AWS_QUERY,
                               "".join(f"{name}:{headers[name]}\n" for name in signed), names,
                               hashlib.sha256(b"").hexdigest()])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{date}/{region}/sts/aws4_request",
                             hashlib.sha256(canonical.encode()).hexdigest()])
        right = sigv4.signature(self.aws["secret_key"], date, region, "sts", to_sign)
        demand(hmac.compare_digest(right, given), "the signature is wrong")


def _json(value):
    return Response(200, [("Content-Type", "application/json; charset=UTF-8")], json.dumps(value).encode())


def _text(value):
    return Response(200, [("Content-Type", "text/plain")], value.encode())
