// Which segments were stored before PostgreSQL came with them: a note for each, written when the store has confirmed
// the object and taken when PostgreSQL comes, if the file is still the very one that was sent.
//
// A claim is only ever made of what is durable, so a crash at any moment loses claims and invents none; whoever finds
// none archives the segment the usual way. Several processes may use one folder.
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
  // Of one archive (in the words of ArchiveSubject) and cluster. The folder is borrowed.
  ArchivedRecord(const PrivateFolder& folder, const std::string& archive, std::uint64_t system_identifier);

  std::uint64_t system_identifier() const noexcept { return system_identifier_; }

  // The content of `file`, as it was before it was read, is stored as `name`.
  void add(const WalName& name, const struct stat& file, TimePoint now) const;

  // Whether that is so; what was noted is gone then, in either case.
  bool consume(const WalName& name, const struct stat& file, TimePoint now) const;

  // Removes what PostgreSQL has passed when it comes with `current`, what is old, and what killed writers left. Returns
  // the names of what remains.
  std::set<std::string> remove_outdated(const WalName& current, TimePoint now) const;

 private:
  std::string claim(const WalName& name, const struct stat& file) const;

  const PrivateFolder& folder_;
  std::string mark_;
  std::uint64_t system_identifier_;
};

}  // namespace tapster
