// Reads one WAL file out of the archive, uncompressed.
#pragma once

#include "wal/wal_objects.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <optional>
#include <stop_token>

namespace tapster {

// Thrown out of a fetch that was asked to stop. Not an error, and not to be taken for one.
struct FetchStopped {};

// Streams the object through its decompressor into `out`, and does not finish that: the caller
// publishes. nullopt: the object is not there (any more), `out` is untouched. Throws Error (general)
// that names the object for damaged data, FetchStopped, and what the store and `out` throw.
std::optional<ObjectStat> fetch_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                           std::stop_token stop = {});

// The same, with proof: as many bytes as were listed, and, where the archiver recorded the CRC-64 of
// the content, that content. Anything else is an Error (general), after `out` got the bytes.
bool fetch_verified(ObjectStore& store, const WalObject& object, ByteSink& out, std::stop_token stop = {});

}  // namespace tapster
