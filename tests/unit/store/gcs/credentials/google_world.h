// A user of Google Cloud Storage: a home with files, variables, a scripted network and a clock. Secrets in it all
// contain "HUSH"; whatever it logs or dies of is searched for that, and for signed assertions.
#pragma once

#include "store/gcs/credentials/gcs_credentials.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "support/rsa_key.h"
#include "support/scratch.h"
#include "text/time_text.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace tapster::test {

using nlohmann::json;

// What token endpoints answer.
inline std::string token_answer(const std::string& token, int lifetime = 3599) {
  return json{{"access_token", token}, {"expires_in", lifetime}, {"token_type", "Bearer"}}.dump();
}

// Text around the block does not matter to PEM, and shows when the key is printed.
inline json service_account_key() {
  return {{"type", "service_account"},
          {"project_id", "the-project"},
          {"private_key_id", "key-1"},
          {"private_key", "HUSH\n" + kRsaKey},
          {"client_email", "robot@the-project.iam.gserviceaccount.com"},
          {"client_id", "1"},
          {"token_uri", "https://oauth2.googleapis.com/token"},
          {"universe_domain", "googleapis.com"}};
}

inline json user_login() {
  return {{"type", "authorized_user"},
          {"client_id", "client-1"},
          {"client_secret", "HUSH-client"},
          {"refresh_token", "1//HUSH-refresh"}};
}

inline const std::string kAudience =
    "//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/pool/providers/cluster";

inline json federated(json credential_source) {
  return {{"type", "external_account"},
          {"audience", kAudience},
          {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
          {"token_url", "https://sts.googleapis.com/v1/token"},
          {"credential_source", std::move(credential_source)}};
}

inline const std::string kImpersonationUrl =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/writer@p.iam.gserviceaccount.com"
    ":generateAccessToken";

class GoogleWorld {
 public:
  GoogleWorld() { variables["HOME"] = home_.path(); }

  std::string path(const std::string& name) const { return home_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    write_file(path(name), text);
    return path(name);
  }
  // The file that GOOGLE_APPLICATION_CREDENTIALS names.
  void key_text(const std::string& text) { variables["GOOGLE_APPLICATION_CREDENTIALS"] = write("key.json", text); }
  void key(const json& document) { key_text(document.dump()); }
  std::string key_path() const { return path("key.json"); }
  std::string login_path() const { return path(".config/gcloud/application_default_credentials.json"); }
  void login(const json& document) const {
    write(".config/gcloud/application_default_credentials.json", document.dump());
  }

  GoogleIdentity& identity() {
    if (!identity_) {
      watched([&] {
        const MapEnvironment environment(variables);  // which sources do not keep
        identity_ = std::make_unique<GoogleIdentity>(resolve_google_identity(environment, http, clock, emulator));
      });
      CHECK(http.sent().empty());
    }
    return *identity_;
  }

  AccessToken get() {
    GoogleIdentity& found = identity();
    REQUIRE(found.token != nullptr);
    AccessToken token;
    watched([&] { token = found.token->get(); });
    return token;
  }
  std::string token() { return std::string(get().value.reveal()); }

  // What get() dies of: "general: the message".
  std::string failure() {
    try {
      get();
    } catch (const Error& problem) {
      return std::string(problem.kind() == ErrorKind::network   ? "network: "
                         : problem.kind() == ErrorKind::general ? "general: "
                                                                : "another kind: ") +
             problem.what();
    }
    return "no failure";
  }

  std::map<std::string, std::string, std::less<>> variables;
  bool emulator = false;
  FakeHttp http;
  FakeClock clock{parse_rfc3339("2024-02-03T10:00:00Z").value()};
  std::string log;  // of all calls so far

 private:
  static void check_silence(const std::string& text) {
    for (const char* secret : {"HUSH", "MIIE", "eyJ"}) CHECK_THAT(text, !ContainsSubstring(secret));
  }

  template <typename Action>
  void watched(Action action) {
    const CapturedLog captured(log::Level::debug);
    const auto keep = [&] {
      check_silence(captured.text());
      log += captured.text();
    };
    try {
      action();
    } catch (const std::exception& problem) {
      keep();
      check_silence(problem.what());
      CHECK_THAT(problem.what(), !ContainsSubstring("\n"));
      throw;
    }
    keep();
  }

  ScratchDirectory home_;
  std::unique_ptr<GoogleIdentity> identity_;
};

}  // namespace tapster::test
