// The format of ~/.aws/config and ~/.aws/credentials ("Configuration and credential file
// settings", AWS CLI User Guide), read as AWS's Python tools read it:
//
//   # a comment, also with ;                [profile NAME]     in the configuration file
//   [default]                               [sso-session NAME]
//   region = eu-west-3                      [services NAME]
//   s3 =                                    [NAME]             in the credentials file
//     addressing_style = path
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tapster {

struct AwsSetting {
  std::string value;                                       // empty when the setting has nested ones
  std::map<std::string, std::string, std::less<>> nested;  // names in lower case
};

using AwsSettings = std::map<std::string, AwsSetting, std::less<>>;  // names in lower case
using AwsSections = std::map<std::string, AwsSettings, std::less<>>;

struct AwsConfigFile {
  enum class Kind { config, credentials };

  AwsSections profiles;
  AwsSections sso_sessions;
  AwsSections services;

  // A section that appears twice is merged, a later setting replaces an earlier one, unknown
  // sections are left out. Throws Error (general) with path and line number.
  static AwsConfigFile parse(std::string_view text, const std::string& path, Kind kind);

  // The file at the path; an empty one when there is none.
  static AwsConfigFile read(const std::string& path, Kind kind);
};

}  // namespace tapster
