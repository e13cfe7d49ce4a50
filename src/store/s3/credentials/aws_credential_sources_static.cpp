// Keys in environment variables and in the two files of the profile.
#include "store/s3/credentials/aws_credential_sources.h"
#include "text/time_text.h"

#include <tapster/error.h>

#include <utility>

namespace tapster {
namespace {

class StaticSource final : public CredentialSource {
 public:
  StaticSource(AwsCredentials credentials, std::string name)
      : credentials_(std::move(credentials)), name_(std::move(name)) {}
  std::optional<AwsCredentials> fetch() override { return credentials_; }
  std::string name() const override { return name_; }

 private:
  AwsCredentials credentials_;
  std::string name_;
};

std::unique_ptr<CredentialSource> keys_in(const CredentialContext& context, AwsProfile::File file, const char* kind) {
  const AwsProfile& profile = context.profile;
  const auto id = profile.get_from(file, "aws_access_key_id");
  if (!id) return nullptr;
  const std::string place = fmt::format("the {} {} (profile \"{}\")", kind, profile.path_of(file), profile.name());
  auto secret = profile.get_from(file, "aws_secret_access_key");
  if (!secret) {
    throw error(ErrorKind::general, "Partial credentials in {}: aws_access_key_id without aws_secret_access_key",
                place);
  }
  auto token = profile.get_from(file, "aws_security_token");
  if (!token) token = profile.get_from(file, "aws_session_token");
  return std::make_unique<StaticSource>(AwsCredentials{*id, Secret(std::move(*secret)), Secret(token.value_or("")), {}},
                                        place);
}

}  // namespace

std::unique_ptr<CredentialSource> link_environment(const CredentialContext& context) {
  const Environment& environment = context.environment;
  const auto id = environment.get("AWS_ACCESS_KEY_ID");
  if (!id) return nullptr;
  auto secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (!secret) {
    throw error(ErrorKind::general,
                "Partial credentials in the environment: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
  }
  auto token = environment.get("AWS_SECURITY_TOKEN");
  if (!token) token = environment.get("AWS_SESSION_TOKEN");
  AwsCredentials credentials{*id, Secret(std::move(*secret)), Secret(token.value_or("")), {}};
  if (const auto expires = environment.get("AWS_CREDENTIAL_EXPIRATION")) {
    credentials.expires = parse_rfc3339(*expires);
    if (!credentials.expires) {
      throw error(ErrorKind::general,
                  "AWS_CREDENTIAL_EXPIRATION is \"{}\", which is no time of the form 2013-05-24T00:00:00Z", *expires);
    }
  }
  return std::make_unique<StaticSource>(std::move(credentials), "environment variables");
}

std::unique_ptr<CredentialSource> link_credentials_file(const CredentialContext& context) {
  return keys_in(context, AwsProfile::File::credentials, "shared credentials file");
}

std::unique_ptr<CredentialSource> link_config_file(const CredentialContext& context) {
  return keys_in(context, AwsProfile::File::config, "configuration file");
}

}  // namespace tapster
