// A moment as PostgreSQL and backup.info write it: microseconds, with the offset of a time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

struct ZonedTime {
  std::chrono::sys_time<std::chrono::microseconds> instant;  // UTC
  std::chrono::seconds offset{0};                            // of the zone it is written in; east is positive

  bool operator==(const ZonedTime&) const = default;
};

// The offset of the process's time zone (TZ) at a moment.
std::chrono::seconds local_offset(std::chrono::sys_seconds instant);

// "2026-11-20 09:33:16.582796+00:00"; no fraction when there are no microseconds; seconds of the
// offset only when it has some.
std::string to_text(const ZonedTime& time);
std::string to_iso(const ZonedTime& time);           // the same with a T between date and time (RFC 3339)
std::string to_ctime(const ZonedTime& time);         // "Fri Nov 20 09:33:16 2026", "Mon Jan  1 ...": in its own zone
std::string to_seconds_text(const ZonedTime& time);  // "2026-11-20 09:33:16": in its own zone

// ISO 8601 as PostgreSQL and operators write it: YYYY-MM-DD, then optionally a T or blanks and
// hh:mm[:ss[.f...]], then optionally Z, UTC, GMT or an offset (+hh, +hhmm, +hh:mm, +hh:mm:ss). A date
// alone is its midnight, and takes no zone; without a zone it is local time. Digits beyond microseconds are cut.
// nullopt for anything else: what is ambiguous must not choose a recovery target.
std::optional<ZonedTime> parse_zoned_time(std::string_view text);

// What to_ctime writes, taken for local time.
std::optional<ZonedTime> parse_ctime(std::string_view text);

}  // namespace tapster
