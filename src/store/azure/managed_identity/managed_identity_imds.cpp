// The managed identity of a virtual machine, by the instance metadata service ("How to use managed identities for Azure
// resources on an Azure VM to acquire an access token"): also in AKS, where a daemon may answer in its place.
#include "store/azure/credentials/azure_token_answer.h"
#include "store/azure/managed_identity/managed_identity.h"
#include "store/cloud/credentials/service_call.h"

#include <tapster/log.h>

#include <utility>

namespace tapster {
namespace {

constexpr std::string_view kPath = "/metadata/identity/oauth2/token";
constexpr Duration kProbeTime{1'000};
// The documented advice: repeat with growing pauses; an update takes 70 s at most.
constexpr Patience kPatience{7, Duration(1'200)};  // 75.6 s in all
constexpr Patience kNoAnswerPatience{3, Duration(1'000)};

// Also while the service is being updated.
bool is_busy(const HttpResponse& response) {
  return is_transient(response) || response.status == 404 || response.status == 410;
}

bool never(const HttpResponse& /*response*/) { return false; }

class ImdsSource final : public TokenSource {
 public:
  ImdsSource(IdentityContext context, bool probe)
      : context_(std::move(context)), probe_(probe && context_.settings.pod_identity_authority.empty()) {}

  std::optional<AccessToken> fetch() override {
    if (probe_) look_for_service();
    probe_ = false;
    const HttpResponse response = ask_patiently();
    if (response.status == 200) return parse_token(response.body, name(), context_.clock.now());
    const std::string reason = reason_in(response);
    if (response.status == 400) {
      const std::string& client = context_.settings.client_id;
      throw NotAvailable(name(), client.empty() ? fmt::format("this machine has no identity ({})", reason)
                                                : fmt::format("this machine does not have the identity {}, which "
                                                              "AZURE_CLIENT_ID says ({})",
                                                              client, reason));
    }
    // Docker Desktop's proxy says so.
    if (response.status == 403 && response.body.find("unreachable") != std::string::npos) {
      throw NotAvailable(name(), reason);
    }
    if (!is_busy(response)) throw refusal(response, name(), reason);
    throw error(ErrorKind::network, "Cannot get credentials from {}: status {}{}{}", name(), response.status,
                reason.empty() ? "" : ", ", reason);
  }

  std::string name() const override { return "the managed identity (IMDS)"; }

 private:
  HttpRequest request() const {
    const std::string& authority = context_.settings.pod_identity_authority;
    std::string endpoint = authority.empty() ? "http://169.254.169.254" : authority;
    while (endpoint.ends_with('/')) endpoint.pop_back();
    if (!endpoint.ends_with(kPath)) endpoint += kPath;
    return managed_identity_request(context_, endpoint, "AZURE_POD_IDENTITY_AUTHORITY_HOST", "2018-02-01");
  }

  // Outside of Azure nobody answers at that address, or somebody else's service does. Azure's refuses at once what
  // comes without the Metadata header.
  void look_for_service() const {
    HttpRequest probe = request();
    probe.connect_timeout = kProbeTime;
    probe.total_timeout = kProbeTime;
    try {
      const HttpResponse response = context_.http.perform(probe);
      if (response.status == 400 || is_transient(response) || response.status == 410) return;
      throw NotAvailable(name(),
                         fmt::format("what answers at 169.254.169.254 (status {}) is not Azure's", response.status));
    } catch (const TransportError& problem) {
      log::debug("No answer from {}: {}", name(), problem.what());
      throw NotAvailable(name(), "nobody answers at 169.254.169.254");
    }
  }

  // A missing answer is given up sooner than a busy service.
  HttpResponse ask_patiently() const {
    HttpRequest token = request();
    token.headers = {{"Metadata", "true"}};
    Duration pause = kPatience.pause;
    for (int attempt = 1;; ++attempt) {
      HttpResponse response = call_service(context_.http, context_.clock, token, name(), kNoAnswerPatience, never);
      if (attempt >= kPatience.attempts || !is_busy(response)) return response;
      log::debug("{} answered with status {}, attempt {}", name(), response.status, attempt);
      context_.clock.sleep(pause);
      pause *= 2;
    }
  }

  IdentityContext context_;
  bool probe_;
};

}  // namespace

std::unique_ptr<TokenSource> imds_source(const IdentityContext& context, bool probe) {
  return std::make_unique<ImdsSource>(context, probe);
}

}  // namespace tapster
