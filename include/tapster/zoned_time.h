// Times as PostgreSQL and backup.info write them: microseconds, with the offset of a time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

struct ZonedTime {
  std::chrono::sys_time<std::chrono::microseconds> instant;  // UTC
  std::chrono::seconds offset{0};  // of the zone in which it is written; positive to the east of UTC

  bool operator==(const ZonedTime&) const = default;
};

// The offset of the process's time zone (TZ) at that time.
std::chrono::seconds local_offset(std::chrono::sys_seconds instant);

// "2026-11-20 09:33:16.582796+00:00"; without the fraction when it is 0, and without the offset's seconds when they are
// 0.
std::string to_text(const ZonedTime& time);
std::string to_iso(const ZonedTime& time);           // the same with a T between date and time (RFC 3339)
std::string to_ctime(const ZonedTime& time);         // "Fri Nov 20 09:33:16 2026", "Mon Jan  1 ...": in its own zone
std::string to_seconds_text(const ZonedTime& time);  // "2026-11-20 09:33:16": in its own zone

// ISO 8601 as PostgreSQL and operators write it: YYYY-MM-DD, then optionally a T or blanks and
// hh:mm[:ss[.f...]], then optionally Z, UTC, GMT or an offset (+hh, +hhmm, +hh:mm, +hh:mm:ss). A date alone means its
// midnight and has no zone. A time without a zone is local time. Digits beyond microseconds are cut. nullopt for
// anything else, because an ambiguous time must not choose a recovery target.
std::optional<ZonedTime> parse_zoned_time(std::string_view text);

// Reads what to_ctime writes, as local time.
std::optional<ZonedTime> parse_ctime(std::string_view text);

}  // namespace tapster
