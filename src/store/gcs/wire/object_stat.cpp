#include "store/gcs/wire/object_stat.h"

#include "text/encoding.h"
#include "text/json_member.h"
#include "text/number.h"
#include "text/time_text.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace tapster {
namespace {

using nlohmann::json;

bool flag(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string crc32c_text(std::uint32_t crc) {
  std::array<std::byte, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(crc >> (24 - 8 * i));
  return base64_encode(bytes);
}

std::optional<std::uint32_t> parse_crc32c(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes || bytes->size() != 4) return std::nullopt;
  std::uint32_t crc = 0;
  for (const std::byte byte : *bytes) crc = (crc << 8U) | std::to_integer<std::uint32_t>(byte);
  return crc;
}

std::optional<std::uint32_t> crc32c_in(const HttpHeaders& headers) {
  constexpr std::string_view kAlgorithm = "crc32c=";
  for (const auto& [name, value] : headers) {
    if (!equals_ignoring_case(name, "x-goog-hash")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(item.size() + 1, rest.size()));
      if (trim(item).starts_with(kAlgorithm)) return parse_crc32c(trim(item).substr(kAlgorithm.size()));
    }
  }
  return std::nullopt;
}

ObjectStat gcs_stat_from_headers(const HttpHeaders& headers) {
  constexpr std::string_view kMetadata = "x-goog-meta-";
  ObjectStat stat;
  for (const auto& [name, value] : headers) {
    const std::string lower = to_lower(name);
    if (lower == "x-goog-generation") {
      stat.etag = value;
    } else if (lower == "content-length") {
      stat.size = parse_decimal<std::uint64_t>(value).value_or(0);
    } else if (lower.starts_with(kMetadata)) {
      stat.metadata.emplace(lower.substr(kMetadata.size()), value);
    }
  }
  stat.crc32c = crc32c_in(headers);
  return stat;
}

ObjectStat gcs_stat_from_resource(const json& resource) {
  ObjectStat stat;
  stat.size = number_member(resource, "size");
  stat.etag = text_of(resource, "generation");
  stat.crc32c = parse_crc32c(text_of(resource, "crc32c"));
  if (const auto metadata = resource.find("metadata"); metadata != resource.end() && metadata->is_object()) {
    for (const auto& [name, value] : metadata->items()) {
      if (value.is_string()) stat.metadata.emplace(name, value.get<std::string>());
    }
  }
  // By the bucket's policy, and by the object's own.
  stat.retain_until = parse_rfc3339(text_of(resource, "retentionExpirationTime"));
  if (const auto own = resource.find("retention"); own != resource.end() && own->is_object()) {
    stat.retain_until = std::max(stat.retain_until, parse_rfc3339(text_of(*own, "retainUntilTime")));
  }
  stat.legal_hold = flag(resource, "temporaryHold") || flag(resource, "eventBasedHold");
  return stat;
}

json json_in(const HttpResponse& response, const std::string& operation) {
  json document = json::parse(response.body, nullptr, false);
  if (!document.is_object()) {
    throw error(ErrorKind::network, "{}: the store's answer is not what was asked for: {:.100}", operation,
                response.body);
  }
  return document;
}

std::uint64_t number_member(const json& object, const char* name) {
  return parse_decimal<std::uint64_t>(text_of(object, name)).value_or(0);
}

}  // namespace tapster
