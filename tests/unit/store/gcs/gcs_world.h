// A bucket at a scripted server: one client and one store, with a clock that moves by itself.
#pragma once

#include "crypto/digest.h"
#include "store/gcs/gcs_store.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "text/time_text.h"

#include <memory>
#include <string>

namespace tapster::test::gcs {

// "token-1", and after each refusal the next.
class NumberedTokens final : public TokenSource {
 public:
  std::optional<AccessToken> fetch() override { return AccessToken{Secret("token-" + std::to_string(++number_)), {}}; }
  std::string name() const override { return "test"; }

 private:
  int number_ = 0;
};

struct TextSink final : ByteSink {
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override { FAIL("finish() is the caller's"); }
  std::string text;
};

inline std::string json_error(int status, const std::string& reason, const std::string& message) {
  return R"({"error":{"code":)" + std::to_string(status) + R"(,"message":")" + message + R"(","errors":[{"message":")" +
         message + R"(","domain":"global","reason":")" + reason + R"("}]}})";
}
inline std::string xml_error(const std::string& code, const std::string& details = {}) {
  return "<?xml version='1.0' encoding='UTF-8'?><Error><Code>" + code + "</Code><Message>It is so.</Message>" +
         (details.empty() ? "" : "<Details>" + details + "</Details>") + "</Error>";
}
inline const std::string kNoObject = json_error(404, "notFound", "No such object: b/k");
inline const std::string kNoBucket = json_error(404, "notFound", "The specified bucket does not exist.");
inline const std::string kFrontPage = "<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>";
inline const HttpHeaders kRequestId = {{"X-GUploader-UploadID", "RID"}};

struct GcsWorld {
  GcsWorld() {
    settings.bucket = "b";
    settings.endpoint_url = "http://gcs.test";
    settings.max_attempts = 3;
    identity.token = std::make_shared<TokenProvider>(std::make_unique<NumberedTokens>(), clock);
    identity.project = "p";
  }

  // Made at first use: settings and identity count until then.
  GcsClient& client() {
    if (client_ == nullptr) {
      client_ = std::make_unique<GcsClient>(
          settings, http,
          [this] {
            ++identified;
            return identity;
          },
          clock);
    }
    return *client_;
  }
  GcsStore& store() {
    if (store_ == nullptr) store_ = std::make_unique<GcsStore>(client());
    return *store_;
  }

  std::vector<SentRequest> sent() const { return http.sent(); }
  std::size_t requests() const { return http.sent().size(); }
  SentRequest last() const { return http.sent().back(); }

  FakeHttp http;
  FakeClock clock{parse_rfc3339("2024-02-03T10:00:00Z").value()};
  GcsSettings settings;
  GoogleIdentity identity;
  int identified = 0;

 private:
  std::unique_ptr<GcsClient> client_;
  std::unique_ptr<GcsStore> store_;
};

inline PutOptions create_only() {
  PutOptions options;
  options.protection = WriteProtection::checked_by_store;
  return options;
}

// What `action` dies of: "network: the message".
template <typename Action>
std::string death_of(Action&& action) {
  try {
    action();
  } catch (const Interrupted&) {
    return "interrupted";
  } catch (const Error& problem) {
    return std::string(problem.kind() == ErrorKind::network   ? "network: "
                       : problem.kind() == ErrorKind::general ? "general: "
                                                              : "another kind: ") +
           problem.what();
  }
  return "it lives";
}

}  // namespace tapster::test::gcs
