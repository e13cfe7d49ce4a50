#include "catalog/info/literal_number.h"

#include <array>
#include <charconv>
#include <cmath>

namespace tapster {
namespace {

bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }

// The text without its underscores. nullopt: one does not stand between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  const auto separable = [](char character) {
    return is_digit(character) || (character >= 'a' && character <= 'f') || (character >= 'A' && character <= 'F');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      result += text[i];
    } else if (i == 0 || i + 1 == text.size() || !separable(text[i - 1]) || !separable(text[i + 1])) {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<std::int64_t> integer(std::string_view digits, int base) {
  std::int64_t value = 0;
  const auto* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value, base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::string float_text(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  std::array<char, 40> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  std::string out;
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  const auto exponent = parse_int(text.substr(mark + 1)).value_or(0);
  if (exponent < -4 || exponent >= 16) return out.append(text);
  std::string digits(text.substr(0, 1));
  if (mark > 2) digits += text.substr(2, mark - 2);
  if (exponent < 0) return out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return out.append(digits).append(whole - digits.size(), '0').append(".0");
  return out.append(digits, 0, whole).append(".").append(digits, whole);
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  const bool minus = !plus && text.starts_with('-');
  if (text.size() <= (minus ? 1U : 0U) || !is_digit(text[minus ? 1 : 0])) return std::nullopt;
  const auto plain = without_underscores(text);
  return plain ? integer(*plain, 10) : std::nullopt;
}

std::optional<std::variant<std::int64_t, double>> parse_number(std::string_view text) {
  const auto plain = without_underscores(text);
  if (!plain || plain->empty()) return std::nullopt;
  text = *plain;
  const auto based = [&](int base) -> std::optional<std::variant<std::int64_t, double>> {
    if (text.size() < 3 || text[2] == '-') return std::nullopt;
    if (const auto value = integer(text.substr(2), base)) return *value;
    return std::nullopt;
  };
  if (text.starts_with("0x") || text.starts_with("0X")) return based(16);
  if (text.starts_with("0o") || text.starts_with("0O")) return based(8);
  if (text.starts_with("0b") || text.starts_with("0B")) return based(2);
  if (!is_digit(text.front()) && text.front() != '.') return std::nullopt;  // from_chars accepts "inf"
  if (text.find_first_not_of("0123456789") == text.npos) {
    // Python refuses 007 and accepts 000.
    if (text.front() == '0' && text.find_first_not_of('0') != text.npos) return std::nullopt;
    if (const auto value = integer(text, 10)) return *value;
    return std::nullopt;
  }
  double value = 0;
  const auto* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace tapster
