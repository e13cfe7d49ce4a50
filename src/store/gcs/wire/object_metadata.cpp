#include "store/gcs/wire/object_metadata.h"

#include "text/encoding.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tapster {
namespace {

// RFC 9110 section 5.6.2, in lower case.
bool is_token_character(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
}

}  // namespace

Metadata gcs_metadata(const PutOptions& options) {
  Metadata metadata = options.metadata;
  if (options.tags) {
    for (const auto& [name, value] : *options.tags) metadata.emplace(name, value);
  }
  return metadata;
}

bool fits_header(std::string_view name, std::string_view value) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_character) && !value.empty() &&
         trim(value) == value && std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string insert_document(const Metadata& metadata, const std::string& crc32c) {
  nlohmann::json resource = nlohmann::json::object();
  if (!metadata.empty()) resource["metadata"] = metadata;
  if (!crc32c.empty()) resource["crc32c"] = crc32c;
  // Should a tag not be UTF-8, its bytes are replaced: better that than no backup.
  return resource.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tapster
