// Sends one WAL file to the store, as it is or compressed, in one request or, when it is
// large, in parts. Create-only: an object that is there stays as it is.
#pragma once

#include "wal/wal_source.h"

#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <optional>
#include <string>

namespace tapster {

// Plain files up to this go into one request (the original's limit).
inline constexpr std::uint64_t kMaxSinglePut = std::uint64_t{100} << 20U;
// Compressed data up to this wait in memory to become one request; it is also the size of
// parts, and with that the bound of memory.
inline constexpr std::uint64_t kMaxBodyInMemory = std::uint64_t{32} << 20U;

// `known_absent`: the caller has just seen that the key is free. Leaves no upload behind, whatever
// happens.
PutResult upload_wal(ObjectStore& store, const std::string& key, WalSource& source, Compression compression,
                     CompressionLevel level, const std::optional<Tags>& tags, bool known_absent);

}  // namespace tapster
