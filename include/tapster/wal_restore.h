// Fetches one WAL file out of the archive, and, when asked, the segments that PostgreSQL will
// want next.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <string>

namespace tapster {

struct WalRestoreRequest {
  WalName name;
  std::string destination;  // appears whole (rename), mode 0600, or not at all
  bool no_partial = false;  // do not fall back to NAME.partial
  int parallel = 0;         // fetch this many segments at once; 0 and 1: the requested one only
  std::string spool_dir;    // where the extra ones wait; private sub-folders are made in it
  std::string archive_id;   // tells archives apart that share a spool: URL and endpoint
};

enum class WalRestoreOutcome { restored, not_found };  // not_found: every candidate is proven absent

// Candidates, best first: the exact key; the segment in any compression; then, unless no_partial,
// the partial segment, plain or compressed. Prefetching never makes the command fail, is left out
// for anything but segments and when the destination's basename equals the requested name
// (pg_rewind), and never remembers that a segment was absent.
WalRestoreOutcome restore_wal(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request);

}  // namespace tapster
