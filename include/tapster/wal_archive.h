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
};

enum class WalArchiveOutcome {
  stored,          // a new object
  already_stored,  // the same content is there already, in this or another compression
};

// Throws Error: operation when another content is stored under the name (both digests in the
// message, the stored object untouched); general when the file cannot be read or changed
// while it was read; and what the store throws. Memory does not grow with the file's size.
WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request);

}  // namespace tapster
