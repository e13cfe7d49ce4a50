#include "store/gcs/wire/gcs_error.h"

#include "http/http_status.h"
#include "store/cloud/credentials/service_call.h"
#include "store/cloud/cure.h"
#include "text/encoding.h"
#include "text/json_member.h"
#include "text/one_line.h"
#include "text/xml.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace tapster {
namespace {

using nlohmann::json;

// Codes that say that waiting helps, though they come with status 403, or with 200 when that was sent too early.
constexpr std::array<std::string_view, 6> kTransientCodes = {
    "rateLimitExceeded", "userRateLimitExceeded", "InternalError", "ServiceUnavailable", "SlowDown", "BadGateway"};

constexpr std::string_view kInvalidToken =
    "the store does not accept the credentials: check GOOGLE_APPLICATION_CREDENTIALS, or renew them";
constexpr std::string_view kMissingPermission =
    "grant the permission to whoever asks, for instance by the role Storage Object User on the bucket";
constexpr std::string_view kDamaged = "something between here and the store changes the data";
constexpr std::string_view kThrottles = "the store throttles: raise TAPSTER_MAX_ATTEMPTS, or send less at once";
constexpr std::string_view kNoBucket =
    "the bucket does not exist: create it first, or run barman-cloud-check-wal-archive, which does";
constexpr std::string_view kKmsKey =
    "check --kms-key-name, and that the project's Cloud Storage service agent may use the key";
constexpr std::string_view kRequesterPays =
    "the bucket is one where the requester pays: name the project by GOOGLE_CLOUD_QUOTA_PROJECT";
constexpr std::string_view kRetained = "the bucket's or the object's retention forbids it until it ends";

constexpr std::array kGcsCures = {
    Cure{"401", kInvalidToken},
    Cure{"authError", kInvalidToken},
    Cure{"AuthenticationRequired", kInvalidToken},
    Cure{"InvalidAuthentication", kInvalidToken},
    Cure{"403", kMissingPermission},
    Cure{"forbidden", kMissingPermission},
    Cure{"AccessDenied", kMissingPermission},
    Cure{"insufficientPermissions",
         "the token was made for other services: give the virtual machine the scope cloud-platform or "
         "devstorage.read_write"},
    Cure{"userProjectMissing", kRequesterPays},
    Cure{"UserProjectMissing", kRequesterPays},
    Cure{"accountDisabled", "the project's billing account is closed or in arrears"},
    Cure{"UserProjectAccountProblem", "the project's billing account is closed or in arrears"},
    Cure{"retentionPolicyNotMet", kRetained},
    Cure{"RetentionPolicyNotMet", kRetained},
    Cure{"objectUnderActiveHold", "the object is under a hold: release it first"},
    Cure{"ObjectUnderActiveHold", "the object is under a hold: release it first"},
    Cure{"BadDigest", kDamaged},
    Cure{"429", kThrottles},
    Cure{"rateLimitExceeded", kThrottles},
    Cure{"userRateLimitExceeded", kThrottles},
    Cure{"SlowDown", kThrottles},
    Cure{"CloudKmsBadKey", kKmsKey},
    Cure{"CloudKmsDisabledKey", "enable the key that --kms-key-name names, or choose another"},
};

bool mentions(const GcsError& failure, std::string_view text) {
  return failure.message.find(text) != std::string::npos;
}

std::string_view cure_for(const GcsError& failure) {
  if (says_no_such_bucket(failure)) return kNoBucket;
  if (says_damaged(failure)) return kDamaged;
  if (mentions(failure, "Cloud KMS")) return kKmsKey;
  if (failure.status == 401) return kInvalidToken;  // its reason may be "required" only
  return cure_for(kGcsCures, failure.code);
}

// {"error": {"code": 404, "message": "...", "errors": [{"reason": "notFound", ...}], "status": "..."}}
bool read_json(GcsError& failure, const std::string& body) {
  const json document = json::parse(body, nullptr, false);
  if (!document.is_object()) return false;
  const auto found = document.find("error");
  if (found == document.end() || !found->is_object()) return false;
  failure.form = GcsError::Form::json;
  failure.message = text_of(*found, "message");
  const auto errors = found->find("errors");
  if (errors != found->end() && errors->is_array() && !errors->empty() && errors->front().is_object()) {
    failure.code = text_of(errors->front(), "reason");
  }
  if (failure.code.empty()) failure.code = text_of(*found, "status");
  return true;
}

// <Error><Code>AccessDenied</Code><Message>...</Message><Details>...</Details></Error>
bool read_xml(GcsError& failure, const std::string& body) {
  const auto document = XmlDocument::parse(body);
  if (!document || document->root().name() != "Error" || document->root().child("Code").text().empty()) return false;
  failure.form = GcsError::Form::xml;
  failure.code = document->root().child("Code").text();
  failure.message = document->root().child("Message").text();
  const std::string details = document->root().child("Details").text();
  if (!details.empty() && details != failure.message) failure.message += " " + details;
  return true;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    default:
      return "";
  }
}

}  // namespace

GcsError parse_gcs_error(const HttpResponse& response) {
  GcsError failure;
  failure.status = response.status;
  const std::string_view text = trim(response.body);
  if (!read_json(failure, response.body) && !read_xml(failure, response.body) && !text.starts_with('<')) {
    failure.message = text;
  }
  failure.message = short_line(failure.message);
  if (failure.code.empty()) failure.code = std::to_string(response.status);
  if (failure.message.empty()) failure.message = reason_phrase(response.status);
  if (const auto* id = find_header(response.headers, "x-guploader-uploadid")) failure.request_id = *id;
  return failure;
}

bool is_gcs_error_body(std::string_view body) {
  constexpr std::size_t kProlog = 512;  // listings are long, and are not errors
  GcsError failure;
  return body.substr(0, kProlog).find("<Error") != std::string_view::npos && read_xml(failure, std::string(body));
}

bool says_no_such_object(const GcsError& failure) {
  return failure.status == 404 && (failure.form == GcsError::Form::xml ? failure.code == "NoSuchKey"
                                                                       : failure.message.starts_with("No such object"));
}

bool says_no_such_bucket(const GcsError& failure) {
  return failure.status == 404 &&
         (failure.code == "NoSuchBucket" || failure.message.starts_with("The specified bucket does not exist"));
}

bool is_transient(const GcsError& failure) {
  return (failure.status >= 500 && failure.status != status::kNotImplemented) ||
         failure.status == status::kTooManyRequests || failure.status == status::kRequestTimeout ||
         std::find(kTransientCodes.begin(), kTransientCodes.end(), failure.code) != kTransientCodes.end();
}

bool says_damaged(const GcsError& failure) {
  return failure.status == 400 && (failure.code == "BadDigest" || mentions(failure, "doesn't match calculated"));
}

StoreError to_store_error(const GcsError& failure, const std::string& operation, const std::string& bucket,
                          const std::string& key) {
  std::string text = fmt::format("{} failed ({}): {}{}[HTTP {}, request id {}, bucket {}", operation, failure.code,
                                 failure.message, failure.message.empty() ? "" : " ", failure.status,
                                 failure.request_id.empty() ? "none" : failure.request_id, bucket);
  text += key.empty() ? "]" : fmt::format(", key {}]", key);
  if (const auto cure = cure_for(failure); !cure.empty()) text += fmt::format(" ({})", cure);
  return StoreError(is_transient(failure) ? ErrorKind::network : ErrorKind::general, text,
                    {operation, failure.code, failure.status, failure.request_id, bucket, key});
}

}  // namespace tapster
