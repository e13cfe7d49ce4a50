// Decimal numbers in wire formats and settings.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace tapster {

// Digits alone, for signed types after an optional '-'. nullopt for anything else (blanks, '+', an empty text) and for
// what does not fit the type.
template <std::integral Integer>
std::optional<Integer> parse_decimal(std::string_view text) noexcept {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace tapster
