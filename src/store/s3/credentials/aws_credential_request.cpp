#include "store/s3/credentials/aws_credential_request.h"

#include "text/json_member.h"
#include "text/one_line.h"
#include "text/time_text.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tapster {
namespace {

using nlohmann::json;

}  // namespace

AwsCredentials parse_credentials(std::string_view text, std::string_view service, const CredentialMembers& members) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    throw error(ErrorKind::general, "The answer of {} is not a JSON object with credentials", service);
  }
  AwsCredentials credentials{text_of(document, members.id),
                             Secret(text_of(document, members.secret)),
                             Secret(text_of(document, members.token)),
                             {}};
  for (const char* member : {members.id, members.secret}) {
    if (text_of(document, member).empty()) {
      throw error(ErrorKind::general, "The answer of {} has no {}", service, member);
    }
  }
  const auto expires = document.find(members.expires);
  if (expires == document.end() || expires->is_null()) return credentials;
  if (expires->is_number_integer()) {  // the SSO portal counts milliseconds
    credentials.expires = TimePoint(std::chrono::milliseconds(expires->get<std::int64_t>()));
  } else if (expires->is_string()) {
    credentials.expires = parse_rfc3339(expires->get<std::string>());
  }
  if (!credentials.expires) {
    throw error(ErrorKind::general, "The answer of {} has an {} that is no time: {}", service, members.expires,
                short_line(expires->dump(-1, ' ', false, json::error_handler_t::replace)));
  }
  return credentials;
}

std::optional<std::string> service_region(const CredentialContext& context) {
  if (!context.region.empty()) return context.region;
  for (const char* variable : {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
    if (auto region = context.environment.get(variable)) return region;
  }
  return context.profile.get("region");
}

const std::string& checked_region(const std::string& region) {
  const bool fits = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) throw error(ErrorKind::general, "\"{}\" is not the name of an AWS region", short_line(region));
  return region;
}

}  // namespace tapster
