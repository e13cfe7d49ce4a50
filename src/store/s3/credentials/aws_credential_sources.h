// The links of the credential chain. Internal to it: its users include aws_credentials.h.
#pragma once

#include "store/s3/credentials/aws_credentials.h"
#include "store/s3/credentials/aws_profile.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// What the links read settings from and send requests with. Each link has a copy; the references outlive all of them.
struct CredentialContext {
  AwsProfile profile;
  const Environment& environment;
  HttpClient& http;
  Clock& clock;
  std::string region;             // given by option; may be empty
  bool web_identity_variables;    // whether AWS_WEB_IDENTITY_TOKEN_FILE and its like count
  std::vector<std::string> seen;  // profiles on the way to this one, by source_profile
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Asks anew, each time. nullopt: there is nothing of the kind here (only the metadata service
  // has to be asked to know). Throws Error.
  virtual std::optional<AwsCredentials> fetch() = 0;
  virtual std::string name() const = 0;  // for people; may be called after the first fetch
};

// Each returns nullptr when nothing is configured that would lead to its kind of credentials,
// and throws Error (general) when something is, but cannot work.
using CredentialLink = std::unique_ptr<CredentialSource> (*)(const CredentialContext& context);

std::unique_ptr<CredentialSource> link_environment(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_assume_role(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_web_identity(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_sso(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_credentials_file(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_process(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_config_file(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_container(const CredentialContext& context);
std::unique_ptr<CredentialSource> link_instance_metadata(const CredentialContext& context);

// Follows the links and renews what they give, as aws_credentials.h promises. `not_found` is the
// whole message for the case that no link leads anywhere.
std::unique_ptr<CredentialProvider> follow_links(std::vector<CredentialLink> links, CredentialContext context,
                                                 std::string not_found);

}  // namespace tapster
