// Puts one WAL file into the archive. PostgreSQL's demands: success only when it is durable;
// never overwrite a different file of the same name; succeed on an identical one.
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
  // Where what is learned of the archive is kept for the next call; empty: nowhere. A folder that cannot be used is
  // done without.
  std::string spool_dir = {};
  std::string archive_id = {};  // what tells this archive from others, beside the store and the layout
  // Of a segment beside which PostgreSQL's archive_status tells that more are ready: how many are stored at once. When
  // PostgreSQL comes with one that was, that is known without asking the store.
  int parallel = 0;
};

enum class WalArchiveOutcome {
  stored,          // a new object
  already_stored,  // the same content is there already, in this or another compression
};

// What becomes of segments that are stored ahead is told by the log alone; a failure of the requested one stops them,
// and they keep its success waiting for at most ten seconds.
//
// Throws Error: operation when another content is stored under the name (both digests in the
// message, the stored object untouched); general when the file cannot be read or changed
// while it was read; and what the store throws. Memory does not grow with the file's size, but with `parallel`.
WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request);

}  // namespace tapster
