// Where segments wait that were fetched before PostgreSQL asked for them. Files in the folder are whole and private;
// several processes may use it at once. It is a convenience: whatever fails in it is logged and does without.
#pragma once

#include "file/atomic_file.h"
#include "wal/private_folder.h"

#include <tapster/wal_name.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tapster {

class Spool {
 public:
  explicit Spool(const PrivateFolder& folder) : folder_(folder) {}  // borrowed

  // Moves the segment to `destination`, across file systems if need be, and returns its size in bytes. nullopt: it is
  // not here (or cannot be moved), the destination is as it was.
  std::optional<std::uint64_t> move_out(const WalName& name, const std::string& destination) const;

  bool has(const WalName& name) const;

  // A file to be filled and committed as that segment. It is synced, so that a crash of the machine leaves no segment
  // with holes; PostgreSQL, which would sync it as well, then has nothing left to wait for.
  AtomicFile create(const WalName& name) const;

  // Removes the segments of this timeline before `name`: PostgreSQL has passed them.
  void remove_before(const WalName& name) const;

 private:
  bool copy_out(const std::string& name, const std::string& destination) const;

  const PrivateFolder& folder_;
};

}  // namespace tapster
