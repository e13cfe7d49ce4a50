#include "store/gcs_server.h"

#include "http/curl_client.h"
#include "store/cloud/owning_store.h"
#include "store/gcs/gcs_store.h"
#include "store/server_settings.h"
#include "text/encoding.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace tapster::conformance {
namespace {

using nlohmann::json;

// Exchanges a user's refresh token (RFC 6749 section 6), each time.
class UserTokens final : public TokenSource {
 public:
  UserTokens(const std::string& file, HttpClient& http) : http_(http) {
    std::ifstream stream(file);
    credentials_ = json::parse(stream);
  }

  std::optional<AccessToken> fetch() override {
    std::string form = "grant_type=refresh_token";
    for (const char* name : {"client_id", "client_secret", "refresh_token"}) {
      form += fmt::format("&{}={}", name, percent_encode(credentials_.at(name).get<std::string>()));
    }
    MemoryBody body(form);
    HttpRequest request{.method = "POST", .url = credentials_.at("token_uri").get<std::string>()};
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = &body;
    const json answer = json::parse(http_.perform(request).body);
    return AccessToken{Secret(answer.at("access_token").get<std::string>()), {}};
  }
  std::string name() const override { return "a user of the tests"; }

 private:
  HttpClient& http_;
  json credentials_;
};

struct Parts {
  Parts(GcsSettings given, const std::string& user, Clock& clock)
      : settings(std::move(given)),
        http(settings.http),
        client(
            settings, http,
            [this, user, &clock] {
              GoogleIdentity identity{.token = nullptr, .project = "tapster-test", .quota_project = ""};
              if (!user.empty()) {
                identity.token = std::make_shared<TokenProvider>(std::make_unique<UserTokens>(user, http), clock);
              }
              return identity;
            },
            clock) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  GcsSettings settings;
  CurlClient http;
  GcsClient client;
};

}  // namespace

std::unique_ptr<ObjectStore> open_gcs_server(const std::string& endpoint, const std::string& bucket, Clock& clock) {
  const Settings& server = server_settings("gcs");
  GcsSettings settings;
  settings.bucket = bucket;
  settings.endpoint_url = server.at(endpoint);
  settings.max_attempts = 3;
  std::string user;
  if (settings.endpoint_url.starts_with("https:")) {
    settings.http.ca_bundle = server.at("GCS_CA");
    user = server.at("GCS_AUTHORIZED_USER_FILE");
  }
  return std::make_unique<OwningStore<GcsStore, Parts>>(std::move(settings), user, clock);
}

}  // namespace tapster::conformance
