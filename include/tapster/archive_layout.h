// Keys of one server's archive: PREFIX/SERVER/wals/..., PREFIX/SERVER/base/... The layout is the
// original's, byte for byte.
#pragma once

#include <tapster/compression.h>
#include <tapster/wal_name.h>

#include <string>

namespace tapster {

class ArchiveLayout {
 public:
  // `prefix` as in StoreLocation. Throws Error (usage) for a server name that begins with '/'.
  ArchiveLayout(std::string prefix, std::string server_name);

  const std::string& server_name() const noexcept { return server_name_; }
  std::string wals_prefix() const;                 // ".../wals/"
  std::string wal_key(const WalName& name) const;  // without a compression suffix
  std::string wal_key(const WalName& name, Compression compression) const;

 private:
  std::string root_;  // "PREFIX/SERVER/"
  std::string server_name_;
};

}  // namespace tapster
