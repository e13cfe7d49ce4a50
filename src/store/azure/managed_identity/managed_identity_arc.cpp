// The managed identity of a server that Azure Arc manages ("Authenticate against Azure resources with Azure Arc-enabled
// servers"): who may read the file that the service names is allowed to have the token.
#include "file/text_file.h"
#include "store/azure/credentials/azure_token_answer.h"
#include "store/azure/managed_identity/managed_identity.h"
#include "store/cloud/credentials/service_call.h"
#include "text/encoding.h"
#include "text/one_line.h"

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kMaxKeySize = 4096;

class AzureArcSource final : public TokenSource {
 public:
  AzureArcSource(IdentityContext context, std::string directory)
      : context_(std::move(context)), directory_(std::move(directory)) {}

  std::optional<AccessToken> fetch() override {
    if (!context_.settings.client_id.empty()) {
      throw error(ErrorKind::general,
                  "Cannot get credentials from {}: it knows the server's own identity only; unset AZURE_CLIENT_ID",
                  name());
    }
    HttpRequest request =
        managed_identity_request(context_, context_.settings.identity_endpoint, "IDENTITY_ENDPOINT", "2020-06-01");
    request.headers = {{"Metadata", "true"}};
    const HttpResponse challenge = call_service(context_.http, context_.clock, request, name());
    if (challenge.status != 401) throw refusal(challenge, name(), reason_in(challenge));
    const Secret key = key_named_by(challenge);
    request.headers.emplace_back("Authorization", fmt::format("Basic {}", key.reveal()));
    const HttpResponse response = call_service(context_.http, context_.clock, request, name());
    if (response.status != 200) throw refusal(response, name(), reason_in(response));
    return parse_token(response.body, name(), context_.clock.now());
  }

  std::string name() const override { return "the managed identity (Azure Arc)"; }

 private:
  // WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/NAME.key. Whoever answers must not make us send other
  // files.
  Secret key_named_by(const HttpResponse& challenge) const {
    const std::string* header = find_header(challenge.headers, "WWW-Authenticate");
    const std::string_view value = header == nullptr ? std::string_view() : trim(*header);
    constexpr std::string_view kRealm = "Basic realm=";
    if (!equals_ignoring_case(value.substr(0, kRealm.size()), kRealm)) {
      throw refusal(challenge, name(), "without a challenge that names a file");
    }
    std::string path(value.substr(kRealm.size()));
    std::erase(path, '"');
    const std::string file = path.substr(std::min(path.size(), path.rfind('/') + 1));
    if (path != directory_ + '/' + file || !file.ends_with(".key")) {
      throw error(ErrorKind::general, "Cannot get credentials from {}: it names {}, which is no .key file in {}",
                  name(), short_line(path), directory_);
    }
    return read_key(path);
  }

  Secret read_key(const std::string& path) const {
    std::optional<std::string> text;
    try {
      text = read_text_file(path);
    } catch (const Error& problem) {
      throw error(ErrorKind::general, "Cannot get credentials from {}: {} (members of the group himds may read it)",
                  name(), problem.what());
    }
    Secret key{std::string(trim(text.value_or("")))};
    const bool one_line_only =
        std::all_of(key.reveal().begin(), key.reveal().end(), [](char c) { return c >= ' ' && c < '\x7f'; });
    if (key.empty() || key.reveal().size() > kMaxKeySize || !one_line_only) {
      throw error(ErrorKind::general, "Cannot get credentials from {}: {} must be one line of at most {} bytes", name(),
                  path, kMaxKeySize);
    }
    return key;
  }

  IdentityContext context_;
  std::string directory_;
};

}  // namespace

std::unique_ptr<TokenSource> azure_arc_source(const IdentityContext& context, std::string directory) {
  return std::make_unique<AzureArcSource>(context, std::move(directory));
}

}  // namespace tapster
