#include "store/s3/credentials/aws_credentials.h"

#include "store/cloud/credentials/renewal.h"
#include "store/s3/credentials/aws_credential_sources.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <utility>

namespace tapster {
namespace {

class ChainProvider final : public CredentialProvider {
 public:
  ChainProvider(std::vector<CredentialLink> links, CredentialContext context, std::string not_found)
      : links_(std::move(links)),
        context_(std::move(context)),
        not_found_(std::move(not_found)),
        renewal_([this] { return fetch(); }, [this] { return source_->name(); }, context_.clock) {}

  AwsCredentials get() override { return renewal_.get(); }

  void refuse(const AwsCredentials& refused) override {
    renewal_.forget_if([&](const AwsCredentials& current) {
      return current.access_key_id == refused.access_key_id &&
             current.session_token.reveal() == refused.session_token.reveal();
    });
  }

  std::string source() const override { return renewal_.source(); }

 private:
  // The first fetch chooses the source, for good.
  AwsCredentials fetch() {
    if (source_ != nullptr) return renewed();
    for (const CredentialLink link : links_) {
      auto candidate = link(context_);
      if (candidate == nullptr) continue;
      if (auto credentials = candidate->fetch()) {
        source_ = std::move(candidate);
        log::info("Found credentials in {}", source_->name());
        return std::move(*credentials);
      }
    }
    throw Error(ErrorKind::general, not_found_);
  }

  AwsCredentials renewed() {
    auto credentials = source_->fetch();
    if (!credentials) throw error(ErrorKind::general, "There are no longer any credentials in {}", source_->name());
    log::info("Fetched new credentials from {}", source_->name());
    return std::move(*credentials);
  }

  const std::vector<CredentialLink> links_;
  const CredentialContext context_;
  const std::string not_found_;
  std::unique_ptr<CredentialSource> source_;  // chosen under the lock of renewal_
  Renewal<AwsCredentials> renewal_;
};

}  // namespace

std::unique_ptr<CredentialProvider> follow_links(std::vector<CredentialLink> links, CredentialContext context,
                                                 std::string not_found) {
  return std::make_unique<ChainProvider>(std::move(links), std::move(context), std::move(not_found));
}

std::unique_ptr<CredentialProvider> make_credential_provider(const AwsProfile& profile, const Environment& environment,
                                                             HttpClient& http, Clock& clock, std::string region) {
  // A profile that was named on the command line means that one, whatever the environment holds.
  const bool variables = !profile.named_by_option();
  std::vector<CredentialLink> links = {link_assume_role, link_web_identity, link_sso,       link_credentials_file,
                                       link_process,     link_config_file,  link_container, link_instance_metadata};
  if (variables) links.insert(links.begin(), link_environment);
  return follow_links(
      std::move(links), {profile, environment, http, clock, std::move(region), variables, {profile.name()}},
      fmt::format("Unable to locate credentials: looked in {}the profile \"{}\" (role, web identity, SSO, keys, "
                  "credential_process), the container's endpoint and EC2 instance metadata. Set AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY, or name a profile with credentials by --aws-profile or AWS_PROFILE",
                  variables ? "the environment variables, " : "", profile.name()));
}

}  // namespace tapster
