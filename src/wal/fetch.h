// Reads one WAL file out of the archive, uncompressed.
#pragma once

#include "wal/wal_objects.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <stop_token>

namespace tapster {

// Thrown out of a fetch that was asked to stop. Not an error, and not to be taken for one.
struct FetchStopped {};

// Streams the object through its decompressor into `out`, and does not finish that: the caller
// publishes. False: the object is not there (any more), `out` is untouched. Throws Error (general) that names the
// object for damaged data, FetchStopped, and what the store and `out` throw.
bool fetch_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out, std::stop_token stop = {});

}  // namespace tapster
