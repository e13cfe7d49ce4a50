#include "text/time_text.h"

#include "text/number.h"

#include <fmt/format.h>

#include <array>

namespace tapster {
namespace {

using std::chrono::sys_days;

bool skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<TimePoint> assemble(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return TimePoint(sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

std::optional<int> read_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits || text.front() == '-') return std::nullopt;
  const auto value = parse_decimal<int>(text.substr(0, digits));
  if (value) text.remove_prefix(digits);
  return value;
}

std::string amz_timestamp(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string http_date(TimePoint time) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(day).c_encoding()),
                     static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  const auto year = read_digits(text, 4);
  if (!year || !skip(text, "-")) return std::nullopt;
  const auto month = read_digits(text, 2);
  if (!month || !skip(text, "-")) return std::nullopt;
  const auto day = read_digits(text, 2);
  if (!day || !(skip(text, "T") || skip(text, "t") || skip(text, " "))) return std::nullopt;
  const auto hour = read_digits(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  const auto minute = read_digits(text, 2);
  if (!minute || !skip(text, ":")) return std::nullopt;
  const auto second = read_digits(text, 2);
  if (!second) return std::nullopt;
  if (skip(text, ".")) {
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
  }
  auto time = assemble(*year, *month, *day, *hour, *minute, *second);
  if (!time) return std::nullopt;
  if (text == "Z" || text == "z" || text == "UTC") return time;  // old versions of the AWS CLI write "UTC"
  const bool east = skip(text, "+");
  if (!east && !skip(text, "-")) return std::nullopt;
  const auto zone_hours = read_digits(text, 2);
  skip(text, ":");
  const auto zone_minutes = read_digits(text, 2);
  if (!zone_hours || !zone_minutes || !text.empty()) return std::nullopt;
  const auto offset = std::chrono::hours(*zone_hours) + std::chrono::minutes(*zone_minutes);
  return east ? *time - offset : *time + offset;
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  text.remove_prefix(comma + 2);
  const auto day = read_digits(text, 2);
  if (!day || !skip(text, " ")) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.starts_with(kMonths[i])) month = static_cast<int>(i) + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!skip(text, " ")) return std::nullopt;
  const auto year = read_digits(text, 4);
  if (!year || !skip(text, " ")) return std::nullopt;
  const auto hour = read_digits(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  const auto minute = read_digits(text, 2);
  if (!minute || !skip(text, ":")) return std::nullopt;
  const auto second = read_digits(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return assemble(*year, month, *day, *hour, *minute, *second);
}

}  // namespace tapster
