// Values of options, read as the original (Python) reads them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// 'text' as Python prints it in error messages: quoted, with escapes.
std::string python_repr(std::string_view text);

std::string_view strip(std::string_view text);  // ASCII blanks at both ends, as str.strip() takes them

// int(text): blanks around, a sign, single underscores between digits; ASCII digits only. Numbers
// beyond 64 bits become the nearest one.
std::optional<std::int64_t> parse_integer(std::string_view text);

// Bytes. "XB" suffixes are powers of 1024 and "XiB" powers of 1000, the wrong way round as in the
// original; fractions need such a suffix and the result is truncated. nullopt for anything else and
// for less than one byte; more than 64 bits become the largest number.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Setters for CommandLine::value, with the original's error texts. The targets are borrowed.
using Setter = std::function<void(std::string_view)>;
Setter integer_setter(std::optional<int>& target);             // clamped to int
Setter positive_setter(std::optional<std::uint32_t>& target);  // clamped to 32 bits
Setter non_negative_setter(int& target);                       // clamped to int
Setter size_setter(std::uint64_t& target);

}  // namespace tapster
