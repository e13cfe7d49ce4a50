// A role for a web identity token: EKS IRSA (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE), and
// profiles with web_identity_token_file.
#include "file/text_file.h"
#include "store/s3/credentials/aws_credential_sources.h"
#include "store/s3/credentials/sts.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <utility>

namespace tapster {
namespace {

class WebIdentitySource final : public CredentialSource {
 public:
  WebIdentitySource(CredentialContext context, std::string token_file, std::string role, std::string session)
      : context_(std::move(context)),
        token_file_(std::move(token_file)),
        role_(std::move(role)),
        session_(std::move(session)) {}

  // The token is read each time: whoever mounts it replaces it before it expires.
  std::optional<AwsCredentials> fetch() override {
    const auto text = read_text_file(token_file_);
    if (!text) throw error(ErrorKind::general, "There is no web identity token file {}", token_file_);
    const std::string token(trim(*text));
    if (token.empty()) throw error(ErrorKind::general, "The web identity token file {} is empty", token_file_);
    return call_sts(context_, "AssumeRoleWithWebIdentity",
                    {{"RoleArn", role_}, {"RoleSessionName", session_}, {"WebIdentityToken", token}}, nullptr);
  }

  std::string name() const override {
    return fmt::format("the role {} of the web identity token {}", role_, token_file_);
  }

 private:
  CredentialContext context_;
  std::string token_file_;
  std::string role_;
  std::string session_;
};

}  // namespace

std::unique_ptr<CredentialSource> link_web_identity(const CredentialContext& context) {
  const auto setting = [&](const char* variable, const char* key) {
    auto value = context.web_identity_variables ? context.environment.get(variable) : std::nullopt;
    return value ? value : context.profile.get(key);
  };
  const auto token_file = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (!token_file) return nullptr;
  const auto role = setting("AWS_ROLE_ARN", "role_arn");
  if (!role) {
    throw error(ErrorKind::general,
                "There is a web identity token file, {}, and no role to ask for: set AWS_ROLE_ARN, or role_arn in the "
                "profile \"{}\"",
                *token_file, context.profile.name());
  }
  return std::make_unique<WebIdentitySource>(
      context, expand_home(*token_file, context.environment), *role,
      setting("AWS_ROLE_SESSION_NAME", "role_session_name").value_or(default_session_name(context)));
}

}  // namespace tapster
