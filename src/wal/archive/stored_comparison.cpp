#include "wal/archive/stored_comparison.h"

#include "text/encoding.h"
#include "wal/download/wal_reading.h"

#include <tapster/error.h>

#include <optional>

namespace tapster {
namespace {

constexpr std::size_t kDigestDigits = 64;

// The digest that the archiver recorded; nullopt where there is none, or it cannot be this object's.
std::optional<std::string> recorded_digest(const ObjectStat& stat, const WalObject& stored, const LocalWalFile& file) {
  const auto entry = stat.metadata.find(kSha256Metadata);
  if (entry == stat.metadata.end() || entry->second.size() != kDigestDigits) return std::nullopt;
  // Somebody may have copied the metadata to another object.
  if (stored.compression == Compression::none && stat.size != file.size()) return std::nullopt;
  return to_lower(entry->second);
}

std::optional<std::string> downloaded_digest(ObjectStore& store, const WalObject& stored) {
  NullSink nowhere;
  Sha256Sink hash(nowhere);
  if (!read_wal_object(store, stored, hash)) return std::nullopt;
  return hex_encode(hash.digest());
}

}  // namespace

Comparison compare_with_stored(ObjectStore& store, const WalObject& stored, LocalWalFile& file) {
  std::optional<std::string> stored_digest;
  if (store.capabilities().metadata) {
    const auto stat = store.stat(stored.key);
    if (!stat) return Comparison::vanished;
    stored_digest = recorded_digest(*stat, stored, file);
  }
  if (!stored_digest) stored_digest = downloaded_digest(store, stored);
  if (!stored_digest) return Comparison::vanished;
  const std::string digest = hex_encode(file.digest().sha256);
  if (*stored_digest == digest) return Comparison::identical;
  throw error(ErrorKind::operation,
              "{} is already stored with another content and was left untouched: its SHA-256 is {}, that of {} is {}; "
              "check that two servers do not archive to the same place",
              store.describe(stored.key), *stored_digest, file.path(), digest);
}

}  // namespace tapster
