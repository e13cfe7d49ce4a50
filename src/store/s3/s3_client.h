// Signed requests to one bucket. A call repeats what fails for a while. It corrects by itself a wrong region, a wrong
// clock, expired credentials, and checksum headers and unsigned payloads that the store refuses.
#pragma once

#include "crypto/digest.h"
#include "store/s3/credentials/aws_credentials.h"
#include "store/s3/s3_error.h"
#include "store/s3/s3_settings.h"

#include <tapster/clock.h>
#include <tapster/http_client.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tapster {

struct S3Call {
  std::string operation;  // as the API reference names it: "PutObject"
  std::string method;
  std::string key = {};                                         // empty: the bucket itself
  std::vector<std::pair<std::string, std::string>> query = {};  // not encoded
  HttpHeaders headers = {};
  Body* body = nullptr;
  std::optional<Sha256Digest> body_sha256 = {};  // when known, so that the body is read once only
  bool offers_checksum = false;                  // under the upload policy, add x-amz-checksum-ALGORITHM of the body
  HttpHeaders checksum_headers = {};             // sent only while the upload policy holds
  bool needs_content_md5 = false;
  ByteSink* sink = nullptr;
  std::function<void(int, const HttpHeaders&)> on_headers = {};
  // Statuses beside 2xx that are an answer to the caller: returned as they come, without a retry. Only a checksum that
  // the store does not implement is left out first.
  std::vector<int> accepted = {};
  std::stop_token stop = {};  // ends the call with Interrupted, also between two attempts
  Duration grace{0};          // see HttpRequest
};

struct S3Answer {
  HttpResponse http;
  std::string checksum;    // base64, the value sent by offers_checksum; empty when none was
  std::string error_code;  // of an accepted status: "NoSuchKey"
};

class S3Client {
 public:
  // All but the settings is borrowed. Thread-safe.
  S3Client(S3Settings settings, HttpClient& http, CredentialProvider& credentials, Clock& clock);

  // Returns the answer with status 2xx or an accepted one. Throws TransportError when the network fails in every
  // attempt, or once when a byte has reached the sink, which the caller can resume; StoreError for a refusal that no
  // second chance helps; Error when there are no credentials; Interrupted; and what the body, the sink and on_headers
  // throw.
  S3Answer call(const S3Call& call);

  const S3Settings& settings() const noexcept { return settings_; }
  bool sends_checksums() const noexcept { return sends_checksums_; }
  Clock& clock() const noexcept { return clock_; }
  // The error for an accepted status that the caller does not accept after all.
  StoreError refused(const HttpResponse& response, const S3Call& call) const;

 private:
  class Exchange;  // one call and its second chances: s3_client_call.cpp
  struct Digests {
    std::string payload_hash;
    std::string checksum;
    std::string content_md5;
    bool payload_unsigned_for_checksum = false;  // the checksum header stands for the payload's signed digest
  };
  Digests digests_of(const S3Call& call, bool with_checksum) const;
  HttpRequest build(const S3Call& call, const Digests& digests, bool with_checksum, const std::string& region) const;
  std::string region() const;

  S3Settings settings_;
  HttpClient& http_;
  CredentialProvider& credentials_;
  Clock& clock_;
  std::atomic<bool> sends_checksums_;
  std::atomic<bool> checksum_for_digest_;
  std::atomic<std::int64_t> skew_seconds_{0};
  mutable std::mutex mutex_;  // guards region_
  std::string region_;
};

}  // namespace tapster
