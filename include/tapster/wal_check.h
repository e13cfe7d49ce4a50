// Is the archive fit to be written to by a (new) server?
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <optional>

namespace tapster {

// Without a timeline: any WAL file in the archive is an Error (operation), "Expected empty
// archive". With one: files of that timeline or newer are. Objects that are not WAL are ignored.
void check_wal_archive(ObjectStore& store, const ArchiveLayout& layout, std::optional<std::uint32_t> timeline);

}  // namespace tapster
