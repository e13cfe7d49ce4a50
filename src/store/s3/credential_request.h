// What the services that give credentials have in common.
#pragma once

#include "store/s3/credential_source.h"

#include <tapster/http_client.h>

#include <string>
#include <string_view>

namespace tapster {

struct Patience {
  int attempts = 3;
  Duration pause{500};  // doubled after each attempt
};

// Sends until an answer comes that another attempt would not change. `transient` says of which
// answers that is not true. The last answer is returned, whatever it is; no answer at all is a
// TransportError whose message names the `service`.
HttpResponse ask(const CredentialContext& context, const HttpRequest& request, std::string_view service,
                 const Patience& patience, bool (*transient)(const HttpResponse& response));

// 429 and 5xx.
bool is_transient(const HttpResponse& response);

// An Error for an answer that brought no credentials: network if it was transient to the end, else general.
Error refusal(const HttpResponse& response, std::string_view service, std::string_view reason);

// What the body of a failed answer says, in one short line: the code and message of a JSON
// error, or the text itself.
std::string reason_in(const HttpResponse& response);

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
