// Authorised requests to Google Cloud Storage, with what makes them succeed in the field: retries and renewed tokens.
#pragma once

#include "store/gcs/credentials/gcs_credentials.h"
#include "store/gcs/gcs_settings.h"
#include "store/gcs/wire/gcs_error.h"

#include <tapster/clock.h>
#include <tapster/http_client.h>
#include <tapster/secret.h>

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tapster {

struct GcsCall {
  std::string operation;  // as the API references name it: "objects.insert"
  std::string method;
  std::string path;      // below the endpoint, percent-encoded: see GcsClient
  std::string key = {};  // for messages
  // Not encoded. An empty value is a bare name.
  std::vector<std::pair<std::string, std::string>> query = {};
  HttpHeaders headers = {};
  Body* body = nullptr;
  ByteSink* sink = nullptr;
  std::function<void(int, const HttpHeaders&)> on_headers = {};
  // Statuses beside 2xx that are an answer to the caller: given back as they come, without a retry.
  std::vector<int> accepted = {};
  // The address of a resumable upload, which is a credential: in place of path and query, sent without a token and
  // never logged. Borrowed.
  const Secret* session = nullptr;
  bool once = false;          // no repetition: the caller knows better how to go on
  std::stop_token stop = {};  // ends the call with Interrupted, also between two attempts
  Duration grace{0};          // see HttpRequest
};

class GcsClient {
 public:
  // `identity` is asked for at the first request, once, unless it throws. `http` and `clock` are borrowed. Thread-safe.
  GcsClient(GcsSettings settings, HttpClient& http, std::function<GoogleIdentity()> identity, Clock& clock);

  // Sends the call until it gets an answer that counts. Throws TransportError when the network is to blame to the end
  // (or as soon as a byte has reached the sink: the caller knows how to resume), StoreError for refusals, and what the
  // token's source throws.
  HttpResponse call(const GcsCall& call);

  const GcsSettings& settings() const noexcept { return settings_; }
  const GoogleIdentity& identity();
  Clock& clock() const noexcept { return clock_; }
  GcsError failure_in(const HttpResponse& response, const GcsCall& call) const;
  StoreError refused(const HttpResponse& response, const GcsCall& call) const;
  std::string describe(const std::string& key) const;  // "gs://bucket/key"

  // Of the bucket and its objects, for GcsCall::path.
  std::string bucket_path() const;                          // JSON API
  std::string object_path(const std::string& key) const;    // JSON API
  std::string upload_path() const;                          // JSON API: objects.insert with media
  std::string xml_path(const std::string& key = {}) const;  // XML API; without a key: the bucket

 private:
  HttpRequest build(const GcsCall& call, const std::optional<AccessToken>& token);

  GcsSettings settings_;
  HttpClient& http_;
  std::function<GoogleIdentity()> find_identity_;
  Clock& clock_;
  std::mutex mutex_;  // guards identity_ until it is there
  std::optional<GoogleIdentity> identity_;
};

}  // namespace tapster
