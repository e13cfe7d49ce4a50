#include "store/gcs/credentials/metadata_server.h"

#include "store/cloud/credentials/service_call.h"
#include "store/cloud/credentials/service_url.h"
#include "text/encoding.h"
#include "text/one_line.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <utility>

namespace tapster {
namespace {

constexpr std::string_view kFlavor = "Metadata-Flavor";
constexpr Duration kConnectTimeout{800};
constexpr Duration kMetadataTimeout{10'000};  // the first token of a pod takes a while
constexpr Patience kPatience{3, Duration(250)};

class MetadataServer {
 public:
  MetadataServer(const Environment& environment, const GoogleNetwork& network) : network_(network) {
    auto host = environment.get("GCE_METADATA_HOST");
    if (!host) host = environment.get("GCE_METADATA_IP");
    named_ = host.has_value();
    base_ = "http://" + host.value_or("metadata.google.internal");
    if (!host_of(base_) || authority_of(base_) != base_.substr(std::string_view("http://").size())) {
      throw error(ErrorKind::general, "GCE_METADATA_HOST (or GCE_METADATA_IP) is \"{}\": HOST or HOST:PORT is expected",
                  short_line(*host));
    }
  }

  const std::string& base() const noexcept { return base_; }
  std::string name() const { return fmt::format("the metadata server {}", base_); }

  // The answer of a metadata server; nothing when there is none, with the reason in the log. A server that was named
  // or seen before must answer, else TransportError.
  std::optional<HttpResponse> get(const std::string& path) {
    HttpRequest request;
    request.url = base_ + "/computeMetadata/v1/" + path;
    request.headers = {{std::string(kFlavor), "Google"}};
    request.connect_timeout = kConnectTimeout;
    request.total_timeout = kMetadataTimeout;
    request.use_proxy = false;
    try {
      HttpResponse response = call_service(network_.http, network_.clock, request, name(), kPatience);
      const std::string* flavor = find_header(response.headers, kFlavor);
      if (flavor != nullptr && *flavor == "Google") {
        seen_ = true;
        return response;
      }
      log::info("Something else than a metadata server answers at {}: there is no header Metadata-Flavor: Google",
                base_);
      return std::nullopt;
    } catch (const TransportError& problem) {
      if (named_ || seen_) throw;
      log::info("{}", problem.what());
      return std::nullopt;
    }
  }

 private:
  GoogleNetwork network_;
  std::string base_;
  bool named_ = false;
  bool seen_ = false;
};

class MetadataSource final : public TokenSource {
 public:
  MetadataSource(const Environment& environment, const GoogleNetwork& network, std::string not_found)
      : clock_(network.clock), server_(environment, network), not_found_(std::move(not_found)) {}

  std::optional<AccessToken> fetch() override {
    const TimePoint asked = clock_.now();
    const auto response = server_.get("instance/service-accounts/default/token");
    if (!response) {
      throw error(ErrorKind::general, "{} (no metadata server answers at {})", not_found_, server_.base());
    }
    if (response->status == 200) return parse_token(response->body, asked, name());
    std::string reason = reason_in(*response);
    if (response->status == 404) reason += "; no service account is attached to this machine: attach one";
    if (response->status == 403) {
      reason += "; the pod's Kubernetes service account needs the role roles/iam.workloadIdentityUser";
    }
    throw refusal(*response, name(), reason);
  }

  std::string name() const override { return server_.name(); }

 private:
  Clock& clock_;
  MetadataServer server_;
  std::string not_found_;
};

bool is_switched_off(const Environment& environment) {
  return equals_ignoring_case(environment.get("NO_GCE_CHECK").value_or(""), "true");
}

}  // namespace

std::unique_ptr<TokenSource> metadata_source(const Environment& environment, const GoogleNetwork& network,
                                             std::string not_found) {
  if (is_switched_off(environment)) return nullptr;
  return std::make_unique<MetadataSource>(environment, network, std::move(not_found));
}

std::string metadata_project(const Environment& environment, HttpClient& http, Clock& clock) {
  if (is_switched_off(environment)) return {};
  MetadataServer server(environment, {http, clock});
  const auto response = server.get("project/project-id");
  if (!response) return {};
  if (response->status != 200) throw refusal(*response, server.name(), reason_in(*response));
  return std::string(trim(response->body));
}

}  // namespace tapster
