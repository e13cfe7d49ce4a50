// A bucket at a scripted server: one client and one store, with a clock that moves by itself.
#pragma once

#include "crypto/digest.h"
#include "store/s3/s3_client.h"
#include "store/s3/s3_store.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "text/time_text.h"

#include <memory>
#include <string>

namespace tapster::test {

// Gives KEY1 until it is refused, then KEY2, and so on.
class NumberedCredentials final : public CredentialProvider {
 public:
  AwsCredentials get() override {
    return {"KEY" + std::to_string(number), Secret("secret"), temporary ? Secret("token") : Secret(), {}};
  }
  void refuse(const AwsCredentials& refused) override {
    CHECK(refused.access_key_id == get().access_key_id);
    ++number;
  }
  std::string source() const override { return "test"; }

  bool temporary = true;
  int number = 1;
};

struct CollectingSink final : ByteSink {
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override { FAIL("finish() is the caller's"); }
  std::string text;
};

inline std::string s3_error(const std::string& code, const std::string& more = {}) {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>It is so</Message>" + more +
         "<RequestId>RID</RequestId></Error>";
}

struct S3World {
  S3World() {
    settings.bucket = "b";
    settings.endpoint_url = "http://s3.test";
    settings.path_style = true;
    settings.region = "us-east-1";
    settings.service = &service;
    settings.max_attempts = 3;
  }

  // Made at first use: settings count until then.
  S3Client& client() {
    if (client_ == nullptr) client_ = std::make_unique<S3Client>(settings, http, credentials, clock);
    return *client_;
  }
  S3Store& store() {
    if (store_ == nullptr) store_ = std::make_unique<S3Store>(client());
    return *store_;
  }

  S3Answer get(std::vector<int> accepted = {}) {
    S3Call call{.operation = "GetObject", .method = "GET", .key = "k"};
    call.accepted = std::move(accepted);
    return client().call(call);
  }
  S3Answer head() { return client().call({.operation = "HeadObject", .method = "HEAD", .key = "k"}); }
  S3Answer put(std::string_view text = "text") {
    MemoryBody body(text);
    S3Call call{.operation = "PutObject", .method = "PUT", .key = "k"};
    call.body = &body;
    call.offers_checksum = true;
    return client().call(call);
  }

  std::vector<SentRequest> sent() const { return http.sent(); }
  std::size_t requests() const { return http.sent().size(); }
  SentRequest last() const { return http.sent().back(); }

  FakeHttp http;
  FakeClock clock{parse_rfc3339("2024-02-03T10:00:00Z").value()};
  NumberedCredentials credentials;
  S3Service service;
  S3Settings settings;

 private:
  std::unique_ptr<S3Client> client_;
  std::unique_ptr<S3Store> store_;
};

// What `action` dies of: "network: the message".
template <typename Action>
std::string failure_of(Action&& action) {
  try {
    action();
  } catch (const Error& problem) {
    switch (problem.kind()) {
      case ErrorKind::network:
        return std::string("network: ") + problem.what();
      case ErrorKind::general:
        return std::string("general: ") + problem.what();
      case ErrorKind::usage:
        return std::string("usage: ") + problem.what();
      default:
        return std::string("another kind: ") + problem.what();
    }
  }
  return "no failure";
}

}  // namespace tapster::test
