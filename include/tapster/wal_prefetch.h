// Fetches WAL segments before PostgreSQL asks for them, in the background while PostgreSQL replays.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <stop_token>
#include <string>

namespace tapster {

struct PrefetchOrder {
  std::string folder;           // requests write into it how far PostgreSQL has come; segments are put into it
  Duration idle_limit{60'000};  // without a request for so long it ends: a server that is stopped tells nobody
};

// Downloads the segments after the last requested one into the folder, as many as that request said, and as many at
// once.
//
// Returns when another fetcher runs for the folder; when no request comes any more; when the folder, or the directory
// into which PostgreSQL wanted its segments, is gone; when `stop` is requested; and when the next segment is absent,
// damaged or cannot be fetched (a full disk, a store that refuses): a request for that one finds out by itself. Writes
// into the folder how it ended. Never throws.
void prefetch_wal(ObjectStore& store, const ArchiveLayout& layout, const PrefetchOrder& order,
                  const std::stop_token& stop = {}) noexcept;

}  // namespace tapster
