// What Google Cloud Storage says of an object: in the headers of a download, and as a JSON resource.
#pragma once

#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// CRC-32C as the service writes it: base64 of its four bytes, the highest first.
std::string crc32c_text(std::uint32_t crc);
std::optional<std::uint32_t> parse_crc32c(std::string_view text);

// Of the whole object, from x-goog-hash: "crc32c=n03x6A==,md5=...", in one header or in several.
std::optional<std::uint32_t> crc32c_in(const HttpHeaders& headers);

// The generation is the entity tag: it names one version of the object, in requests too. The size is what
// Content-Length says.
ObjectStat gcs_stat_from_headers(const HttpHeaders& headers);

// A resource of the JSON API ("Objects"): numbers of 64 bits are texts there.
ObjectStat gcs_stat_from_resource(const nlohmann::json& resource);

// A JSON answer. Throws Error (network) when it is none: whoever answered was not the service.
nlohmann::json json_in(const HttpResponse& response, const std::string& operation);
// A number as the service writes those of 64 bits: a text; 0 when there is no such member.
std::uint64_t number_member(const nlohmann::json& object, const char* name);

}  // namespace tapster
