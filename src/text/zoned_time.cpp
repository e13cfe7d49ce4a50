#include "text/encoding.h"
#include "text/time_text.h"

#include <tapster/zoned_time.h>

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace tapster {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using LocalMicroseconds = std::chrono::local_time<microseconds>;

constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Date and time of day in the zone.
struct Fields {
  explicit Fields(const ZonedTime& time)
      : local((time.instant + time.offset).time_since_epoch()),
        day(std::chrono::floor<days>(local)),
        date(day),
        clock(local - day) {}
  LocalMicroseconds local;
  std::chrono::local_days day;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<microseconds> clock;
};

std::string format_time(const ZonedTime& time, char between) {
  const Fields fields(time);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", static_cast<int>(fields.date.year()),
                  static_cast<unsigned>(fields.date.month()), static_cast<unsigned>(fields.date.day()), between,
                  fields.clock.hours().count(), fields.clock.minutes().count(), fields.clock.seconds().count());
  if (const auto fraction = fields.clock.subseconds().count(); fraction != 0) text += fmt::format(".{:06}", fraction);
  const std::chrono::hh_mm_ss<seconds> offset(time.offset);
  text +=
      fmt::format("{}{:02}:{:02}", offset.is_negative() ? '-' : '+', offset.hours().count(), offset.minutes().count());
  if (offset.seconds().count() != 0) text += fmt::format(":{:02}", offset.seconds().count());
  return text;
}

// Reads a text from its front. Each function removes what it has read.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool skip(std::string_view text) {
    if (!equals_ignoring_case(rest_.substr(0, text.size()), text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool skip_blanks() {
    const std::size_t before = rest_.size();
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return rest_.size() != before;
  }
  bool at_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  bool at_end() const { return rest_.empty(); }

  std::optional<int> number(std::size_t digits) { return read_digits(rest_, digits); }

  // The digits after a decimal point.
  std::optional<microseconds> fraction() {
    if (!at_digit()) return std::nullopt;
    int value = 0;
    int missing = 6;
    for (; at_digit(); rest_.remove_prefix(1)) {
      if (missing == 0) continue;
      value = value * 10 + (rest_.front() - '0');
      --missing;
    }
    for (; missing > 0; --missing) value *= 10;
    return microseconds(value);
  }

  // hh:mm[:ss[.f...]]
  std::optional<microseconds> time_of_day() {
    const auto hour = number(2);
    if (!hour || !skip(":")) return std::nullopt;
    const auto minute = number(2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    microseconds result = hours(*hour) + minutes(*minute);
    if (!skip(":")) return result;
    const auto second = number(2);
    if (!second || *second > 59) return std::nullopt;
    result += seconds(*second);
    if (!skip(".")) return result;
    const auto rest = fraction();
    if (!rest) return std::nullopt;
    return result + *rest;
  }

  // +hh, +hhmm, +hh:mm, +hh:mm:ss
  std::optional<seconds> offset() {
    const bool west = skip("-");
    if (!west && !skip("+")) return std::nullopt;
    const auto hour = number(2);
    if (!hour || *hour > 23) return std::nullopt;
    seconds result = hours(*hour);
    const bool colon = skip(":");
    if (colon || at_digit()) {
      const auto minute = number(2);
      if (!minute || *minute > 59) return std::nullopt;
      result += minutes(*minute);
    }
    if (colon && skip(":")) {
      const auto second = number(2);
      if (!second || *second > 59) return std::nullopt;
      result += seconds(*second);
    }
    return west ? -result : result;
  }

 private:
  std::string_view rest_;
};

std::optional<LocalMicroseconds> at(int year, int month, int day, microseconds time_of_day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1) return std::nullopt;
  return std::chrono::local_days(date) + time_of_day;
}

ZonedTime in_zone(LocalMicroseconds local, seconds offset) {
  return {std::chrono::sys_time<microseconds>(local.time_since_epoch()) - offset, offset};
}

// When daylight saving time ends, an hour exists twice: the first is meant. When it begins, an hour is missing: times
// in it get the offset from before.
ZonedTime in_local_zone(LocalMicroseconds local) {
  const sys_seconds rough(std::chrono::floor<seconds>(local.time_since_epoch()));
  for (const seconds offset : {local_offset(rough - days(1)), local_offset(rough + days(1))}) {
    if (local_offset(rough - offset) == offset) return in_zone(local, offset);
  }
  return in_zone(local, local_offset(rough - days(1)));
}

// Reads the zone after date and time, if there is one.
std::optional<ZonedTime> with_zone(Scanner& scanner, LocalMicroseconds local) {
  if (scanner.at_end()) return in_local_zone(local);
  if (scanner.skip("UTC") || scanner.skip("GMT") || scanner.skip("Z")) {
    return scanner.at_end() ? std::optional(in_zone(local, seconds(0))) : std::nullopt;
  }
  const auto offset = scanner.offset();
  if (!offset || !scanner.at_end()) return std::nullopt;
  return in_zone(local, *offset);
}

}  // namespace

seconds local_offset(sys_seconds instant) {
  const std::time_t time = instant.time_since_epoch().count();
  std::tm parts{};
  ::tzset();
  if (::localtime_r(&time, &parts) == nullptr) return seconds(0);
  return seconds(parts.tm_gmtoff);
}

std::string to_text(const ZonedTime& time) { return format_time(time, ' '); }

std::string to_iso(const ZonedTime& time) { return format_time(time, 'T'); }

std::string to_ctime(const ZonedTime& time) {
  const Fields fields(time);
  return fmt::format("{} {} {:>2} {:02}:{:02}:{:02} {:04}", kWeekdays.at(std::chrono::weekday(fields.day).c_encoding()),
                     kMonths.at(static_cast<unsigned>(fields.date.month()) - 1),
                     static_cast<unsigned>(fields.date.day()), fields.clock.hours().count(),
                     fields.clock.minutes().count(), fields.clock.seconds().count(),
                     static_cast<int>(fields.date.year()));
}

std::string to_seconds_text(const ZonedTime& time) { return format_time(time, ' ').substr(0, 19); }

std::optional<ZonedTime> parse_zoned_time(std::string_view text) {
  Scanner scanner(text);
  const auto year = scanner.number(4);
  if (!year || !scanner.skip("-")) return std::nullopt;
  const auto month = scanner.number(2);
  if (!month || !scanner.skip("-")) return std::nullopt;
  const auto day = scanner.number(2);
  if (!day) return std::nullopt;
  std::optional<microseconds> time_of_day(microseconds(0));
  if (!scanner.at_end()) {
    if (!scanner.skip("T") && !scanner.skip_blanks()) return std::nullopt;
    time_of_day = scanner.time_of_day();
    scanner.skip_blanks();
  }
  if (!time_of_day) return std::nullopt;
  const auto local = at(*year, *month, *day, *time_of_day);
  return local ? with_zone(scanner, *local) : std::nullopt;
}

std::optional<ZonedTime> parse_ctime(std::string_view text) {
  Scanner scanner(text);
  std::size_t found = 0;
  while (found < kWeekdays.size() && !scanner.skip(kWeekdays.at(found))) ++found;
  if (found == kWeekdays.size() || !scanner.skip_blanks()) return std::nullopt;
  std::size_t month = 0;
  while (month < kMonths.size() && !scanner.skip(kMonths.at(month))) ++month;
  if (month == kMonths.size() || !scanner.skip_blanks()) return std::nullopt;
  int day = scanner.number(1).value_or(0);
  if (scanner.at_digit()) day = day * 10 + scanner.number(1).value_or(0);
  if (!scanner.skip_blanks()) return std::nullopt;
  const auto time_of_day = scanner.time_of_day();
  if (!time_of_day || !scanner.skip_blanks()) return std::nullopt;
  const auto year = scanner.number(4);
  if (!year || !scanner.at_end()) return std::nullopt;
  const auto local = at(*year, static_cast<int>(month) + 1, day, *time_of_day);
  if (!local) return std::nullopt;
  return in_local_zone(*local);
}

}  // namespace tapster
