// Notes which segments wal-archive has stored before PostgreSQL came with them. A note is written after the store has
// confirmed the object, and used once: when PostgreSQL comes with the segment, and the file is still the very one that
// was sent.
//
// A crash at any moment can lose notes and cannot make one. Without a note the segment is archived the usual way.
// Several processes may use one folder.
#pragma once

#include "wal/private_folder.h"

#include <tapster/clock.h>
#include <tapster/wal_name.h>

#include <sys/stat.h>

#include <cstdint>
#include <set>
#include <string>

namespace tapster {

class ArchivedRecord {
 public:
  // For one archive (as ArchiveSubject::archive) and cluster. The folder is borrowed.
  ArchivedRecord(const PrivateFolder& folder, const std::string& archive, std::uint64_t system_identifier);

  std::uint64_t system_identifier() const noexcept { return system_identifier_; }

  // Notes that the segment is stored. `file` is its state before it was read.
  void add(const WalName& name, const struct stat& file, TimePoint now) const;

  // Whether a note says that this very file is stored, and is no older than 15 minutes. Removes the note in any case.
  bool consume(const WalName& name, const struct stat& file, TimePoint now) const;

  // Removes the notes of `current` and of earlier segments, old notes, and temporary files that killed writers left.
  // Returns the names of the segments whose notes remain.
  std::set<std::string> remove_outdated(const WalName& current, TimePoint now) const;

 private:
  std::string note_text(const WalName& name, const struct stat& file) const;

  const PrivateFolder& folder_;
  std::string mark_;
  std::uint64_t system_identifier_;
};

}  // namespace tapster
