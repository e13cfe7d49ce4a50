// Where segments wait that were fetched before PostgreSQL asked for them. Files in the folder are whole and private;
// several processes may use it at once. It is a convenience: whatever fails in it is logged and does without.
#pragma once

#include "io/atomic_file.h"
#include "wal/private_folder.h"

#include <tapster/wal_name.h>

#include <optional>
#include <string>
#include <utility>

namespace tapster {

class Spool {
 public:
  // Makes the folder for `archive` and the directory of `destination` in `spool_dir`. nullopt,
  // and a line for the operator, when it cannot be made, written to, or is not private to us.
  static std::optional<Spool> open(const std::string& spool_dir, const std::string& archive,
                                   const std::string& destination);

  // Moves the segment to `destination`, across file systems if need be. False: it is not here
  // (or cannot be moved), the destination is as it was.
  bool take(const WalName& name, const std::string& destination) const;

  bool has(const WalName& name) const;

  // A file to be filled and committed as that segment.
  AtomicFile create(const WalName& name) const;

  // Removes the segments of this timeline before `name`: PostgreSQL has passed them.
  void remove_before(const WalName& name) const;

 private:
  explicit Spool(PrivateFolder folder) : folder_(std::move(folder)) {}
  bool copy_out(const std::string& name, const std::string& destination) const;

  PrivateFolder folder_;
};

}  // namespace tapster
