// Checks that a new server may write its WAL to the archive.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <optional>

namespace tapster {

// Throws Error (operation) when a WAL file is in the archive: any file without `timeline` ("Expected empty archive"),
// one of that timeline or a newer one with it. Objects that are not WAL files are ignored.
void check_wal_archive(ObjectStore& store, const ArchiveLayout& layout, std::optional<std::uint32_t> timeline);

}  // namespace tapster
