// Fetches one WAL file out of the archive, and, when asked, sees to it that the segments that PostgreSQL will want
// next are fetched meanwhile.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <functional>
#include <string>

namespace tapster {

struct WalRestoreRequest {
  WalName name;
  std::string destination;  // appears whole (rename), mode 0600, or not at all
  bool no_partial = false;  // do not fall back to NAME.partial
  int parallel = 0;         // so many segments are fetched ahead, at once; 0 and 1: none
  std::string spool_dir;    // where they wait, and what is known of the archive; private sub-folders are made in it
  std::string archive_id;   // tells archives apart that share a spool: URL and endpoint
  // Lets prefetch_wal run for this folder (an absolute path) in a process of its own, and does not wait for it. Called
  // once at most, from within a download. None: nothing is fetched ahead.
  std::function<void(const std::string& folder)> start_fetcher = {};
  // A segment that is being fetched ahead is waited for as long as its download moves within this time.
  Duration patience{30'000};
};

enum class WalRestoreOutcome { restored, not_found };  // not_found: every candidate is proven absent

// A segment is asked for in the form of the last one, when that is known: one request. Else, and when it is not there,
// the archive is listed; candidates, best first: the exact key; the segment in any compression; then, unless
// no_partial, the partial segment, plain or compressed. Only a listing proves absence, and it is never remembered.
// Prefetching never makes the command fail, and is left out for anything but segments and when the destination's
// basename equals the requested name (pg_rewind).
WalRestoreOutcome restore_wal(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request);

}  // namespace tapster
