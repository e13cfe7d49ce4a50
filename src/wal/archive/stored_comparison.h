// Compares the local WAL file with an object that the archive holds under its name.
#pragma once

#include "wal/archive/local_wal_file.h"
#include "wal/wal_objects.h"

#include <tapster/object_store.h>

namespace tapster {

enum class Comparison { identical, vanished };

// Compares the uncompressed contents: by the SHA-256 in the object's metadata or, where there is none, by downloading
// the object. `vanished`: the object is not there any more. Throws Error: operation when the contents differ, general
// when the stored object cannot be read.
Comparison compare_with_stored(ObjectStore& store, const WalObject& stored, LocalWalFile& file);

}  // namespace tapster
