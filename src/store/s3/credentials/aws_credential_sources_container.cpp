// The container's endpoint: ECS tasks and EKS Pod Identity ("Container credential provider",
// AWS SDKs and Tools Reference Guide).
#include "file/text_file.h"
#include "store/cloud/credentials/service_url.h"
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/aws_credential_sources.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tapster {
namespace {

constexpr std::array<std::string_view, 4> kKnownHosts = {"localhost", "169.254.170.2", "169.254.170.23",
                                                         "fd00:ec2::23"};
constexpr Duration kServiceTimeout{2'000};
constexpr Patience kPatience{3, Duration(1'000)};

// The credentials (and our token) must not travel in clear text over a network.
void check_url(const std::string& url) {
  const auto host = host_of(url);
  if (host && (url.starts_with("https://") || is_loopback(*host) ||
               std::find(kKnownHosts.begin(), kKnownHosts.end(), *host) != kKnownHosts.end())) {
    return;
  }
  throw error(ErrorKind::general,
              "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://..., or http:// to a loopback address or one of {}",
              fmt::join(kKnownHosts, ", "));
}

class ContainerSource final : public CredentialSource {
 public:
  ContainerSource(CredentialContext context, std::string url) : context_(std::move(context)), url_(std::move(url)) {}

  std::optional<AwsCredentials> fetch() override {
    HttpRequest request;
    request.url = url_;
    request.headers = {{"Accept", "application/json"}};
    if (auto token = authorization()) request.headers.emplace_back("Authorization", std::move(*token));
    request.connect_timeout = kServiceTimeout;
    request.total_timeout = kServiceTimeout;
    request.use_proxy = false;
    const HttpResponse response = call_service(context_.http, context_.clock, request, name(), kPatience, is_transient);
    if (response.status != 200) throw refusal(response, name(), reason_in(response));
    return parse_credentials(response.body, name());
  }

  std::string name() const override { return "the container endpoint " + url_; }

 private:
  // A file's content is read each time: EKS replaces it.
  std::optional<std::string> authorization() const {
    const Environment& environment = context_.environment;
    const auto file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    auto token = file ? read_text_file(*file) : environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (file && !token) {
      throw error(ErrorKind::general, "There is no file {} (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)", *file);
    }
    if (!token) return std::nullopt;
    std::string value(trim(*token));
    if (value.empty() || value.find_first_of("\r\n") != std::string::npos) {
      throw error(ErrorKind::general, "The container authorization token{}{} must be one line", file ? " in " : "",
                  file.value_or(""));
    }
    return value;
  }

  CredentialContext context_;
  std::string url_;
};

}  // namespace

std::unique_ptr<CredentialSource> link_container(const CredentialContext& context) {
  if (const auto path = context.environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    if (!path->starts_with('/')) {
      throw error(ErrorKind::general, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must start with a slash");
    }
    return std::make_unique<ContainerSource>(context, "http://169.254.170.2" + *path);
  }
  const auto url = context.environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!url) return nullptr;
  check_url(*url);
  return std::make_unique<ContainerSource>(context, *url);
}

}  // namespace tapster
