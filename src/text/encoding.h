// Text encodings of wire formats.
#pragma once

#include <tapster/byte_sink.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

std::string hex_encode(Bytes data);  // lower case

std::string base64_encode(Bytes data);  // RFC 4648 section 4, padded
// Standard base64 with padding; white space before and after it is ignored. nullopt for anything else.
std::optional<std::vector<std::byte>> base64_decode(std::string_view text);
// RFC 4648 section 5: needs no escaping in URLs. JSON Web Tokens use it without padding.
std::string base64url_encode(Bytes data, bool padded = false);

// RFC 3986: every byte that is not an unreserved character becomes %XX (upper-case hex).
std::string percent_encode(std::string_view text);
// The same for paths: '/' stays.
std::string percent_encode_path(std::string_view text);
// Decodes %XX; with `plus_is_blank` (form encoding) also '+'. Malformed escapes stay as they are.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);

std::string to_lower(std::string_view text);  // ASCII
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;  // without spaces, tabs, CR and LF at both ends

}  // namespace tapster
