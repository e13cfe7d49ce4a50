// Sends one WAL file to the store, as it is or compressed, in one request or, when it is
// large, in parts. Create-only: an object that is there stays as it is.
#pragma once

#include "wal/archive/local_wal_file.h"

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

struct WalUpload {
  std::string key;
  Compression compression = Compression::none;
  CompressionLevel level;
  std::optional<Tags> tags;
  bool known_absent = false;      // the caller has just seen that the key is free
  bool condition_proven = false;  // as in PutOptions
};

// What a second, conditional write of the same bytes to a key that was just created has shown.
enum class CreateOnlyTest {
  not_made,  // nothing was created by one put, or no answer came
  kept,      // it was refused: the store heeds the condition
  ignored,   // it was done, and changed nothing
};

// Leaves no upload behind, whatever happens. The source's request to stop ends it with Interrupted; nothing is known
// about the object then. With `test`, a put that created the object is made once more; that this fails is no failure.
PutResult upload_wal(ObjectStore& store, LocalWalFile& source, const WalUpload& upload, CreateOnlyTest* test = nullptr);

}  // namespace tapster
