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
// nullopt for anything but padded standard base64 (blanks at the ends excepted).
std::optional<std::vector<std::byte>> base64_decode(std::string_view text);
// RFC 4648 section 5, in which nothing needs escaping in URLs; JSON Web Tokens take it without padding.
std::string base64url_encode(Bytes data, bool padded = false);

// RFC 3986: all but unreserved characters become %XX (upper-case hex).
std::string percent_encode(std::string_view text);
// The same, with '/' kept: for paths.
std::string percent_encode_path(std::string_view text);
// %XX and, when asked (form encoding), '+' as a blank; malformed escapes stay as they are.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);

std::string to_lower(std::string_view text);  // ASCII
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;  // ASCII blanks, tabs, CR, LF

}  // namespace tapster
