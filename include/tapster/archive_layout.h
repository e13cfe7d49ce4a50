// The keys of one server's archive: PREFIX/SERVER/wals/..., PREFIX/SERVER/base/... The layout is the original's, byte
// for byte.
#pragma once

#include <tapster/compression.h>
#include <tapster/wal_name.h>

#include <string>
#include <string_view>

namespace tapster {

// Names of objects within a backup's folder, ".../base/ID/".
inline constexpr std::string_view kBackupInfoName = "backup.info";
inline constexpr std::string_view kManifestName = "backup_manifest";  // the original does not know it
inline constexpr std::string_view kAnnotationsFolder = "annotations/";
inline constexpr std::string_view kKeepName = "annotations/keep";

class ArchiveLayout {
 public:
  // `prefix` as in StoreLocation. Throws Error (usage) for a server name that begins with '/'.
  ArchiveLayout(std::string prefix, std::string server_name);

  const std::string& server_name() const noexcept { return server_name_; }
  std::string wals_prefix() const;                 // ".../wals/"
  std::string wal_key(const WalName& name) const;  // without a compression suffix
  std::string wal_key(const WalName& name, Compression compression) const;

  std::string base_prefix() const;                         // ".../base/"
  std::string backup_prefix(std::string_view id) const;    // ".../base/ID/"
  std::string backup_info_key(std::string_view id) const;  // ".../base/ID/backup.info"
  // The manifest of the backup's files, which the original does not know; beside its archives.
  std::string manifest_key(std::string_view id) const;
  // "data" or an OID; additional archives are counted from 1: "data_0001.tar.gz".
  std::string archive_key(std::string_view id, std::string_view base_name, int additional,
                          Compression compression) const;
  std::string keep_key(std::string_view id) const;
  // base_prefix() with a double slash behind the path of the URL: where the original keeps the annotations
  // of a URL that ends in a slash. Empty when there is no path.
  std::string slashed_base_prefix() const;

 private:
  std::string prefix_;  // "PREFIX/", or empty
  std::string root_;    // "PREFIX/SERVER/"
  std::string server_name_;
};

}  // namespace tapster
