#include "store/gcs/gcs_client.h"

#include "http/backoff.h"
#include "http/http_status.h"
#include "store/cloud/attempt.h"
#include "text/encoding.h"

#include <tapster/log.h>

#include <algorithm>

namespace tapster {

GcsClient::GcsClient(GcsSettings settings, HttpClient& http, std::function<GoogleIdentity()> identity, Clock& clock)
    : settings_(std::move(settings)), http_(http), find_identity_(std::move(identity)), clock_(clock) {}

const GoogleIdentity& GcsClient::identity() {
  const std::lock_guard lock(mutex_);
  if (!identity_) identity_ = find_identity_();
  return *identity_;
}

std::string GcsClient::describe(const std::string& key) const {
  return fmt::format("gs://{}/{}", settings_.bucket, key);
}

std::string GcsClient::bucket_path() const { return "/storage/v1/b/" + percent_encode(settings_.bucket); }

std::string GcsClient::object_path(const std::string& key) const { return bucket_path() + "/o/" + percent_encode(key); }

std::string GcsClient::upload_path() const { return "/upload" + bucket_path() + "/o"; }

std::string GcsClient::xml_path(const std::string& key) const {
  return "/" + percent_encode(settings_.bucket) + (key.empty() ? "" : "/" + percent_encode_path(key));
}

// In the answers to a resumable upload's requests the request id is the upload's, which is its credential.
GcsError GcsClient::failure_in(const HttpResponse& response, const GcsCall& call) const {
  GcsError failure = parse_gcs_error(response);
  if (call.session != nullptr) failure.request_id = "withheld";
  return failure;
}

StoreError GcsClient::refused(const HttpResponse& response, const GcsCall& call) const {
  return to_store_error(failure_in(response, call), call.operation, settings_.bucket, call.key);
}

HttpRequest GcsClient::build(const GcsCall& call, const std::optional<AccessToken>& token) {
  HttpRequest request;
  request.method = call.method;
  request.headers = call.headers;
  request.body = call.body;
  request.on_headers = call.on_headers;
  request.stop = call.stop;
  request.grace = call.grace;
  if (call.session != nullptr) {
    request.url = call.session->reveal();
    return request;
  }
  request.url = settings_.endpoint_url + call.path;
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    request.url += separator + percent_encode(name) + (value.empty() ? "" : "=" + percent_encode(value));
    separator = '&';
  }
  if (token) request.headers.emplace_back("Authorization", fmt::format("Bearer {}", token->value.reveal()));
  if (const std::string& project = identity().quota_project; !project.empty()) {
    request.headers.emplace_back("x-goog-user-project", project);
  }
  return request;
}

HttpResponse GcsClient::call(const GcsCall& call) {
  Retries retries(clock_, call.once ? 1 : settings_.max_attempts, call.stop);
  const std::string what = fmt::format("{} of {}", call.operation, describe(call.key));
  bool token_refused = false;
  for (;;) {
    if (call.stop.stop_requested()) throw Interrupted();
    std::optional<AccessToken> token;
    if (call.session == nullptr && identity().token) token = identity().token->get();
    auto answer = attempt(http_, build(call, token), call.sink, what, retries);
    if (!answer) continue;
    HttpResponse response = std::move(*answer);
    log::debug("{} {}: HTTP {}", call.operation, call.key, response.status);
    const bool success = response.status >= 200 && response.status < 300 && !is_gcs_error_body(response.body);
    const bool accepted = std::find(call.accepted.begin(), call.accepted.end(), response.status) != call.accepted.end();
    if (success || accepted) return response;
    if (response.status == status::kUnauthorized && token && !token_refused) {
      token_refused = true;
      identity().token->refuse(*token);
      continue;
    }
    const GcsError failure = failure_in(response, call);
    if (!(is_transient(failure) || says_damaged(failure)) || retries.exhausted()) {
      throw to_store_error(failure, call.operation, settings_.bucket, call.key);
    }
    retries.wait(what, fmt::format("{} (HTTP {})", failure.code, failure.status),
                 retry_after(response.headers, clock_.now()));
  }
}

}  // namespace tapster
