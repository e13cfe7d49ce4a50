// Which backups, and which WAL, are no longer needed. Pure: nothing here asks a store or a clock.
#pragma once

#include <tapster/backup_catalog.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

struct RetentionPolicy {
  enum class Kind { redundancy, recovery_window };
  Kind kind = Kind::redundancy;
  std::int64_t redundancy = 0;  // backups
  std::chrono::seconds window{0};

  // REDUNDANCY n; RECOVERY WINDOW OF n DAYS|WEEKS|MONTHS (a month has 31 days). Any case, any
  // blanks; nullopt for anything else, absurdly large numbers included.
  static std::optional<RetentionPolicy> parse(std::string_view text);
};

enum class Retention {
  none,  // not DONE: neither counted nor deleted
  valid,
  kept,                  // has a keep annotation; counts as valid
  potentially_obsolete,  // obsolete but for the minimum redundancy
  obsolete,
};

// One verdict per backup; `backups` ascending by id, with their keeps. Redundancy below the minimum is
// raised to it.
std::vector<Retention> apply_retention(const RetentionPolicy& policy, int minimum_redundancy,
                                       std::span<const CatalogedBackup> backups, const ZonedTime& now);

struct WalRange {
  std::string begin, end;  // segment names, both included

  bool operator==(const WalRange&) const = default;
};

// What a folder wals/HASHDIR/ holds as far as a clean-up goes.
enum class WalFolder {
  needed,      // nothing to delete
  mixed,       // look at its names
  deletable,   // everything below it
  unreadable,  // not a folder of WAL
};

// What the deletion of one backup makes of the WAL. Names are compared as text, with hex digits in upper
// case: names of lower timelines come before those of higher ones.
struct WalCleanup {
  bool anything = false;       // false: no WAL may go
  std::string limit;           // segments before this one may go
  std::uint32_t timeline = 0;  // the limit's
  std::vector<std::uint32_t> protected_timelines;
  std::vector<WalRange> protected_ranges;  // of kept, standalone backups
  // Where the replay of remaining backups begins that do not come after the limit as they should (ids against
  // the order of WAL): what lies at or after it, on the same or a higher timeline, stays.
  std::vector<std::string> replay_begins;
  std::string reason;  // for the log: why nothing may go, or whose WAL is the limit

  // Whether the WAL file of that name (without a compression suffix) may be deleted. Never a history file.
  bool deletable(const WalName& name) const;
  WalFolder folder(std::string_view hash_dir) const;
};

// `backups`: all that there were before the deletion of backup `id`, itself included, ascending by id, with their
// keeps. With -b (not by_policy) an older standalone backup keeps all WAL; by policy only what it needs itself.
//
// WAL goes when no older usable backup is left but standalone ones: up to the begin of the next usable backup (or
// of the deleted one when there is none), but for the timelines of the others.
WalCleanup plan_wal_cleanup(std::span<const CatalogedBackup> backups, std::string_view id, bool by_policy);

}  // namespace tapster
