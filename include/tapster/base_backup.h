// Taking a base backup of a running PostgreSQL server, whose data directory is on this host.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/backup_info.h>
#include <tapster/clock.h>
#include <tapster/compression.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

struct ConnectionOptions {
  std::string host, port, user;
  std::string dbname = "postgres";  // a name; or, empty or with '=' or as a URI, a whole conninfo
};

struct BaseBackupOptions {
  ConnectionOptions connection;
  bool immediate_checkpoint = false;
  std::optional<std::string> name;
  Compression compression = Compression::none;
  CompressionLevel level;
  int compression_threads = 0;  // 0: the cores, at most 4
  int jobs = 2;                 // uploads at once
  bool more_jobs = true;        // and up to 5 of the usual size, while they are what is waited for and bring more
  std::uint64_t max_archive_size = 100ULL << 30;
  std::uint64_t min_chunk_size = 0;
  std::optional<std::uint64_t> max_bandwidth;  // bytes per second, over all uploads
  std::optional<int> max_parts;                // of the store; default: what the store says
  std::optional<Tags> tags;
  BackupInfoFormat info_format = BackupInfoFormat::v3_17;
  std::chrono::seconds wal_timeout{60};  // how long to look for the WAL that the backup needs; 0: look once
  // Why the stop was requested ("interrupted by SIGTERM"), for messages and backup.info; may be empty.
  std::function<std::string()> stop_reason;
  // Called now and then by the copying thread: bytes copied, of the cluster's size when it is known; may be empty.
  std::function<void(std::uint64_t copied, std::optional<std::uint64_t> total)> progress;
};

// Ends with DONE stored, or throws. Error: general when the connection string is wrong or the server too old;
// operation for all that goes wrong from connecting on. When that is after the backup has got its id, a FAILED
// backup.info is stored as far as it can be, PostgreSQL has left the backup mode, and no upload is left behind.
// `stop` (a signal) ends it at once in the same way.
void take_base_backup(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options, Clock& clock,
                      const std::stop_token& stop);

// Uploads a backup that Barman has taken (BARMAN_* variables). Throws Error: general for a wrong
// environment or a name among the options, unrecoverable_hook when Barman's backup is not DONE, operation for the rest;
// no backup.info is stored then. PostgreSQL is not contacted.
bool called_as_hook(const Environment& environment);
void upload_barman_backup(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options,
                          const Environment& environment, Clock& clock, const std::stop_token& stop);

}  // namespace tapster
