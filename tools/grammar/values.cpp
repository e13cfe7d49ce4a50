#include "grammar/values.h"

#include "grammar/command_line.h"

#include <tapster/literal.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace tapster {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Locale-free, unlike toupper.
std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Without underscores, which must stand between digits; nullopt where they do not.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return plain;
}

// float(text), finite numbers only.
std::optional<double> parse_float(std::string_view text) {
  const auto plain = without_underscores(strip(text));
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !(is_digit(digits.front()) || digits.front() == '.')) return std::nullopt;
  double value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size()) return std::nullopt;
  if (failure == std::errc::result_out_of_range) return std::nullopt;
  return value;
}

int clamp_to_int(std::int64_t value) {
  return static_cast<int>(
      std::clamp<std::int64_t>(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

std::int64_t integer_of(std::string_view text) {
  if (const auto value = parse_integer(text)) return *value;
  throw BadValue(fmt::format("'{}' is not a valid input", text));
}

}  // namespace

std::string_view strip(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string python_repr(std::string_view text) { return literal_text(text); }

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const auto plain = without_underscores(strip(text));
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure == std::errc::result_out_of_range) value = std::numeric_limits<std::int64_t>::max();
  return negative ? -value : value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kPrefixes = "KMGTPEZY";
  const std::string upper = to_upper(strip(text));
  std::string_view number = upper;
  double base = 1024;
  const bool has_unit = number.ends_with('B');
  if (has_unit) {
    number.remove_suffix(1);
    if (number.ends_with('I')) {
      number.remove_suffix(1);
      base = 1000;
    }
  }
  const std::size_t power = number.empty() ? std::string_view::npos : kPrefixes.find(number.back());
  if (!has_unit || power == std::string_view::npos) {
    const auto value = parse_integer(number);
    if (!value || *value < 1) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
  }
  number.remove_suffix(1);
  const auto value = parse_float(number);
  if (!value) return std::nullopt;
  const double bytes = std::trunc(*value * std::pow(base, static_cast<double>(power + 1)));
  if (bytes < 1) return std::nullopt;
  if (bytes >= std::ldexp(1.0, 64)) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(bytes);
}

Setter integer_setter(std::optional<int>& target) {
  return [&target](std::string_view text) {
    const auto value = parse_integer(text);
    if (!value) throw BadValue("invalid int value: " + python_repr(text));
    target = clamp_to_int(*value);
  };
}

Setter positive_setter(std::optional<std::uint32_t>& target) {
  return [&target](std::string_view text) {
    const std::int64_t value = integer_of(text);
    if (value < 1) throw BadValue(fmt::format("'{}' is not a valid positive integer", text));
    constexpr std::int64_t kLargest = std::numeric_limits<std::uint32_t>::max();
    target = static_cast<std::uint32_t>(std::min(value, kLargest));
  };
}

Setter non_negative_setter(int& target) {
  return [&target](std::string_view text) {
    const std::int64_t value = integer_of(text);
    if (value < 0) throw BadValue(fmt::format("'{}' is not a valid non negative integer", text));
    target = clamp_to_int(value);
  };
}

Setter size_setter(std::uint64_t& target) {
  return [&target](std::string_view text) {
    const auto value = parse_size(text);
    if (!value) throw BadValue(fmt::format("'{}' is not a valid size string", to_upper(text)));
    target = *value;
  };
}

}  // namespace tapster
