// UTF-8, one character at a time, and never failing: what is not UTF-8 goes through as lone surrogates,
// the way Python does it (surrogateescape).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapster {

// Cuts the first character off the front of `text` (not empty). A byte that begins no character is U+DC00 + byte;
// surrogates written like characters are taken as they are.
char32_t take_character(std::string_view& text) noexcept;

// Whether `text` is well-formed (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// Surrogates are written like characters.
void append_utf8(std::string& text, char32_t character);

}  // namespace tapster
