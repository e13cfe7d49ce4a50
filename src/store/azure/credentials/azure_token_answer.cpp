#include "store/azure/credentials/azure_token_answer.h"

#include "text/json_member.h"
#include "text/number.h"

#include <tapster/error.h>
#include <tapster/zoned_time.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace tapster {
namespace {

using nlohmann::json;

// Seconds, up to a few thousand years.
std::optional<std::chrono::seconds> seconds_of(const json& document, std::string_view member) {
  const auto found = document.find(member);
  if (found == document.end()) return std::nullopt;
  const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
  constexpr std::int64_t kMost = 100'000'000'000;
  const auto seconds = parse_decimal<std::int64_t>(text);
  if (!seconds || *seconds < 0 || *seconds > kMost) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

AccessToken with_token(const json& document, std::string_view member, std::string_view source) {
  std::string token = document.is_object() ? text_of(document, member) : "";
  if (token.empty()) {
    throw error(ErrorKind::general, "Cannot get credentials from {}: there is no token in its answer", source);
  }
  // It becomes a header.
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    throw error(ErrorKind::general, "Cannot get credentials from {}: the token in its answer is malformed", source);
  }
  return {Secret(std::move(token)), std::nullopt};
}

}  // namespace

AccessToken parse_token(std::string_view document, std::string_view source, TimePoint now) {
  const json parsed = json::parse(document, nullptr, false);
  AccessToken token = with_token(parsed, "access_token", source);
  if (const auto moment = seconds_of(parsed, "expires_on")) {
    token.expires = TimePoint(*moment);
  } else if (const auto life = seconds_of(parsed, "expires_in")) {
    token.expires = now + *life;
  }
  return token;
}

AccessToken parse_tool_token(std::string_view document, std::string_view member, std::string_view source) {
  const json parsed = json::parse(document, nullptr, false);
  AccessToken token = with_token(parsed, member, source);
  if (const auto moment = seconds_of(parsed, "expires_on")) {
    token.expires = TimePoint(*moment);
  } else if (const auto moment_text = parse_zoned_time(text_of(parsed, "expiresOn"))) {
    token.expires = moment_text->instant;
  }
  return token;
}

}  // namespace tapster
