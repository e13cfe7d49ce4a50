// Brings one WAL file from the archive into a file: with one request when the form of its segments is known, else by
// looking first.
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
  std::function<AtomicFile()> new_file = {};  // for each attempt
  SegmentHeaderSink::Listener begun = {};     // the beginning of a whole segment came, and says its size
  std::function<void()> moved = {};           // bytes came
  bool only_whole = false;                    // what is no whole segment is an Error (general)
  std::stop_token stop = {};
};

struct DownloadedWalFile {
  std::string key;
  std::uint64_t bytes = 0;                    // uncompressed
  std::optional<std::uint32_t> segment_size;  // that it says
};

// Verified and committed. nullopt: a listing has proven that there is no such file. Throws Error, and Interrupted.
// `form` may be null.
std::optional<DownloadedWalFile> download_wal_file(ObjectStore& store, const ArchiveLayout& layout, LastForm* form,
                                                   const WalDownloadOrder& order);

}  // namespace tapster
