// What azure-identity's DefaultAzureCredential does: every source in turn, until one gives a token.
#include "store/azure/credentials/azure_token_sources.h"

#include <tapster/log.h>

#include <array>
#include <utility>

namespace tapster {
namespace {

struct Link {
  std::string_view name;
  std::unique_ptr<TokenSource> (*make)(const IdentityContext& context);
};
constexpr std::array kLinks = {
    Link{"environment", environment_source},
    Link{"workload identity", workload_identity_source},
    Link{"managed identity", probing_managed_identity_source},
    Link{"Azure CLI", azure_cli_source},
    Link{"Azure Developer CLI", azure_developer_cli_source},
};

class DefaultSource final : public TokenSource {
 public:
  explicit DefaultSource(IdentityContext context) : context_(std::move(context)) {}

  // The first fetch chooses the source, for good.
  std::optional<AccessToken> fetch() override {
    if (chosen_ != nullptr) return chosen_->fetch();
    std::string reasons;
    for (const Link& link : kLinks) {
      auto candidate = link.make(context_);
      try {
        auto token = candidate->fetch();
        chosen_ = std::move(candidate);
        return token;
      } catch (const NotAvailable& problem) {
        log::debug("No Azure credentials by {}: {}", link.name, problem.reason());
        reasons += fmt::format("{}{} ({})", reasons.empty() ? "" : ", ", link.name, problem.reason());
      }
    }
    throw error(ErrorKind::general,
                "Unable to locate credentials for Azure: tried {}. Set AZURE_STORAGE_CONNECTION_STRING, "
                "AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY, or set up one of these",
                reasons);
  }

  std::string name() const override { return chosen_ == nullptr ? "the default chain" : chosen_->name(); }

 private:
  IdentityContext context_;
  std::unique_ptr<TokenSource> chosen_;
};

}  // namespace

std::unique_ptr<TokenSource> default_source(const IdentityContext& context) {
  return std::make_unique<DefaultSource>(context);
}

}  // namespace tapster
