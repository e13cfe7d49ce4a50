#include "store/azure_server.h"

#include "crypto/digest.h"
#include "http/curl_client.h"
#include "store/azure/azure_store.h"
#include "store/cloud/owning_store.h"
#include "store/server_settings.h"
#include "text/encoding.h"

#include <algorithm>

namespace tapster::conformance {
namespace {

std::string base64url(const std::string& text) {
  std::string encoded = base64_encode(as_bytes(text));
  encoded.erase(std::find(encoded.begin(), encoded.end(), '='), encoded.end());
  std::replace(encoded.begin(), encoded.end(), '+', '-');
  std::replace(encoded.begin(), encoded.end(), '/', '_');
  return encoded;
}

// A JSON Web Token that nobody has signed.
class ForgedTokens final : public TokenSource {
 public:
  explicit ForgedTokens(Clock& clock) : clock_(clock) {}

  std::optional<AccessToken> fetch() override {
    const TimePoint expires = clock_.now() + std::chrono::hours(1);
    const auto now = std::chrono::system_clock::to_time_t(clock_.now());
    const std::string claims = fmt::format(
        R"({{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/tests/","iat":{0},"nbf":{0},"exp":{1}}})",
        now - 60, now + 3600);
    return AccessToken{
        Secret(base64url(R"({"typ":"JWT","alg":"RS256"})") + "." + base64url(claims) + "." + base64url("unsigned")),
        expires};
  }
  std::string name() const override { return "a forgery"; }

 private:
  Clock& clock_;
};

struct Parts {
  Parts(AzureSettings given, AzureAccount account, Clock& clock)
      : settings(std::move(given)), http(settings.http), client(settings, std::move(account), http, clock) {}

  AzureSettings settings;
  CurlClient http;
  AzureClient client;
};

}  // namespace

std::unique_ptr<ObjectStore> open_azure_server(const std::string& url, const std::string& container, Clock& clock) {
  const Settings& server = server_settings("azurite");
  AzureAccount account{server.at("AZURE_STORAGE_ACCOUNT"), server.at(url), {}};
  AzureSettings settings;
  settings.container = container;
  settings.max_block_size = 4U << 20U;
  settings.max_single_put_size = 64U << 20U;
  settings.max_attempts = 3;
  if (account.blob_url.starts_with("https:")) {
    account.credential.token = std::make_shared<TokenProvider>(std::make_unique<ForgedTokens>(clock), clock);
    settings.http.ca_bundle = server.at("AZURE_CA");
    settings.max_block_size = 1U << 20U;
    settings.max_single_put_size = 1U << 20U;
    settings.max_concurrency = 4;
  } else {
    account.credential.account_key = Secret(server.at("AZURE_STORAGE_KEY"));
  }
  return std::make_unique<OwningStore<AzureStore, Parts>>(std::move(settings), std::move(account), clock);
}

}  // namespace tapster::conformance
