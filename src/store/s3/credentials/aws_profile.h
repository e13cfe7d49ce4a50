// The AWS profile in force, and its settings.
#pragma once

#include "store/s3/credentials/aws_config_file.h"

#include <tapster/environment.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// Cheap to copy; copies share the files. May be used from several threads.
//
// The files (AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else config and credentials in
// ~/.aws) are read when the first setting is asked for. From then on every method but name() and named_by_option() may
// throw Error (general): a malformed or unreadable file, or a profile that was named (by option or environment) and is
// in neither file.
class AwsProfile {
 public:
  // `name` is that of the option; if it is empty, AWS_DEFAULT_PROFILE, AWS_PROFILE, and "default" follow.
  // The environment is borrowed.
  AwsProfile(std::string name, const Environment& environment);

  const std::string& name() const noexcept { return name_; }
  bool named_by_option() const noexcept { return named_by_option_; }

  // A setting; those of the credentials file win over those of the configuration file. Names
  // are in lower case. An empty value counts as absent.
  std::optional<std::string> get(std::string_view key) const;
  // A setting below another one: get_nested("s3", "addressing_style").
  std::optional<std::string> get_nested(std::string_view group, std::string_view key) const;
  // A setting of a service in the [services] section that the profile names: get_service("s3", "endpoint_url").
  std::optional<std::string> get_service(std::string_view service, std::string_view key) const;

  // For the credential chain, which asks of one file or of other sections.
  enum class File { config, credentials };
  std::optional<std::string> get_from(File file, std::string_view key) const;
  std::optional<std::string> get_sso_session(std::string_view session, std::string_view key) const;
  bool has_sso_session(std::string_view session) const;
  std::string path_of(File file) const;

  // Another profile of the same files.
  AwsProfile sibling(std::string name) const;
  bool exists() const;

 private:
  struct Files;
  const Files& files() const;  // read, and the profile is there if it has to be

  std::string name_;
  bool named_by_option_ = false;
  bool must_exist_ = false;
  std::shared_ptr<Files> files_;
};

// The endpoint that the user configured for a service ("s3", "sts", "sso-oidc"):
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's services section, its endpoint_url.
// Nothing when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS (or the profile's setting) is true.
std::optional<std::string> configured_endpoint(const AwsProfile& profile, const Environment& environment,
                                               std::string_view service);

}  // namespace tapster
