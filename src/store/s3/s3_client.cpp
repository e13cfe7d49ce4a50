#include "store/s3/s3_client.h"

#include "base/body_pieces.h"
#include "http/backoff.h"
#include "http/http_status.h"
#include "store/cloud/attempt.h"
#include "store/s3/credentials/sigv4.h"
#include "text/encoding.h"
#include "text/time_text.h"

#include <tapster/log.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tapster {
namespace {

constexpr const char* kUnsignedPayload = "UNSIGNED-PAYLOAD";
// Corrections other than retries (region, clock, credentials, checksums): each is made once per call, so
// this only guards against a server that finds a new complaint every time.
constexpr int kMaxCorrections = 5;
// What S3 tolerates is 15 minutes; others are stricter.
constexpr std::int64_t kToleratedSkewSeconds = 240;

// Answers with which stores have refused checksum headers that they do not understand, or a body
// whose digest is known to be right.
constexpr std::array<std::string_view, 9> kChecksumRefusals = {
    "XAmzContentSHA256Mismatch", "InvalidRequest",       "NotImplemented", "BadDigest",
    "InvalidArgument",           "MissingContentLength", "InvalidDigest",  "XAmzContentChecksumMismatch",
    "MalformedTrailerError"};

bool one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

S3Client::S3Client(S3Settings settings, HttpClient& http, CredentialProvider& credentials, Clock& clock)
    : settings_(std::move(settings)),
      http_(http),
      credentials_(credentials),
      clock_(clock),
      sends_checksums_(settings_.checksums.uploads),
      checksum_for_digest_(settings_.checksum_for_digest),
      region_(settings_.region) {}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

StoreError S3Client::refused(const HttpResponse& response, const S3Call& call) const {
  return to_store_error(parse_s3_error(response), call.operation, settings_.bucket, call.key);
}

S3Client::Digests S3Client::digests_of(const S3Call& call, bool with_checksum) const {
  Digests digests;
  digests.left_out = checksum_for_digest_ && with_checksum && !call.body_sha256;
  const bool unsigned_payload = settings_.unsigned_payload || digests.left_out;
  const bool hash = !unsigned_payload && !call.body_sha256;
  std::optional<Sha256> sha256;
  std::optional<Checksum> checksum;
  if (hash) sha256.emplace();
  if (with_checksum) checksum.emplace(settings_.checksums.algorithm);
  const auto update = [&](Bytes data) {
    if (sha256) sha256->update(data);
    if (checksum) checksum->update(data);
  };
  std::vector<std::byte> whole;  // only for the small documents that need an MD5
  if (call.body != nullptr && (hash || with_checksum || call.needs_content_md5)) {
    each_piece(*call.body, [&](Bytes piece) {
      update(piece);
      if (call.needs_content_md5) whole.insert(whole.end(), piece.begin(), piece.end());
    });
  }
  if (call.needs_content_md5) digests.content_md5 = base64_encode(md5(whole));
  digests.payload_hash = unsigned_payload   ? kUnsignedPayload
                         : call.body_sha256 ? hex_encode(*call.body_sha256)
                                            : hex_encode(sha256->finish());
  if (checksum) digests.checksum = checksum->base64();
  return digests;
}

HttpRequest S3Client::build(const S3Call& call, const Digests& digests, bool with_checksum,
                            const std::string& region) const {
  HttpRequest request;
  request.method = call.method;
  request.url = settings_.bucket_url(region);
  if (!call.key.empty()) {
    request.url += "/" + percent_encode_path(call.key);
  } else if (!settings_.path_style) {
    request.url += "/";
  }
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    request.url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  request.headers = call.headers;
  if (!digests.content_md5.empty()) request.headers.emplace_back("Content-MD5", digests.content_md5);
  if (with_checksum) {
    if (call.offers_checksum) {
      request.headers.emplace_back(header_name(settings_.checksums.algorithm), digests.checksum);
    }
    request.headers.insert(request.headers.end(), call.checksum_headers.begin(), call.checksum_headers.end());
  }
  request.body = call.body;
  request.on_headers = call.on_headers;
  request.stop = call.stop;
  request.grace = call.grace;
  return request;
}

bool S3Client::adopt_region(const std::string& used, const S3Error& failure) {
  if (failure.region.empty() || failure.region == used) return false;
  if (!(failure.status == 301 || failure.status == 307 || failure.status == 400 || failure.status == 403)) return false;
  const std::lock_guard lock(mutex_);
  log::info("The bucket {} is in region {}, not {}: set AWS_DEFAULT_REGION to spare a request", settings_.bucket,
            failure.region, used);
  region_ = failure.region;
  return true;
}

bool S3Client::adopt_clock(const HttpResponse& response, const S3Error& failure) {
  const auto* date = find_header(response.headers, "date");
  const auto server = date == nullptr ? std::nullopt : parse_http_date(*date);
  if (!server) return false;
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*server - clock_.now()).count();
  // HEAD has no body to name the code in: a clock that is far off is then the likely reason.
  const bool bare = failure.code == "403" && std::abs(skew) > kToleratedSkewSeconds;
  if (!bare && !one_of(failure.code, {"RequestTimeTooSkewed", "RequestExpired"})) return false;
  log::warning(
      "The clock of this host is {} s {} the store's: requests are signed with the store's time; set the clock",
      std::abs(skew), skew > 0 ? "behind" : "ahead of");
  skew_seconds_ = skew;
  return true;
}

bool S3Client::drop_checksums(const S3Error& failure) {
  if (std::find(kChecksumRefusals.begin(), kChecksumRefusals.end(), failure.code) == kChecksumRefusals.end()) {
    return false;
  }
  if (sends_checksums_.exchange(false)) {
    log::warning(
        "The store refuses checksum headers ({}): going on without them; set "
        "AWS_REQUEST_CHECKSUM_CALCULATION=when_required to make this permanent",
        failure.code);
  }
  return true;
}

// A bucket's policy may demand signed payloads, and its refusal does not say so.
bool S3Client::sign_payloads(const S3Error& failure) {
  if (failure.status != status::kForbidden && failure.status != status::kBadRequest) return false;
  if (checksum_for_digest_.exchange(false)) {
    log::info(
        "{} ({}): trying again with the payload's SHA-256 signed; payload_signing_enabled = true in the s3 section "
        "of the AWS profile does so from the start",
        failure.code, failure.status);
  }
  return true;
}

bool S3Client::correct(Corrections& done, const S3Error& failure, const HttpResponse& response,
                       const std::string& used_region, const AwsCredentials& credentials) {
  if (++done.count > kMaxCorrections) return false;
  if (adopt_region(used_region, failure)) return true;
  if (!done.clock && adopt_clock(response, failure)) {
    done.clock = true;
    return true;
  }
  if (!done.credentials && !credentials.session_token.empty() &&
      one_of(failure.code, {"ExpiredToken", "InvalidToken", "ExpiredTokenException"})) {
    done.credentials = true;
    credentials_.refuse(credentials);
    return true;
  }
  return false;
}

// HEAD's refusals have no body to say why: the like GET, with nearly nothing to send back, does. It
// also makes the corrections (region, clock, credentials) that its code asks for, and throws when
// it is refused as well.
void S3Client::ask_why(const S3Call& head) {
  NullSink nowhere;
  S3Call get = head;
  get.method = "GET";
  get.sink = &nowhere;
  get.accepted = {404, 416};
  if (head.key.empty()) {
    get.query = {{"list-type", "2"}, {"max-keys", "1"}};
  } else {
    get.headers.emplace_back("Range", "bytes=0-0");
  }
  call(get);
}

S3Answer S3Client::call(const S3Call& call) {
  const bool checksum_matters = call.offers_checksum || !call.checksum_headers.empty();
  bool with_checksum = checksum_matters && sends_checksums_;
  Digests digests = digests_of(call, call.offers_checksum && with_checksum);
  const auto go_without_checksum = [&] {
    with_checksum = false;
    if (digests.left_out) digests = digests_of(call, false);
  };
  Corrections corrections;
  Retries retries(clock_, settings_.max_attempts, call.stop);
  const std::string what = fmt::format("{} of s3://{}/{}", call.operation, settings_.bucket, call.key);
  for (;;) {
    const std::string used_region = region();
    HttpRequest request = build(call, digests, with_checksum, used_region);
    const AwsCredentials credentials = credentials_.get();
    const TimePoint signed_at = clock_.now() + std::chrono::seconds(skew_seconds_);
    sign_request(request, credentials, {used_region, "s3"}, signed_at, digests.payload_hash);
    if (call.stop.stop_requested()) throw Interrupted();
    auto answer = attempt(http_, request, call.sink, what, retries);
    if (!answer) continue;
    HttpResponse response = std::move(*answer);
    log::debug("{} {}: HTTP {}", call.operation, call.key, response.status);
    const bool success = response.status >= 200 && response.status < 300;
    if (success && !is_s3_error_body(response.body)) {
      return {std::move(response), with_checksum ? digests.checksum : "", ""};
    }
    const S3Error failure = parse_s3_error(response);
    // Before a refusal is the caller's to judge: without them it may be none.
    if (with_checksum && failure.code == "NotImplemented" && drop_checksums(failure)) {
      go_without_checksum();
      continue;
    }
    if (std::find(call.accepted.begin(), call.accepted.end(), response.status) != call.accepted.end()) {
      return {std::move(response), "", failure.code};
    }
    if (correct(corrections, failure, response, used_region, credentials)) continue;
    if (with_checksum && drop_checksums(failure)) {
      go_without_checksum();
      continue;
    }
    if (digests.left_out && sign_payloads(failure)) {
      digests = digests_of(call, with_checksum);
      continue;
    }
    if (call.method == "HEAD" && response.body.empty() && response.status < 500 && !corrections.asked_why) {
      corrections.asked_why = true;
      ask_why(call);
      continue;
    }
    // A body that was damaged on the way is worth a second try.
    const bool retry = is_transient(failure) || one_of(failure.code, {"BadDigest", "XAmzContentSHA256Mismatch"});
    if (!retry || retries.exhausted()) {
      throw to_store_error(failure, call.operation, settings_.bucket, call.key);
    }
    retries.wait(what, fmt::format("{} (HTTP {})", failure.code, failure.status),
                 retry_after(response.headers, clock_.now()));
  }
}

}  // namespace tapster
