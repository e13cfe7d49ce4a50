// Reads one WAL file out of the archive, uncompressed.
#pragma once

#include "wal/wal_objects.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <optional>
#include <stop_token>

namespace tapster {

// Streams the object through its decompressor into `out`, and does not finish that: the caller
// publishes. nullopt: the object is not there (any more), `out` is untouched. Throws Error (general)
// that names the object for damaged data, Interrupted, and what the store and `out` throw.
std::optional<ObjectStat> read_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                          std::stop_token stop = {});

// What shows that the content is what was archived: nothing but that as many bytes came as the store has, or the
// archiver's CRC-64 of it.
enum class Evidence { length, checksum };

// The same, compared with all that is known: as many bytes as were listed (when they were), and, where the archiver
// recorded the CRC-64 of the content, that content. Anything else is an Error (general), after `out` got the bytes.
std::optional<Evidence> read_verified_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                                 std::stop_token stop = {});

}  // namespace tapster
