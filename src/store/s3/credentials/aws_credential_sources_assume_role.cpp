// A profile with role_arn, and source_profile or credential_source: whose keys ask for the role.
#include "store/s3/credentials/aws_credential_sources.h"
#include "store/s3/credentials/sts.h"
#include "text/encoding.h"
#include "text/number.h"

#include <tapster/error.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

class AssumeRoleSource final : public CredentialSource {
 public:
  AssumeRoleSource(CredentialContext context, StsParameters parameters, std::unique_ptr<CredentialProvider> signer,
                   std::string role)
      : context_(std::move(context)),
        parameters_(std::move(parameters)),
        signer_(std::move(signer)),
        role_(std::move(role)) {}

  std::optional<AwsCredentials> fetch() override {
    return call_sts(context_, "AssumeRole", parameters_, signer_.get());
  }

  std::string name() const override {
    return fmt::format("the role {} of profile \"{}\", assumed with credentials from {}", role_,
                       context_.profile.name(), signer_->source());
  }

 private:
  CredentialContext context_;
  StsParameters parameters_;
  std::unique_ptr<CredentialProvider> signer_;
  std::string role_;
};

bool has_keys(const AwsProfile& profile) {
  return profile.get("aws_access_key_id") || profile.get("aws_secret_access_key");
}

// A profile with a token file asks for its role with the token instead.
bool has_role(const AwsProfile& profile) { return profile.get("role_arn") && !profile.get("web_identity_token_file"); }

std::unique_ptr<CredentialProvider> signer_from_source(const CredentialContext& context, const std::string& source) {
  CredentialLink link = nullptr;
  if (equals_ignoring_case(source, "Environment")) link = link_environment;
  if (equals_ignoring_case(source, "EcsContainer")) link = link_container;
  if (equals_ignoring_case(source, "Ec2InstanceMetadata")) link = link_instance_metadata;
  if (link == nullptr) {
    throw error(
        ErrorKind::general,
        "The profile \"{}\" has credential_source = {}; known are Environment, Ec2InstanceMetadata, EcsContainer",
        context.profile.name(), source);
  }
  return follow_links({link}, context,
                      fmt::format("There are no credentials in the credential_source {} of the profile \"{}\"", source,
                                  context.profile.name()));
}

std::unique_ptr<CredentialProvider> signer_from_profile(const CredentialContext& context, const std::string& source) {
  CredentialContext next = context;
  next.profile = context.profile.sibling(source);
  next.web_identity_variables = false;
  if (!next.profile.exists()) {
    throw error(ErrorKind::general, "The source_profile \"{}\" of the profile \"{}\" does not exist", source,
                context.profile.name());
  }
  // A profile may name itself when it has keys: those ask for its own role.
  const bool itself = source == context.profile.name() && has_keys(next.profile);
  if (!itself && std::find(context.seen.begin(), context.seen.end(), source) != context.seen.end()) {
    throw error(ErrorKind::general, "The source_profile settings go round in a circle: {} -> {}",
                fmt::join(context.seen, " -> "), source);
  }
  next.seen.push_back(source);
  std::string not_found =
      fmt::format("The source_profile \"{}\" of the profile \"{}\" has no credentials", source, context.profile.name());
  if (has_role(next.profile) && !has_keys(next.profile)) {
    return follow_links({link_assume_role}, std::move(next), std::move(not_found));
  }
  return follow_links({link_web_identity, link_sso, link_credentials_file, link_process, link_config_file},
                      std::move(next), std::move(not_found));
}

std::string duration_of(const CredentialContext& context, const std::string& text) {
  if (parse_decimal<int>(text).value_or(0) <= 0) {
    throw error(ErrorKind::general, "The profile \"{}\" has duration_seconds = {}, which is no number of seconds",
                context.profile.name(), text);
  }
  return text;
}

}  // namespace

std::unique_ptr<CredentialSource> link_assume_role(const CredentialContext& context) {
  const AwsProfile& profile = context.profile;
  if (!has_role(profile)) return nullptr;
  const std::string role = profile.get("role_arn").value();
  if (const auto device = profile.get("mfa_serial")) {
    throw error(ErrorKind::general,
                "The profile \"{}\" wants a code of the MFA device {}: nobody is there to type it; use a role without "
                "mfa_serial",
                profile.name(), *device);
  }
  const auto source_profile = profile.get("source_profile");
  const auto credential_source = profile.get("credential_source");
  if (source_profile.has_value() == credential_source.has_value()) {
    throw error(ErrorKind::general, "The profile \"{}\" has role_arn and {} source_profile {} credential_source: {}",
                profile.name(), source_profile ? "both" : "neither", source_profile ? "and" : "nor",
                source_profile ? "remove one" : "one must say whose keys ask for the role");
  }
  StsParameters parameters = {
      {"RoleArn", role}, {"RoleSessionName", profile.get("role_session_name").value_or(default_session_name(context))}};
  if (const auto id = profile.get("external_id")) parameters.emplace_back("ExternalId", *id);
  if (const auto text = profile.get("duration_seconds")) {
    parameters.emplace_back("DurationSeconds", duration_of(context, *text));
  }
  auto signer =
      source_profile ? signer_from_profile(context, *source_profile) : signer_from_source(context, *credential_source);
  return std::make_unique<AssumeRoleSource>(context, std::move(parameters), std::move(signer), role);
}

}  // namespace tapster
