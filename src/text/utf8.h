// UTF-8, one character at a time. Bytes that are not UTF-8 are no error: each becomes a lone surrogate, as in Python
// (surrogateescape).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapster {

// Removes the first character of `text` (not empty) and returns it. A byte that begins no character is U+DC00 + byte.
// A surrogate that is encoded like a character is returned as it is.
char32_t take_character(std::string_view& text) noexcept;

// Whether `text` is well-formed (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// Appends the encoding of a character; surrogates are encoded like characters.
void append_utf8(std::string& text, char32_t character);

}  // namespace tapster
