// Holds the segments that were fetched before PostgreSQL asks for them. Files in the folder are whole and private.
// Several processes may use it at once. A failure in it is logged, and the segment is downloaded instead.
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

  // Moves the segment to `destination` and returns its size in bytes: by a rename, which is not synced, or by a copy
  // from another file system. nullopt: it is not in the spool or cannot be moved, the destination is as it was.
  std::optional<std::uint64_t> move_out(const WalName& name, const std::string& destination) const;

  bool has(const WalName& name) const;

  // A file to be filled and committed as that segment. Committing syncs it, so that a crash of the machine leaves no
  // segment with holes. PostgreSQL syncs the segment again, and then has nothing left to wait for.
  AtomicFile create(const WalName& name) const;

  // Removes the segments of the same timeline before `name`, which PostgreSQL has passed.
  void remove_before(const WalName& name) const;

 private:
  bool copy_out(const std::string& name, const std::string& destination) const;

  const PrivateFolder& folder_;
};

}  // namespace tapster
