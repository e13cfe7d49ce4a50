#include <tapster/retention_policy.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tapster {
namespace {

constexpr std::int64_t kDaysOfWeek = 7;
constexpr std::int64_t kDaysOfMonth = 31;
// As in the original, a window must not reach back beyond the year 1.
constexpr std::int64_t kMaxDays = 730'000;

// Removes the next word from the front of `text` and returns it in upper case. Only blanks separate words, as in the
// original: "5DAYS" is one word.
std::string next_word(std::string_view& text) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
  std::string word(text.substr(begin, end - begin));
  text.remove_prefix(end);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return word;
}

// Digits only; nullopt: anything else, or a number beyond 64 bits.
std::optional<std::int64_t> parse_count(std::string_view word) {
  if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// 0: not a unit.
std::int64_t days_of(std::string_view unit) {
  if (unit == "DAY" || unit == "DAYS") return 1;
  if (unit == "WEEK" || unit == "WEEKS") return kDaysOfWeek;
  if (unit == "MONTH" || unit == "MONTHS") return kDaysOfMonth;
  return 0;
}

}  // namespace

std::optional<RetentionPolicy> RetentionPolicy::parse(std::string_view text) {
  RetentionPolicy policy;
  const std::string kind = next_word(text);
  if (kind == "REDUNDANCY") {
    const auto count = parse_count(next_word(text));
    if (!count || !next_word(text).empty()) return std::nullopt;
    policy.redundancy = *count;
    return policy;
  }
  if (kind != "RECOVERY" || next_word(text) != "WINDOW" || next_word(text) != "OF") return std::nullopt;
  const auto count = parse_count(next_word(text));
  const std::int64_t unit = days_of(next_word(text));
  if (!count || unit == 0 || !next_word(text).empty() || *count > kMaxDays / unit) return std::nullopt;
  policy.kind = Kind::recovery_window;
  policy.window = std::chrono::days(*count * unit);
  return policy;
}

}  // namespace tapster
