// The texts of retention policies.
#include <tapster/retention_policy.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tapster {
namespace {

constexpr std::int64_t kDaysOfWeek = 7;
constexpr std::int64_t kDaysOfMonth = 31;
// A window must end in the year 1 or later, as in the original.
constexpr std::int64_t kMaxDays = 730'000;

// The next word in upper case, cut off the front of `text`; digits and letters are words of their own ("OF5DAYS" is
// none: there the original wants blanks, too).
std::string take_word(std::string_view& text) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
  std::string word(text.substr(begin, end - begin));
  text.remove_prefix(end);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return word;
}

// Digits only.
std::optional<std::int64_t> number(std::string_view word) {
  if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::int64_t days_of(std::string_view unit) {
  if (unit == "DAY" || unit == "DAYS") return 1;
  if (unit == "WEEK" || unit == "WEEKS") return kDaysOfWeek;
  if (unit == "MONTH" || unit == "MONTHS") return kDaysOfMonth;
  return 0;
}

}  // namespace

std::optional<RetentionPolicy> RetentionPolicy::parse(std::string_view text) {
  RetentionPolicy policy;
  const std::string kind = take_word(text);
  if (kind == "REDUNDANCY") {
    const auto count = number(take_word(text));
    if (!count || !take_word(text).empty()) return std::nullopt;
    policy.redundancy = *count;
    return policy;
  }
  if (kind != "RECOVERY" || take_word(text) != "WINDOW" || take_word(text) != "OF") return std::nullopt;
  const auto count = number(take_word(text));
  const std::int64_t unit = days_of(take_word(text));
  if (!count || unit == 0 || !take_word(text).empty() || *count > kMaxDays / unit) return std::nullopt;
  policy.kind = Kind::recovery_window;
  policy.window = std::chrono::days(*count * unit);
  return policy;
}

}  // namespace tapster
