// What a restore will do, and all that can be checked before its first byte.
#pragma once

#include "backup/restore/restore_marker.h"

#include <tapster/backup_archives.h>
#include <tapster/backup_restore.h>

#include <optional>
#include <string>
#include <vector>

namespace tapster {

// One root and what goes into it.
struct RestoreTarget {
  ArchiveSet set;
  std::string directory;  // absolute
};

struct RestorePlan {
  std::string id;
  std::int64_t version = 0;            // PostgreSQL's, as in backup.info
  std::vector<RestoreTarget> targets;  // PGDATA first, then the tablespaces
  bool nested = false;                 // a tablespace lies inside PGDATA, as it did
  bool has_manifest = false;
  bool resumed = false;  // an earlier attempt is continued
  RestoreMarker marker;  // of this restore, with what the earlier attempt has done

  const std::string& pgdata() const { return targets.front().directory; }
};

// Reads and writes nothing but the store and the directories' states. Throws Error as restore_backup does.
RestorePlan plan_restore(ObjectStore& store, const ArchiveLayout& layout, const RestoreOptions& options);

}  // namespace tapster
