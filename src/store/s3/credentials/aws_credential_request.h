// What the services that give AWS credentials have in common.
#pragma once

#include "store/cloud/credentials/service_call.h"
#include "store/s3/credentials/aws_credential_sources.h"

#include <string>
#include <string_view>

namespace tapster {

// Names of the members in a JSON document with credentials.
struct CredentialMembers {
  const char* id = "AccessKeyId";
  const char* secret = "SecretAccessKey";
  const char* token = "Token";
  const char* expires = "Expiration";
};

// Reads {"AccessKeyId": ..., "Expiration": "2013-05-24T00:00:00Z"} and its relatives; token and
// expiration may be missing. Throws Error (general), in which `service` stands but nothing of the document.
AwsCredentials parse_credentials(std::string_view json, std::string_view service,
                                 const CredentialMembers& members = {});

// The region for services that have one: option, AWS_DEFAULT_REGION, AWS_REGION, the profile's;
// nothing when none is known.
std::optional<std::string> service_region(const CredentialContext& context);

// Throws Error (general) unless the text can stand in a host name.
const std::string& checked_region(const std::string& region);

}  // namespace tapster
