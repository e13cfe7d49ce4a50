// Uploads one WAL file, plain or compressed, in one request or, when it is large, in parts. An object that is there
// stays as it is.
#pragma once

#include "wal/archive/local_wal_file.h"
#include "wal/archive/write_protection.h"

#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <optional>
#include <string>

namespace tapster {

// Bytes. Plain files up to this go into one request (the original's limit).
inline constexpr std::uint64_t kMaxSinglePut = std::uint64_t{100} << 20U;
// Bytes. Compressed data up to this are kept in memory and sent in one request; larger data are sent in parts of this
// size. So it bounds the memory of an upload.
inline constexpr std::uint64_t kMaxBodyInMemory = std::uint64_t{32} << 20U;

struct WalUpload {
  std::string key;
  Compression compression = Compression::none;
  CompressionLevel level;
  std::optional<Tags> tags;
  WriteProtection protection = WriteProtection::checked_by_store;  // anything but `none`
};

// Aborts an upload in parts that it does not complete, also when it throws; a killed process leaves it. The file's
// request to stop ends it with Interrupted: the object may be stored or not then. With `test`, which is only for
// listed_then_conditional, a put that created the object is made once more, and *test says what that has shown; a
// failure of this second put is no failure.
PutResult upload_wal(ObjectStore& store, LocalWalFile& file, const WalUpload& upload, ConditionTest* test = nullptr);

}  // namespace tapster
