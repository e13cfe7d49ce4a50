// Fetches WAL segments before PostgreSQL asks for them: what runs in the background while it replays.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <stop_token>
#include <string>

namespace tapster {

struct PrefetchOrder {
  std::string folder;           // in which requests tell how far they are, and segments wait
  Duration idle_limit{60'000};  // ends when nobody asks for so long: a server that was stopped does not say goodbye
};

// Keeps the segments behind the last requested one coming into the folder, as many as that request said, and as many at
// once. Returns soon when another one does so already; when nobody asks any more; when the folder, or the directory
// into which PostgreSQL wanted its segments, is gone; when `stop` is requested; and after the next segment has turned
// out to be absent, to be damaged or to be out of reach (a full disk, a store that refuses): whoever asks for that one
// finds out by itself. How it ended is written down in the folder. Never throws.
void prefetch_wal(ObjectStore& store, const ArchiveLayout& layout, const PrefetchOrder& order,
                  const std::stop_token& stop = {}) noexcept;

}  // namespace tapster
