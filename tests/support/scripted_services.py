"""Scripted stores that behave like services of certain names where these differ from S3. What is imitated is what
docs/s3-compatible.md says of them; nothing here was seen on the services themselves.
"""
from support.scripted_s3 import ScriptedS3
from support.sigv4 import Refusal

NOT_IMPLEMENTED = "A header you provided implies functionality that is not implemented"


class Service(ScriptedS3):
    """Over https under its own name; `authority` signs for that. The region is demanded as the service demands it."""
    host_name = ""
    signing_region = None
    refused_headers = {}  # beginning of a name, in lower case -> (status, code, message)

    def __init__(self, authority):
        super().__init__(authority.server_context(self.host_name), base_host=self.host_name)
        self.region = self.signing_region

    @property
    def endpoint(self):
        return f"https://{self.host_name}"

    def routes(self, bucket):
        """What a ForwardProxy needs to lead here."""
        return {f"{name}:443": self.port for name in (self.host_name, f"{bucket}.{self.host_name}")}

    def _dispatch(self, request):
        for name in request.header_names():
            for beginning, refusal in self.refused_headers.items():
                if name.startswith(beginning):
                    raise Refusal(*refusal)
        return super()._dispatch(request)


class CloudflareR2(Service):
    """No tags, no ACL, no trailers; equal parts; conditions on PutObject, none on CompleteMultipartUpload."""
    host_name = "0123456789abcdef.eu.r2.cloudflarestorage.com"
    signing_region = "auto"
    refused_headers = {name: (501, "NotImplemented", f"Header '{name}' not implemented")
                       for name in ("x-amz-tagging", "x-amz-acl", "x-amz-server-side-encryption")}

    def check_parts(self, bodies):
        if len({len(body) for body in bodies[:-1]}) > 1 or len(bodies[-1]) > len(bodies[0]):
            raise Refusal(400, "InvalidPart", "All non-trailing parts must have the same length.")

    def check_completion(self, objects, key, request):
        pass


class Scaleway(Service):
    """At most 1,000 parts."""
    host_name = "s3.fr-par.scw.cloud"
    signing_region = "fr-par"
    max_parts = 1000


class Ovh(Service):
    """As it was until June 2026: conditions are refused."""
    host_name = "s3.gra.io.cloud.ovh.net"
    signing_region = "gra"

    def __init__(self, authority):
        super().__init__(authority)
        self.conditional = "refused"


class OvhSince2026(Service):
    host_name = "s3.eu-west-par.io.cloud.ovh.net"
    signing_region = "eu-west-par"


class GoogleInterop(Service):
    """Writes do not heed If-None-Match; a bucket is not made in a place called "auto"."""
    host_name = "storage.googleapis.com"

    def __init__(self, authority):
        super().__init__(authority)
        self.conditional = "ignored"

    def _create_bucket(self, bucket, request):
        if b"<LocationConstraint>auto<" in request.body:
            raise Refusal(400, "InvalidLocationConstraint", "The specified location constraint is not valid.")
        return super()._create_bucket(bucket, request)


class OldGoogleInterop(GoogleInterop):
    """Before it had the deletion of several objects."""
    host_name = "storage.europe-west3.rep.googleapis.com"

    def _delete_many(self, objects, request):
        raise Refusal(501, "NotImplemented", "multi-object delete")


class BackblazeB2(Service):
    """Checksums and tags are unsupported headers, conditions are not implemented."""
    host_name = "s3.us-west-004.backblazeb2.com"
    signing_region = "us-west-004"
    refused_headers = {name: (400, "InvalidArgument", f"Unsupported header '{name}' received for this API call.")
                       for name in ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-tagging")}

    def check_condition(self, objects, key, request):
        if request.header("if-none-match") is not None:
            self.problems.append(f"{request}: a condition, which is known to be refused")
            raise Refusal(501, "NotImplemented", NOT_IMPLEMENTED)


class AlibabaOss(Service):
    """Buckets in the host's name alone; conditions are not implemented."""
    host_name = "oss-eu-central-1.aliyuncs.com"
    signing_region = "eu-central-1"
    check_condition = BackblazeB2.check_condition

    def _address(self, request):
        if request.header("host") == self.host_name:
            raise Refusal(403, "SecondLevelDomainForbidden",
                          "The bucket you are attempting to access must be addressed using OSS third level domain.")
        return super()._address(request)


class IbmCos(Service):
    """A location is a region with a storage class."""
    host_name = "s3.eu-de.cloud-object-storage.appdomain.cloud"

    def _create_bucket(self, bucket, request):
        if request.body and b"-standard</LocationConstraint>" not in request.body:
            raise Refusal(400, "InvalidLocationConstraint", "The specified location constraint is not valid.")
        return super()._create_bucket(bucket, request)


class NetappOntap(Service):
    """Deletions of several objects are denied, whatever the policies say."""
    host_name = "s3.ontap.example.com"

    def _delete_many(self, objects, request):
        raise Refusal(403, "AccessDenied", "Access Denied.")


class Minio(Service):
    """DeleteObjects wants Content-MD5, as the scripted store does anyhow; tags of multipart uploads are kept."""
    host_name = "minio.example.com"


SERVICES = [CloudflareR2, Scaleway, Ovh, OvhSince2026, GoogleInterop, OldGoogleInterop, BackblazeB2, AlibabaOss,
            IbmCos, NetappOntap, Minio]
