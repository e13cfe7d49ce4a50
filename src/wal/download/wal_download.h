// Downloads one WAL file from the archive into a local file, for wal-restore and for the background fetcher: by one
// request when the form of the last segment is known, else by a listing and a request.
#pragma once

#include "file/atomic_file.h"
#include "wal/download/last_form.h"
#include "wal/segment_header.h"
#include "wal/wal_objects.h"

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

struct WalDownloadOrder {
  const WalName& name;
  PartialFallback fallback = PartialFallback::no;
  std::function<AtomicFile()> new_file = {};         // called for each attempt
  SegmentHeaderSink::Listener on_segment_size = {};  // the header of a segment came; not called for a partial one
  std::function<void()> on_bytes = {};               // a piece of the content came
  bool only_whole = false;                           // anything but a whole segment is an Error (general)
  std::stop_token stop = {};
};

struct DownloadedWalFile {
  std::string key;
  std::uint64_t bytes = 0;                    // uncompressed
  std::optional<std::uint32_t> segment_size;  // bytes, by its header
};

// Returns when the file is verified and committed. nullopt: a listing has proven that the archive holds no such file.
// Throws Error, and Interrupted; nothing new is under the file's name then. `form` may be null.
std::optional<DownloadedWalFile> download_wal_file(ObjectStore& store, const ArchiveLayout& layout, LastForm* form,
                                                   const WalDownloadOrder& order);

}  // namespace tapster
