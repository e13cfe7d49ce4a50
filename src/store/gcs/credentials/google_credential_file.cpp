#include "store/gcs/credentials/google_credential_file.h"

#include "store/cloud/credentials/service_call.h"
#include "store/cloud/credentials/service_url.h"
#include "text/one_line.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

using nlohmann::json;

bool may_carry_secrets(const std::string& url) {
  constexpr std::string_view kAwsMetadataV6 = "fd00:ec2::254";
  const auto host = host_of(url);
  return host && (url.starts_with("https://") || is_loopback(*host) || is_link_local(*host) || *host == kAwsMetadataV6);
}

}  // namespace

CredentialFile::CredentialFile(std::shared_ptr<const json> document, std::string place)
    : document_(std::move(document)), place_(std::move(place)) {}

CredentialFile CredentialFile::parse(std::string_view text, const std::string& path) {
  json document;
  try {
    document = json::parse(text);
  } catch (const json::parse_error& problem) {
    // Where, and not what: the parser's own message quotes the text.
    throw error(ErrorKind::general, "The credential file {} is no JSON (byte {} is wrong): {}", path, problem.byte,
                "create a new key, or copy it again as a whole");
  }
  if (!document.is_object()) throw error(ErrorKind::general, "The credential file {} is no JSON object", path);
  return {std::make_shared<const json>(std::move(document)), path};
}

void CredentialFile::refuse(std::string_view message) const {
  throw error(ErrorKind::general, "{} in {}", message, place_);
}

const json* CredentialFile::find(const char* member) const {
  const auto found = document_->find(member);
  return found == document_->end() || found->is_null() ? nullptr : &*found;
}

std::string CredentialFile::text(const char* member) const {
  const json* value = find(member);
  if (value == nullptr) return {};
  if (!value->is_string()) refuse(fmt::format("\"{}\" is not a text", member));
  return value->get<std::string>();
}

std::string CredentialFile::required(const char* member) const {
  std::string value = text(member);
  if (value.empty()) refuse(fmt::format("There is no \"{}\"", member));
  return value;
}

Secret CredentialFile::secret(const char* member) const { return Secret(required(member)); }

std::string CredentialFile::url(const char* member, std::string_view fallback) const {
  std::string value = optional_url(member);
  if (!value.empty()) return value;
  return fallback.empty() ? required(member) : std::string(fallback);
}

std::string CredentialFile::optional_url(const char* member) const {
  std::string value = text(member);
  if (!value.empty() && !may_carry_secrets(value)) {
    refuse(
        fmt::format("\"{}\" is {}, where secrets must not be sent: https:// is expected (http:// to a loopback or "
                    "link-local address alone)",
                    member, short_line(value.substr(0, value.find_first_of("?#")))));
  }
  return value;
}

std::optional<std::int64_t> CredentialFile::number(const char* member) const {
  const json* value = find(member);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) refuse(fmt::format("\"{}\" is not a whole number", member));
  return value->get<std::int64_t>();
}

std::optional<CredentialFile> CredentialFile::object(const char* member) const {
  const json* value = find(member);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) refuse(fmt::format("\"{}\" is not an object", member));
  return CredentialFile(std::shared_ptr<const json>(document_, value), fmt::format("\"{}\" of {}", member, place_));
}

std::vector<std::string> CredentialFile::list(const char* member) const {
  const json* value = find(member);
  if (value == nullptr) return {};
  const bool fits =
      value->is_array() && std::all_of(value->begin(), value->end(), [](const json& item) { return item.is_string(); });
  if (!fits) refuse(fmt::format("\"{}\" is not a list of texts", member));
  return value->get<std::vector<std::string>>();
}

std::map<std::string, std::string> CredentialFile::dictionary(const char* member) const {
  const json* value = find(member);
  if (value == nullptr) return {};
  const bool fits = value->is_object() &&
                    std::all_of(value->begin(), value->end(), [](const json& item) { return item.is_string(); });
  if (!fits) refuse(fmt::format("\"{}\" is not an object of texts", member));
  return value->get<std::map<std::string, std::string>>();
}

}  // namespace tapster
