#include "store/azure/wire/blob_headers.h"

#include "text/encoding.h"
#include "text/number.h"
#include "text/time_text.h"

#include <algorithm>

namespace tapster {
namespace {

constexpr std::string_view kMetadata = "x-ms-meta-";

std::string metadata_name(const std::string& name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool fits = !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) {
    throw error(ErrorKind::general,
                "Azure Blob Storage cannot keep metadata of the name '{}': small letters, digits "
                "and dashes are possible",
                name);
  }
  std::string sent = name;
  std::replace(sent.begin(), sent.end(), '-', '_');
  return sent;
}

// A blank is %20, which everybody decodes.
std::string encode_tags(const Tags& tags) {
  std::string text;
  for (const auto& [name, value] : tags) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + "=" + percent_encode(value);
  }
  return text;
}

}  // namespace

HttpHeaders blob_creation_headers(const std::string& encryption_scope, const PutOptions& options) {
  HttpHeaders headers;
  if (!encryption_scope.empty()) headers.emplace_back("x-ms-encryption-scope", encryption_scope);
  // Without the header the new blob has no tags, whatever was there before.
  if (options.tags && !options.tags->empty()) headers.emplace_back("x-ms-tags", encode_tags(*options.tags));
  for (const auto& [name, value] : options.metadata) {
    headers.emplace_back(std::string(kMetadata) + metadata_name(name), value);
  }
  return headers;
}

ObjectStat stat_from_blob_headers(const HttpHeaders& headers) {
  ObjectStat stat;
  for (const auto& [name, value] : headers) {
    const std::string lower = to_lower(name);
    if (lower == "etag") {
      stat.etag = value;
    } else if (lower == "content-length") {
      stat.size = parse_decimal<std::uint64_t>(value).value_or(0);
    } else if (lower.starts_with(kMetadata)) {
      std::string own = lower.substr(kMetadata.size());
      std::replace(own.begin(), own.end(), '_', '-');
      stat.metadata.emplace(std::move(own), value);
    } else if (lower == "x-ms-immutability-policy-until-date") {
      stat.retain_until = parse_http_date(value);
    } else if (lower == "x-ms-legal-hold") {
      stat.legal_hold = equals_ignoring_case(value, "true");
    }
  }
  return stat;
}

}  // namespace tapster
