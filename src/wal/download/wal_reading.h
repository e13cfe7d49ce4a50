// Reads the object of one WAL file and decompresses it: for the restorer, and for the archiver's comparison.
#pragma once

#include "wal/wal_objects.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <optional>
#include <stop_token>

namespace tapster {

// Streams the object through its decompressor into `out`. Does not call out.finish(): the caller publishes. nullopt:
// the object is not there (any more), `out` is untouched. Throws Error (general) that names the object for damaged
// data, Interrupted, and what the store and `out` throw.
std::optional<ObjectStat> read_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                          std::stop_token stop = {});

// What shows that the content is what was archived.
enum class Evidence {
  length,    // as many bytes came as the store has
  checksum,  // the content has the CRC-64 that the archiver recorded
};

// As read_wal_object, and verifies: the size of the object is the listed one (when it was listed), and the content has
// the CRC-64 that the archiver recorded (where it did). Anything else is an Error (general), after `out` got the bytes.
std::optional<Evidence> read_verified_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                                 std::stop_token stop = {});

}  // namespace tapster
