// Which objects of the archive hold one WAL file: by exact names, never by mere prefixes (a
// label file shares its segment's prefix).
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

struct WalObject {
  std::string key;
  Compression compression = Compression::none;
  bool partial = false;                    // a partial segment found in place of a whole one
  std::optional<std::uint64_t> size = {};  // bytes as stored, when it was listed
};

enum class PartialFallback { no, yes };

// Lists what is stored of `name`, the best first: plain, compressed, then (segments only, when
// asked for) partial, plain and compressed. Empty: proven absent.
std::vector<WalObject> find_wal_objects(ObjectStore& store, const ArchiveLayout& layout, const WalName& name,
                                        PartialFallback fallback);

// The same without partial ones, and, by the same requests, which later segments of the folder are stored in any form.
struct WalObjectsFrom {
  std::vector<WalObject> forms;
  std::set<std::string> later;  // names, without suffix
};
// For segments only.
WalObjectsFrom find_wal_objects_from(ObjectStore& store, const ArchiveLayout& layout, const WalName& name);

// `text` without one known compression suffix.
std::string_view without_suffix(std::string_view text);

}  // namespace tapster
