// What a base backup is called in its archive.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <string>

namespace tapster {

// YYYYMMDDThhmmss of a moment, in the process's time zone.
std::string backup_id_of(TimePoint time);

// The present second's id, or, when there are objects of that id already (two backups at once), the next one that is
// free. A store that refuses to list is taken to have none. Throws what the store throws otherwise.
std::string choose_backup_id(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock);

}  // namespace tapster
