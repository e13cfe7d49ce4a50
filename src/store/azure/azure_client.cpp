#include "store/azure/azure_client.h"

#include "http/backoff.h"
#include "http/http_status.h"
#include "store/azure/content_checksum.h"
#include "store/azure/credentials/shared_key.h"
#include "store/cloud/attempt.h"
#include "text/encoding.h"
#include "text/time_text.h"

#include <tapster/log.h>

#include <algorithm>
#include <cstdlib>

namespace tapster {
namespace {

// Old enough for Azurite and other clouds than the public one, new enough for blocks of 4000 MiB, batches of one
// container and encoded names.
constexpr const char* kVersion = "2021-12-02";
// The service tolerates 15 minutes.
constexpr std::int64_t kToleratedSkewSeconds = 240;

bool one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// The value of `sig` in a shared access signature, as it stands there.
std::string_view signature_in(std::string_view sas) {
  constexpr std::string_view kName = "sig=";
  for (std::size_t at = sas.find(kName); at != std::string_view::npos; at = sas.find(kName, at + 1)) {
    if (at != 0 && sas[at - 1] != '&') continue;
    sas.remove_prefix(at + kName.size());
    return sas.substr(0, sas.find('&'));
  }
  return {};
}

void blot_out(std::string& text, std::string_view secret) {
  for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos; at = text.find(secret)) {
    text.replace(at, secret.size(), "...");
  }
}

// The service stores "a\\b" as "a/b", and lists nothing below "a\\": what is there would seem absent.
void refuse_backslash(const std::string& name) {
  if (name.find('\\') == std::string::npos) return;
  throw error(ErrorKind::general, "'{}': Azure Blob Storage takes a backslash for a slash: take a name without", name);
}

}  // namespace

bool AzureAnswer::is(std::initializer_list<std::string_view> codes) const { return one_of(error_code, codes); }

AzureClient::AzureClient(AzureSettings settings, AzureAccount account, HttpClient& http, Clock& clock)
    : settings_(std::move(settings)),
      account_(std::move(account)),
      http_(http),
      clock_(clock),
      checksum_(checksum_for(account_.blob_url)) {}

std::string AzureClient::url_of(const std::string& key) const {
  std::string url = account_.blob_url + "/" + settings_.container;
  if (!key.empty()) url += "/" + percent_encode_path(key);
  return url;
}

std::string AzureClient::name_of(const std::string& key) const { return url_of("") + "/" + key; }

AzureError AzureClient::failure_in(const HttpResponse& response) const {
  AzureError failure = parse_azure_error(response);
  const std::string_view signature = signature_in(account_.credential.sas.reveal());
  blot_out(failure.message, signature);
  blot_out(failure.message, percent_decode(signature));
  return failure;
}

StoreError AzureClient::refused(const HttpResponse& response, const AzureCall& call) const {
  return to_store_error(failure_in(response), call.operation, settings_.container, call.key);
}

HttpRequest AzureClient::build(const AzureCall& call) const {
  refuse_backslash(call.key);
  HttpRequest request;
  request.method = call.method;
  request.url = url_of(call.key);
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    if (name == "prefix") refuse_backslash(value);
    request.url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  request.headers = call.headers;
  request.body = call.body;
  request.on_headers = call.on_headers;
  request.stop = call.stop;
  return request;
}

std::optional<AccessToken> AzureClient::authorise(HttpRequest& request) {
  request.headers.emplace_back("x-ms-date", http_date(clock_.now() + std::chrono::seconds(skew_seconds_)));
  const AzureCredential& credential = account_.credential;
  if (!credential.account_key.empty()) {
    sign_shared_key(request, account_.name, credential.account_key);
  } else if (!credential.sas.empty()) {
    request.url.append(request.url.find('?') == std::string::npos ? "?" : "&").append(credential.sas.reveal());
  } else if (credential.token != nullptr) {
    AccessToken token = credential.token->get();
    request.headers.emplace_back("Authorization", fmt::format("Bearer {}", token.value.reveal()));
    return token;
  }
  return std::nullopt;
}

HttpRequest AzureClient::batch_part(const AzureCall& call) {
  HttpRequest request = build(call);
  authorise(request);
  return request;
}

// HEAD's refusal does not say that it is about the date: a clock that is far off is then the likely reason.
bool AzureClient::adopt_clock(const HttpResponse& response, const AzureError& failure) {
  if (account_.credential.account_key.empty() || failure.code != "AuthenticationFailed") return false;
  const auto* date = find_header(response.headers, "date");
  const auto server = date == nullptr ? std::nullopt : parse_http_date(*date);
  if (!server) return false;
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*server - clock_.now()).count();
  if (std::abs(skew) <= kToleratedSkewSeconds) return false;
  log::warning(
      "The clock of this host is {} s {} the store's: requests are signed with the store's time; set the clock",
      std::abs(skew), skew > 0 ? "behind" : "ahead of");
  skew_seconds_ = skew;
  return true;
}

bool AzureClient::correct(Corrections& done, const AzureError& failure, const HttpResponse& response,
                          const std::optional<AccessToken>& token) {
  if (!done.clock && adopt_clock(response, failure)) {
    done.clock = true;
    return true;
  }
  if (!done.token && token && (failure.status == status::kUnauthorized || failure.code == "AuthenticationFailed")) {
    done.token = true;
    account_.credential.token->refuse(*token);
    return true;
  }
  return false;
}

bool AzureClient::drop_crc64(const AzureError& failure) {
  if (!one_of(failure.code, {"FeatureNotSupported", "NotImplemented", "UnsupportedHeader", "Crc64Mismatch"})) {
    return false;
  }
  if (checksum_.exchange(BlobChecksum::md5) != BlobChecksum::md5) {
    log::info("The store refuses a CRC-64 ({}): going on with MD5", failure.code);
  }
  return true;
}

AzureAnswer AzureClient::call(const AzureCall& call) {
  Corrections corrections;
  ContentChecksum checksum(call.sends_checksum ? call.body : nullptr);
  Retries retries(clock_, settings_.max_attempts, call.stop);
  const std::string what = fmt::format("{} of {}", call.operation, name_of(call.key));
  for (;;) {
    if (call.stop.stop_requested()) throw Interrupted();
    HttpRequest request = build(call);
    const std::string shown = request.url;  // before a signature may come into it
    request.headers.emplace_back("x-ms-version", kVersion);
    const BlobChecksum algorithm = checksum_;
    if (call.sends_checksum) request.headers.push_back(checksum.header(algorithm));
    const std::optional<AccessToken> token = authorise(request);
    auto answer = attempt(http_, request, call.sink, what, retries);
    if (!answer) continue;
    HttpResponse response = std::move(*answer);
    log::debug("{} {} {}: HTTP {}", call.operation, call.method, shown, response.status);
    if (response.status >= 200 && response.status < 300) return {std::move(response), ""};
    const AzureError failure = failure_in(response);
    if (std::find(call.accepted.begin(), call.accepted.end(), failure.code) != call.accepted.end()) {
      return {std::move(response), failure.code};
    }
    if (correct(corrections, failure, response, token)) continue;
    if (call.sends_checksum && algorithm == BlobChecksum::crc64 && drop_crc64(failure)) continue;
    // A body that was damaged on the way is worth a second try.
    if (!(is_transient(failure) || failure.code == "Md5Mismatch") || retries.exhausted()) {
      throw to_store_error(failure, call.operation, settings_.container, call.key);
    }
    retries.wait(what, fmt::format("{} (HTTP {})", failure.code, failure.status),
                 retry_after(response.headers, clock_.now()));
  }
}

}  // namespace tapster
