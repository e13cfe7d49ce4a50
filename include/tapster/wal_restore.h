// Fetches one WAL file from the archive. With prefetching, a process in the background fetches the segments that
// PostgreSQL will ask for next.
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
  int parallel = 0;         // how many segments are fetched ahead, and at once; 0 and 1: none
  std::string spool_dir;    // where they are kept, and the form of the last segment, in private sub-folders
  std::string archive_id;   // tells archives apart that share a spool: URL and endpoint
  // Starts a process that runs prefetch_wal for the folder (an absolute path), and does not wait for it. Called at most
  // once, during the download or after it. Empty: nothing is fetched ahead.
  std::function<void(const std::string& folder)> start_fetcher = {};
  // How long to wait for a segment that the fetcher is downloading, since its last bytes came.
  Duration patience{30'000};
};

enum class WalRestoreOutcome { restored, not_found };  // not_found: a listing has proven that no form is there

// A segment is asked for in the form of the last one, when that is known: one request. Otherwise, and when it is not
// there, the archive is listed. The candidates, best first: the plain file; the file in any compression; then, unless
// no_partial, the partial segment, plain or compressed. Only a listing proves absence, and it is never remembered.
//
// Prefetching never makes the request fail. It is left out for all but segments, and when the destination's basename is
// the requested name (pg_rewind).
//
// Throws Error: never of kind operation; general for a damaged object, a missing bucket or a destination that cannot be
// written; network as the store does.
WalRestoreOutcome restore_wal(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request);

}  // namespace tapster
