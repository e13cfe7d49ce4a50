// Archives one WAL file, as PostgreSQL demands of archive_command: it succeeds only when the file is durable, never
// replaces a different file of the same name, and succeeds when an identical one is stored.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <optional>
#include <string>

namespace tapster {

struct WalArchiveRequest {
  std::string path;  // of the file; its basename is the name
  WalName name;
  Compression compression = Compression::none;
  CompressionLevel level;
  std::optional<Tags> tags;
  std::optional<Tags> history_tags;  // used instead of tags for history files, when not empty
  // Where a call leaves for the next one what it has found out about the archive; empty: nowhere. Where the folder
  // cannot be used, archiving takes more requests.
  std::string spool_dir = {};
  std::string archive_id = {};  // tells this archive from others, together with the store and the layout
  // How many segments are stored at once: the requested one, and the next ones that PostgreSQL's archive_status marks
  // as ready. 0 and 1: the requested one alone. A later call for a segment that was stored so makes no request.
  int parallel = 0;
};

enum class WalArchiveOutcome {
  stored,          // this call has stored a new object
  already_stored,  // the same content is there already, in this or another compression
};

// The result is that of the requested file. Only the log says what has become of segments that are stored ahead. A
// failure of the requested file interrupts them; after its success they are waited for, for ten seconds at most.
//
// Throws Error: operation when another content is stored under the name (the message has both digests, the stored
// object is untouched); general when the file cannot be read or changed while it was read; and what the store throws.
// Memory grows with `parallel`, not with the file's size.
WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request);

}  // namespace tapster
