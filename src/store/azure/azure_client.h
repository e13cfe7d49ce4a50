// Authorised requests to one container, with everything that makes them succeed in the field: retries, the server's
// clock, fresh tokens, and the way back from a checksum that the service does not know.
#pragma once

#include "store/azure/azure_settings.h"
#include "store/azure/credentials/azure_credentials.h"
#include "store/azure/wire/azure_error.h"

#include <tapster/clock.h>
#include <tapster/http_client.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapster {

struct AzureCall {
  std::string operation;  // as the REST reference names it: "Put Blob"
  std::string method;
  std::string key = {};                                         // empty: the container itself
  std::vector<std::pair<std::string, std::string>> query = {};  // not encoded
  HttpHeaders headers = {};
  Body* body = nullptr;
  bool sends_checksum = false;  // of the body, for the service to verify
  ByteSink* sink = nullptr;
  std::function<void(int, const HttpHeaders&)> on_headers = {};
  // Error codes that are an answer to the caller: given back as they come, without a retry.
  std::vector<std::string_view> accepted = {};
  std::stop_token stop = {};  // ends the call with Interrupted, also between two attempts
};

struct AzureAnswer {
  HttpResponse http;
  std::string error_code;  // an accepted one: "BlobNotFound"; empty on success

  bool is(std::initializer_list<std::string_view> codes) const;
};

class AzureClient {
 public:
  // `http` and `clock` are borrowed. Thread-safe.
  AzureClient(AzureSettings settings, AzureAccount account, HttpClient& http, Clock& clock);

  // Sends the call until it gets an answer that counts. Throws TransportError when the network is to blame to the end
  // (or as soon as a byte has reached the sink: the caller knows how to resume), and StoreError for refusals.
  AzureAnswer call(const AzureCall& call);

  // As it would be sent, but without x-ms-version: a part of a Blob Batch.
  HttpRequest batch_part(const AzureCall& call);

  const AzureSettings& settings() const noexcept { return settings_; }
  Clock& clock() const noexcept { return clock_; }
  StoreError refused(const HttpResponse& response, const AzureCall& call) const;
  std::string name_of(const std::string& key) const;  // for people: its URL, with the key as it is

 private:
  // What one call has already corrected: each at most once.
  struct Corrections {
    bool clock = false;
    bool token = false;
  };
  std::string url_of(const std::string& key) const;
  HttpRequest build(const AzureCall& call) const;
  // Adds date and authorisation; returns the token that was used.
  std::optional<AccessToken> authorise(HttpRequest& request);
  AzureError failure_in(const HttpResponse& response) const;
  bool adopt_clock(const HttpResponse& response, const AzureError& failure);
  bool correct(Corrections& done, const AzureError& failure, const HttpResponse& response,
               const std::optional<AccessToken>& token);
  bool drop_crc64(const AzureError& failure);

  AzureSettings settings_;
  AzureAccount account_;
  HttpClient& http_;
  Clock& clock_;
  std::atomic<BlobChecksum> checksum_;
  std::atomic<std::int64_t> skew_seconds_{0};
};

}  // namespace tapster
