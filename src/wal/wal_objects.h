// Which objects of the archive hold one WAL file: by exact names, never by mere prefixes (a
// label file shares its segment's prefix).
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <optional>
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

// `text` without one known compression suffix.
std::string_view without_suffix(std::string_view text);

}  // namespace tapster
