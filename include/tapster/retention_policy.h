// The retention policies of backup-delete, as texts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapster {

struct RetentionPolicy {
  enum class Kind { redundancy, recovery_window };
  Kind kind = Kind::redundancy;
  std::int64_t redundancy = 0;  // backups
  std::chrono::seconds window{0};

  // "REDUNDANCY n" or "RECOVERY WINDOW OF n DAYS|WEEKS|MONTHS" (a month has 31 days), in any case, with any blanks.
  // nullopt: anything else, or a window that reaches back beyond the year 1.
  static std::optional<RetentionPolicy> parse(std::string_view text);
};

}  // namespace tapster
