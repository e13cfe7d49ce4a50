// How far PostgreSQL has come: a note in the spool folder, which requests write and the background fetcher reads.
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
  int count = 0;                   // how many segments after it are to be fetched
  std::string directory;           // into which PostgreSQL wanted the segment; absolute
};

// Replaces the note. False: it cannot be written.
bool write_position(const PrivateFolder& folder, const FetchPosition& position);

// Notices every write, also one of the same position.
class PositionReader {
 public:
  explicit PositionReader(const PrivateFolder& folder) : folder_(folder) {}  // borrowed

  // The position, when it was written since the last call. nullopt: it was not, or the note is no position.
  std::optional<FetchPosition> read_new();
  bool has_new() const;

 private:
  std::optional<std::string> identity() const;

  const PrivateFolder& folder_;
  std::string read_;  // identity of the note that was read last
};

}  // namespace tapster
