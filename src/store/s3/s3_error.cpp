#include "store/s3/s3_error.h"

#include "http/http_status.h"
#include "store/cloud/cure.h"
#include "text/one_line.h"
#include "text/xml.h"

#include <algorithm>
#include <array>

namespace tapster {
namespace {

// Codes that come with a 4xx status though waiting helps.
constexpr std::array<std::string_view, 12> kTransientCodes = {"ConditionalRequestConflict",
                                                              "SlowDown",
                                                              "RequestTimeout",
                                                              "RequestTimeoutException",
                                                              "Throttling",
                                                              "ThrottlingException",
                                                              "ThrottledException",
                                                              "RequestLimitExceeded",
                                                              "BandwidthLimitExceeded",
                                                              "InternalError",
                                                              "ServiceUnavailable",
                                                              "OperationAborted"};

constexpr std::array kS3Cures = {
    Cure{"NoSuchBucket",
         "the bucket does not exist: create it first, or run barman-cloud-check-wal-archive, which does"},
    Cure{"AccessDenied",
         "the credentials are known but may not do this: check the policies of the user, the role and "
         "the bucket"},
    Cure{"403", "check the credentials, and the policies of the user, the role and the bucket"},
    Cure{"InvalidAccessKeyId", "the store does not know this key: check AWS_ACCESS_KEY_ID and the endpoint"},
    Cure{"SignatureDoesNotMatch", "check AWS_SECRET_ACCESS_KEY"},
    Cure{"ExpiredToken", "the session has ended: renew the credentials"},
    Cure{"InvalidToken", "check AWS_SESSION_TOKEN: it must belong to the access key"},
    Cure{"RequestTimeTooSkewed", "set the clock of this host"},
    Cure{"AuthorizationHeaderMalformed", "set AWS_DEFAULT_REGION to the bucket's region"},
    Cure{"PermanentRedirect", "set AWS_DEFAULT_REGION, or --endpoint-url, to where the bucket is"},
    Cure{"301", "set AWS_DEFAULT_REGION, or --endpoint-url, to where the bucket is"},
    Cure{"IllegalLocationConstraintException", "set AWS_DEFAULT_REGION to the bucket's region"},
    Cure{"InvalidLocationConstraint", "set AWS_DEFAULT_REGION to a region that this store knows"},
    Cure{"NotImplemented",
         "the store does not know what was asked for: try without --tags, encryption and other options that it may "
         "lack"},
    Cure{"SecondLevelDomainForbidden", "use --addressing-style virtual"},
    Cure{"XAmzContentSHA256Mismatch", "something between here and the store changes the data"},
    Cure{"BadDigest", "something between here and the store changes the data"},
    Cure{"QuotaExceeded", "the bucket or the account is full: delete old backups or raise the quota"},
    Cure{"InsufficientStorage", "the store is full"},
    Cure{"KMS.NotFoundException", "check --sse-kms-key-id"},
    Cure{"KMS.DisabledException", "enable the KMS key, or choose another by --sse-kms-key-id"},
    Cure{"SlowDown", "the store throttles: raise AWS_MAX_ATTEMPTS, or send less at once"},
};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 301:
      return "Moved Permanently";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 412:
      return "Precondition Failed";
    default:
      return "";
  }
}

}  // namespace

S3Error parse_s3_error(const HttpResponse& response) {
  S3Error failure;
  failure.status = response.status;
  if (const auto document = XmlDocument::parse(response.body); document && document->root().name() == "Error") {
    failure.code = document->root().child("Code").text();
    failure.message = one_line(document->root().child("Message").text());
    failure.region = document->root().child("Region").text();
    failure.request_id = document->root().child("RequestId").text();
  }
  if (failure.code.empty()) failure.code = std::to_string(response.status);
  if (failure.message.empty()) failure.message = reason_phrase(response.status);
  if (const auto* region = find_header(response.headers, "x-amz-bucket-region")) failure.region = *region;
  if (const auto* id = find_header(response.headers, "x-amz-request-id")) failure.request_id = *id;
  return failure;
}

bool is_s3_error_body(std::string_view body) {
  constexpr std::size_t kProlog = 512;  // listings are long, and are not errors
  if (body.substr(0, kProlog).find("<Error") == std::string_view::npos) return false;
  const auto document = XmlDocument::parse(body);
  return document && document->root().name() == "Error";
}

bool is_transient(const S3Error& failure) {
  return (failure.status >= 500 && failure.status != status::kNotImplemented) ||
         failure.status == status::kTooManyRequests ||
         std::find(kTransientCodes.begin(), kTransientCodes.end(), failure.code) != kTransientCodes.end();
}

StoreError to_store_error(const S3Error& failure, const std::string& operation, const std::string& bucket,
                          const std::string& key) {
  std::string text =
      fmt::format("An error occurred ({}) when calling the {} operation: {}{}[HTTP {}, request id {}, bucket {}",
                  failure.code, operation, failure.message, failure.message.empty() ? "" : " ", failure.status,
                  failure.request_id.empty() ? "none" : failure.request_id, bucket);
  text += key.empty() ? "]" : fmt::format(", key {}]", key);
  if (const auto cure = cure_for(kS3Cures, failure.code); !cure.empty()) text += fmt::format(" ({})", cure);
  return StoreError(is_transient(failure) ? ErrorKind::network : ErrorKind::general, text,
                    {operation, failure.code, failure.status, failure.request_id, bucket, key});
}

}  // namespace tapster
