#include "store/s3/credential_request.h"

#include "base/encoding.h"
#include "base/time_text.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace tapster {
namespace {

using nlohmann::json;

std::string text_of(const json& document, const char* member) {
  const auto found = document.find(member);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kLimit = 300;
  std::string line(trim(text).substr(0, kLimit));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

}  // namespace

bool is_transient(const HttpResponse& response) { return response.status == 429 || response.status >= 500; }

HttpResponse ask(const CredentialContext& context, const HttpRequest& request, std::string_view service,
                 const Patience& patience, bool (*transient)(const HttpResponse& response)) {
  Duration pause = patience.pause;
  for (int attempt = 1;; ++attempt) {
    const bool last = attempt >= patience.attempts;
    try {
      if (request.body != nullptr) request.body->rewind();
      HttpResponse response = context.http.perform(request);
      if (last || !transient(response)) return response;
      log::debug("{} answered with status {}, attempt {}", service, response.status, attempt);
    } catch (const TransportError& problem) {
      if (last || !problem.retryable()) {
        throw TransportError(problem.stage(), problem.retryable(),
                             fmt::format("Cannot get credentials from {}: {}", service, problem.what()));
      }
      log::debug("No answer from {}, attempt {}: {}", service, attempt, problem.what());
    }
    context.clock.sleep(pause);
    pause *= 2;
  }
}

Error refusal(const HttpResponse& response, std::string_view service, std::string_view reason) {
  return error(is_transient(response) ? ErrorKind::network : ErrorKind::general,
               "Cannot get credentials from {}: status {}{}{}", service, response.status, reason.empty() ? "" : ", ",
               reason);
}

std::string reason_in(const HttpResponse& response) {
  const json document = json::parse(response.body, nullptr, false);
  if (!document.is_object()) return one_line(response.body);
  std::string reason;
  for (const char* member :
       {"Code", "code", "__type", "error", "Message", "message", "error_description", "errorMessage"}) {
    const std::string text = text_of(document, member);
    if (!text.empty()) reason += (reason.empty() ? "" : ": ") + text;
  }
  return one_line(reason);
}

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
                one_line(expires->dump(-1, ' ', false, json::error_handler_t::replace)));
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
  if (!fits) throw error(ErrorKind::general, "\"{}\" is not the name of an AWS region", one_line(region));
  return region;
}

}  // namespace tapster
