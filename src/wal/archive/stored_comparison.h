// What the archive holds already under a WAL file's name, compared with the file.
#pragma once

#include "wal/archive/local_wal_file.h"
#include "wal/wal_objects.h"

#include <tapster/object_store.h>

namespace tapster {

enum class Comparison { identical, vanished };

// Compares the uncompressed contents: by the digest in the object's metadata or, for objects
// of others, by downloading. Throws Error (operation) when they differ; general when the
// stored object cannot be read.
Comparison compare_with_stored(ObjectStore& store, const WalObject& stored, LocalWalFile& source);

}  // namespace tapster
