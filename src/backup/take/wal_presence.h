// Is the WAL that a base backup needs in the archive beside it?
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace tapster {

// The segment that holds an LSN, and where in it. `segment_size` in bytes, a power of two.
std::string segment_name(std::uint32_t timeline, std::uint64_t lsn, std::uint64_t segment_size);

struct LsnRange {
  std::uint64_t begin_lsn = 0, end_lsn = 0;            // [begin, end)
  std::uint32_t begin_timeline = 0, end_timeline = 0;  // a standby may have followed to a newer one
  std::uint64_t segment_size = 16 << 20;               // bytes
};

// The segments of the range that are not in the archive, whole and in any compression; those of an older timeline in
// the range count for the newer one. One listing for every folder of the range, not for every segment.
std::vector<std::string> missing_segments(ObjectStore& store, const ArchiveLayout& layout, const LsnRange& range);

// Looks until nothing is missing or `timeout` is over, and returns what is missing then. Throws Interrupted.
std::vector<std::string> await_segments(ObjectStore& store, const ArchiveLayout& layout, const LsnRange& range,
                                        std::chrono::seconds timeout, Clock& clock, const std::stop_token& stop);

// A warning that names the first few of the segments that are missing in `archive`; nothing when none is missing.
void warn_of_missing(const std::vector<std::string>& segments, const std::string& archive);

}  // namespace tapster
