// Decides what keeps wal-archive's next write from replacing an object. This is the only place where that is decided.
//
// A service that is not known to decide create-only atomically can let two archivers both succeed, whatever a test or a
// listing has shown. What has to follow such a write is to be decided here as well, by the returned value: every value
// but atomic_create leaves that race.
#pragma once

#include <tapster/object_store.h>

namespace tapster {

// What a second, conditional put of the same bytes to a key that was just created has shown.
enum class ConditionTest {
  not_made,  // no such put was made, or no answer came
  heeded,    // the store refused it
  ignored,   // the store did it, which changed nothing
};

// `create_only` is what the store says of itself now, `remembered` what a test of this archive has shown within the
// time that it is believed, `just_listed` whether this run has listed the segment and not yet tried to write it.
WriteProtection choose_write_protection(CreateOnly create_only, ConditionTest remembered, bool just_listed) noexcept;

// Whether the store alone keeps the write from replacing: then the segment's own key needs no listing.
constexpr bool is_kept_by_store(WriteProtection protection) {
  return protection == WriteProtection::atomic_create || protection == WriteProtection::tested_condition;
}

// What is left of the protection when the write ends long after the listing, as uploads in parts do.
constexpr WriteProtection without_listing(WriteProtection protection) {
  return is_listed(protection) ? WriteProtection::checked_by_store : protection;
}

}  // namespace tapster
