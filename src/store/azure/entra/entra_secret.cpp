// An application that proves itself by a password: AZURE_CLIENT_SECRET.
#include "store/azure/entra/entra.h"

#include <utility>

namespace tapster {
namespace {

class ClientSecretSource final : public TokenSource {
 public:
  explicit ClientSecretSource(IdentityContext context) : context_(std::move(context)) {}

  std::optional<AccessToken> fetch() override {
    const IdentitySettings& settings = context_.settings;
    require_settings(settings, name(), {{"AZURE_CLIENT_SECRET", !settings.client_secret.empty()}});
    return ask_entra(context_, {{"client_secret", settings.client_secret}}, name());
  }

  std::string name() const override {
    return fmt::format("Microsoft Entra ID (client secret of {})", context_.settings.client_id);
  }

 private:
  IdentityContext context_;
};

// Neither is set.
class NoEnvironmentSource final : public TokenSource {
 public:
  explicit NoEnvironmentSource(IdentitySettings settings) : settings_(std::move(settings)) {}

  std::optional<AccessToken> fetch() override {
    if (!settings_.username.empty()) {
      throw NotAvailable(name(),
                         "users (AZURE_USERNAME) cannot sign in without their second factor: use an application");
    }
    require_settings(settings_, name(), {{"AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)", false}});
    return std::nullopt;
  }

  std::string name() const override { return "the environment"; }

 private:
  IdentitySettings settings_;
};

}  // namespace

std::unique_ptr<TokenSource> client_secret_source(const IdentityContext& context) {
  return std::make_unique<ClientSecretSource>(context);
}

std::unique_ptr<TokenSource> environment_source(const IdentityContext& context) {
  if (!context.settings.client_secret.empty()) return client_secret_source(context);
  if (!context.settings.certificate_path.empty()) return client_certificate_source(context);
  return std::make_unique<NoEnvironmentSource>(context.settings);
}

}  // namespace tapster
