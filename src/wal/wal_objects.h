// Which objects of the archive hold one WAL file. An object does when its key is the file's key, plain or with the
// suffix of a compression: these are the forms of the file. A common prefix is not enough, since a label file begins
// with its segment's name.
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

// Lists the stored forms of `name`, the best first: plain, compressed, then (segments only, when asked for) the partial
// segment, plain and compressed. Empty: the listing was complete and proves that there is none.
std::vector<WalObject> find_wal_objects(ObjectStore& store, const ArchiveLayout& layout, const WalName& name,
                                        PartialFallback fallback);

// The stored forms of a segment, and which later segments of its folder are stored in any form.
struct WalObjectsFrom {
  std::vector<WalObject> forms;  // as find_wal_objects returns, without partial ones
  std::set<std::string> later;   // names, without suffix
};
// Takes one listing for both. For segments only.
WalObjectsFrom find_wal_objects_from(ObjectStore& store, const ArchiveLayout& layout, const WalName& name);

// `text` without one known compression suffix.
std::string_view without_suffix(std::string_view text);

}  // namespace tapster
