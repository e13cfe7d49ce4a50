#include "text/time_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace tapster {
namespace {

using std::chrono::sys_days;

// Cuts a number of exactly `digits` digits off the front of `text`.
std::optional<int> number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
  if (problem != std::errc() || end != text.data() + digits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool literal(std::string_view& text, std::string_view expected) {
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
  const auto year = number(text, 4);
  if (!year || !literal(text, "-")) return std::nullopt;
  const auto month = number(text, 2);
  if (!month || !literal(text, "-")) return std::nullopt;
  const auto day = number(text, 2);
  if (!day || !(literal(text, "T") || literal(text, "t") || literal(text, " "))) return std::nullopt;
  const auto hour = number(text, 2);
  if (!hour || !literal(text, ":")) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || !literal(text, ":")) return std::nullopt;
  const auto second = number(text, 2);
  if (!second) return std::nullopt;
  if (literal(text, ".")) {
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
  }
  auto time = assemble(*year, *month, *day, *hour, *minute, *second);
  if (!time) return std::nullopt;
  if (text == "Z" || text == "z" || text == "UTC") return time;  // "UTC": the AWS CLI's SSO cache, once
  const bool east = literal(text, "+");
  if (!east && !literal(text, "-")) return std::nullopt;
  const auto zone_hours = number(text, 2);
  literal(text, ":");
  const auto zone_minutes = number(text, 2);
  if (!zone_hours || !zone_minutes || !text.empty()) return std::nullopt;
  const auto offset = std::chrono::hours(*zone_hours) + std::chrono::minutes(*zone_minutes);
  return east ? *time - offset : *time + offset;
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  text.remove_prefix(comma + 2);
  const auto day = number(text, 2);
  if (!day || !literal(text, " ")) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.starts_with(kMonths[i])) month = static_cast<int>(i) + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!literal(text, " ")) return std::nullopt;
  const auto year = number(text, 4);
  if (!year || !literal(text, " ")) return std::nullopt;
  const auto hour = number(text, 2);
  if (!hour || !literal(text, ":")) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || !literal(text, ":")) return std::nullopt;
  const auto second = number(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return assemble(*year, month, *day, *hour, *minute, *second);
}

}  // namespace tapster
