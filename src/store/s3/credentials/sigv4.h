// AWS Signature Version 4 in headers ("Signing AWS API requests", IAM User Guide).
#pragma once

#include "store/s3/credentials/aws_credentials.h"

#include <tapster/clock.h>
#include <tapster/http_client.h>

#include <string>
#include <string_view>

namespace tapster {

struct SigningScope {
  std::string region;
  std::string service;  // "s3", "sts"
};

// Adds x-amz-date, Authorization, x-amz-security-token (with temporary credentials) and, for
// S3, x-amz-content-sha256, replacing those of an earlier signature: a request that is repeated
// is signed again in place. `payload_hash` is the body's SHA-256 in lower-case hex, or
// "UNSIGNED-PAYLOAD". Signed are the host, Content-MD5, Content-Type, Date, Range, If-Match,
// If-None-Match, x-goog-cloud-target-resource and all x-amz-*: what proxies on the way leave alone.
//
// The URL's path and query must be percent-encoded already (RFC 3986, nothing but unreserved
// characters and, in the path, slashes left as they are), for that is what S3 computes from.
// Pure: safe from several threads.
void sign_request(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope, TimePoint now,
                  std::string_view payload_hash);

}  // namespace tapster
