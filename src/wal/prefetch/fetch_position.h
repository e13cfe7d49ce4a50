// How far PostgreSQL has come, as a request tells the background fetcher: a small file in their folder.
#pragma once

#include "wal/private_folder.h"

#include <tapster/wal_name.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tapster {

struct FetchPosition {
  WalName name;                    // the segment that was served last
  std::uint32_t segment_size = 0;  // bytes
  int count = 0;                   // how many of those behind it are wanted
  std::string directory;           // where PostgreSQL wants them; absolute
};

// Replaces what was there. False: it cannot be written.
bool write_position(const PrivateFolder& folder, const FetchPosition& position);

// Notices every write, also one that says the same.
class PositionReader {
 public:
  explicit PositionReader(const PrivateFolder& folder) : folder_(folder) {}  // borrowed

  // What was written since the last call. nullopt: nothing, or nothing that can be understood.
  std::optional<FetchPosition> read_new();
  bool has_new() const;

 private:
  std::optional<std::string> identity() const;

  const PrivateFolder& folder_;
  std::string seen_;  // tells one file from the next
};

}  // namespace tapster
