// backup_manifest: PostgreSQL's list of a base backup's files ("Backup Manifest Format" in its
// documentation; read by pg_verifybackup).
#pragma once

#include "backup/copy/tree_copy.h"
#include "crypto/digest.h"

#include <tapster/byte_sink.h>

#include <cstdint>
#include <string>

namespace tapster {

// Streams the manifest into `next` (borrowed): memory does not grow with the number of files.
class ManifestWriter {
 public:
  // Version 2, with the system identifier, for servers of 17 and newer; version 1 before.
  ManifestWriter(ByteSink& next, int server_version, const std::string& system_identifier);
  void add(const CopiedFile& file);  // not thread-safe
  // The WAL that the backup needs, then the manifest's own SHA-256, then next.finish().
  void finish(std::uint32_t timeline, std::uint64_t begin_lsn, std::uint64_t end_lsn);

 private:
  void flush();

  ByteSink& next_;
  Sha256 digest_;
  std::string pending_;
  bool first_ = true;
};

}  // namespace tapster
