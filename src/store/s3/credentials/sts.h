// The AWS Security Token Service: the two operations that give a role's credentials (STS API
// Reference, version 2011-06-15).
#pragma once

#include "store/s3/credentials/aws_credential_sources.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapster {

using StsParameters = std::vector<std::pair<std::string, std::string>>;

// Calls the operation and reads the credentials in its answer. Signed when `signer` is given: if
// STS says that those credentials are expired, they are refused and the call is made once more.
// Throws Error.
AwsCredentials call_sts(const CredentialContext& context, const std::string& operation, const StsParameters& parameters,
                        CredentialProvider* signer);

// A name for the session when the user has none: "tapster-SECONDS".
std::string default_session_name(const CredentialContext& context);

}  // namespace tapster
