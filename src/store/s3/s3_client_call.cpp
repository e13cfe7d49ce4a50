// One call to S3: the request, its answer, and the second chances that a refusal gets.
#include "http/backoff.h"
#include "http/http_status.h"
#include "store/cloud/attempt.h"
#include "store/s3/credentials/sigv4.h"
#include "store/s3/s3_client.h"
#include "text/time_text.h"

#include <tapster/log.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace tapster {
namespace {

// The region, the clock and the credentials are corrected this often in one call, whatever the server comes up with.
constexpr int kMostCorrections = 5;
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

class S3Client::Exchange {
 public:
  Exchange(S3Client& client, const S3Call& call)
      : client_(client),
        call_(call),
        what_(fmt::format("{} of s3://{}/{}", call.operation, client.settings_.bucket, call.key)),
        retries_(client.clock_, client.settings_.max_attempts, call.stop),
        with_checksum_((call.offers_checksum || !call.checksum_headers.empty()) && client.sends_checksums_),
        digests_(client.digests_of(call, call.offers_checksum && with_checksum_)) {}

  S3Answer run();

 private:
  struct SecondChance;
  static const std::array<SecondChance, 8> kSecondChances;

  HttpResponse send();
  bool gets_second_chance(bool before_caller);

  // The second chances. Each says whether the request, now changed, is to be sent again.
  bool without_unknown_checksums();
  bool in_the_buckets_region();
  bool at_the_servers_time();
  bool with_new_credentials();
  bool without_refused_checksums();
  bool with_signed_payload();
  bool as_get_that_says_why();
  bool later();

  bool drop_checksums();
  bool may_correct() const { return corrections_ < kMostCorrections; }

  S3Client& client_;
  const S3Call& call_;
  const std::string what_;
  Retries retries_;
  bool with_checksum_;  // the next request carries checksum headers
  Digests digests_;

  // Of the request that was sent last.
  std::string region_;
  AwsCredentials credentials_;
  HttpResponse response_;
  S3Error failure_;

  int corrections_ = 0;
  bool corrected_clock_ = false;
  bool renewed_credentials_ = false;
  bool asked_why_ = false;
};

// A refusal is held against these rows from top to bottom. The first that applies changes the request, which is sent
// again; when none applies the refusal is the call's result. Connections that fail are retried before, by attempt().
//
// The order matters where a refusal fits several rows:
// - A checksum that is "not implemented" goes before the caller sees the status: the caller may accept 501 as "this
//   condition is not supported", and without the checksum the same request may be answered.
// - Region, clock and credentials go before checksums and signatures: a 400 or 403 that names one of them is about
//   that, whatever else was sent.
// - Asking why comes after everything that has a code to go by: HEAD's refusals have none.
// - Waiting comes last, because no row above it needs to wait.
struct S3Client::Exchange::SecondChance {
  const char* name;
  bool before_caller;  // before the statuses that the caller accepts are given to it
  bool (Exchange::*apply)();
};

const std::array<S3Client::Exchange::SecondChance, 8> S3Client::Exchange::kSecondChances = {{
    {"without the checksum headers that the store does not implement", true, &Exchange::without_unknown_checksums},
    {"in the bucket's region", false, &Exchange::in_the_buckets_region},
    {"at the server's time", false, &Exchange::at_the_servers_time},
    {"with new credentials", false, &Exchange::with_new_credentials},
    {"without the checksum headers that the store refuses", false, &Exchange::without_refused_checksums},
    {"with a signed payload", false, &Exchange::with_signed_payload},
    {"after a GET that says why", false, &Exchange::as_get_that_says_why},
    {"later", false, &Exchange::later},
}};

S3Answer S3Client::call(const S3Call& call) { return Exchange(*this, call).run(); }

S3Answer S3Client::Exchange::run() {
  for (;;) {
    response_ = send();
    const bool success = response_.status >= 200 && response_.status < 300;
    if (success && !is_s3_error_body(response_.body)) {
      return {std::move(response_), with_checksum_ ? digests_.checksum : "", ""};
    }
    failure_ = parse_s3_error(response_);
    if (gets_second_chance(true)) continue;
    const std::vector<int>& accepted = call_.accepted;
    if (std::find(accepted.begin(), accepted.end(), response_.status) != accepted.end()) {
      return {std::move(response_), "", failure_.code};
    }
    if (gets_second_chance(false)) continue;
    throw to_store_error(failure_, call_.operation, client_.settings_.bucket, call_.key);
  }
}

// Until there is an answer. Throws Interrupted, and TransportError as attempt() does.
HttpResponse S3Client::Exchange::send() {
  for (;;) {
    region_ = client_.region();
    HttpRequest request = client_.build(call_, digests_, with_checksum_, region_);
    credentials_ = client_.credentials_.get();
    const TimePoint signed_at = client_.clock_.now() + std::chrono::seconds(client_.skew_seconds_);
    sign_request(request, credentials_, {region_, "s3"}, signed_at, digests_.payload_hash);
    if (call_.stop.stop_requested()) throw Interrupted();
    if (auto answer = attempt(client_.http_, request, call_.sink, what_, retries_)) {
      log::debug("{} {}: HTTP {}", call_.operation, call_.key, answer->status);
      return *std::move(answer);
    }
  }
}

bool S3Client::Exchange::gets_second_chance(bool before_caller) {
  for (const SecondChance& chance : kSecondChances) {
    if (chance.before_caller != before_caller || !(this->*chance.apply)()) continue;
    log::debug("{}: HTTP {} {}: once more {}", what_, response_.status, failure_.code, chance.name);
    return true;
  }
  return false;
}

bool S3Client::Exchange::without_unknown_checksums() { return failure_.code == "NotImplemented" && drop_checksums(); }

bool S3Client::Exchange::in_the_buckets_region() {
  if (!may_correct() || failure_.region.empty() || failure_.region == region_) return false;
  const int status = failure_.status;
  if (!(status == 301 || status == 307 || status == 400 || status == 403)) return false;
  ++corrections_;
  const std::lock_guard lock(client_.mutex_);
  log::info("The bucket {} is in region {}, not {}: set AWS_DEFAULT_REGION to spare a request",
            client_.settings_.bucket, failure_.region, region_);
  client_.region_ = failure_.region;
  return true;
}

bool S3Client::Exchange::at_the_servers_time() {
  if (!may_correct() || corrected_clock_) return false;
  const auto* date = find_header(response_.headers, "date");
  const auto server = date == nullptr ? std::nullopt : parse_http_date(*date);
  if (!server) return false;
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*server - client_.clock_.now()).count();
  // HEAD has no body to name the code in: a clock that is far off is then the likely reason.
  const bool bare = failure_.code == "403" && std::abs(skew) > kToleratedSkewSeconds;
  if (!bare && !one_of(failure_.code, {"RequestTimeTooSkewed", "RequestExpired"})) return false;
  log::warning(
      "The clock of this host is {} s {} the store's: requests are signed with the store's time; set the clock",
      std::abs(skew), skew > 0 ? "behind" : "ahead of");
  client_.skew_seconds_ = skew;
  ++corrections_;
  return corrected_clock_ = true;
}

bool S3Client::Exchange::with_new_credentials() {
  if (!may_correct() || renewed_credentials_ || credentials_.session_token.empty() ||
      !one_of(failure_.code, {"ExpiredToken", "InvalidToken", "ExpiredTokenException"})) {
    return false;
  }
  client_.credentials_.refuse(credentials_);
  ++corrections_;
  return renewed_credentials_ = true;
}

bool S3Client::Exchange::without_refused_checksums() { return drop_checksums(); }

bool S3Client::Exchange::drop_checksums() {
  if (!with_checksum_ ||
      std::find(kChecksumRefusals.begin(), kChecksumRefusals.end(), failure_.code) == kChecksumRefusals.end()) {
    return false;
  }
  if (client_.sends_checksums_.exchange(false)) {
    log::warning(
        "The store refuses checksum headers ({}): going on without them; set "
        "AWS_REQUEST_CHECKSUM_CALCULATION=when_required to make this permanent",
        failure_.code);
  }
  with_checksum_ = false;
  if (digests_.payload_unsigned_for_checksum) digests_ = client_.digests_of(call_, false);
  return true;
}

// A bucket's policy may demand signed payloads, and its refusal does not say so.
bool S3Client::Exchange::with_signed_payload() {
  if (!digests_.payload_unsigned_for_checksum) return false;
  if (failure_.status != status::kForbidden && failure_.status != status::kBadRequest) return false;
  if (client_.checksum_for_digest_.exchange(false)) {
    log::info(
        "{} ({}): trying again with the payload's SHA-256 signed; payload_signing_enabled = true in the s3 section "
        "of the AWS profile does so from the start",
        failure_.code, failure_.status);
  }
  digests_ = client_.digests_of(call_, with_checksum_);
  return true;
}

// HEAD's refusals have no body to say why. A GET of the same thing, with nearly nothing to send back, has one: as a
// call of its own it makes the corrections that its code asks for, and throws when it is refused as well.
bool S3Client::Exchange::as_get_that_says_why() {
  if (asked_why_ || call_.method != "HEAD" || !response_.body.empty() || response_.status >= 500) return false;
  asked_why_ = true;
  NullSink nowhere;
  S3Call get = call_;
  get.method = "GET";
  get.sink = &nowhere;
  get.accepted = {404, 416};
  if (get.key.empty()) {
    get.query = {{"list-type", "2"}, {"max-keys", "1"}};
  } else {
    get.headers.emplace_back("Range", "bytes=0-0");
  }
  client_.call(get);
  return true;
}

bool S3Client::Exchange::later() {
  // A body that was damaged on the way is worth a second try.
  const bool retry = is_transient(failure_) || one_of(failure_.code, {"BadDigest", "XAmzContentSHA256Mismatch"});
  if (!retry || retries_.exhausted()) return false;
  retries_.wait(what_, fmt::format("{} (HTTP {})", failure_.code, failure_.status),
                retry_after(response_.headers, client_.clock_.now()));
  return true;
}

}  // namespace tapster
