// The session in which a base backup is started and stopped (PostgreSQL 10 to 18), over libpq.
#pragma once

#include <tapster/backup_info.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tapster {

// The server's own description of what is to be copied.
struct ServerFacts {
  int version = 0;           // 150018
  std::string version_text;  // "15.18 (Debian ...)"
  std::string system_identifier;
  std::string data_directory;
  std::string config_file, hba_file, ident_file;  // empty: unknown
  std::vector<std::string> included_files;
  std::vector<Tablespace> tablespaces;  // those that have a location
  std::optional<std::string> data_checksums, summarize_wal;
  std::optional<std::int64_t> cluster_size;
  std::uint64_t wal_segment_size = 16 << 20;  // bytes
  std::uint32_t block_size = 8192;            // bytes
  std::uint32_t blocks_per_file = 131072;     // RELSEG_SIZE
  bool in_recovery = false;
};

struct BackupStart {
  std::uint64_t lsn = 0;
  std::string lsn_text;
  std::uint32_t timeline = 0;
  ZonedTime time;
};
struct BackupStop {
  std::uint64_t lsn = 0;
  std::string lsn_text;
  std::string label;  // byte for byte
  std::uint32_t timeline = 0;
  ZonedTime time;
};

// Behind an interface, so that the course of a backup is tested without a server. Not thread-safe, lost()
// excepted. Every failure is an Error (operation) with the server's message. Its end is the end of the backup mode:
// PostgreSQL gives up a backup whose session is closed.
class PostgresSession {
 public:
  virtual ~PostgresSession() = default;
  // What this role may not see is left empty.
  virtual ServerFacts facts() = 0;
  // Throws, naming what is missing and the GRANT that cures it, when this role could not start and stop a
  // backup or switch WAL.
  virtual void check_privileges(const ServerFacts& facts) = 0;
  // Waits for the checkpoint; `stop` cancels the query.
  virtual BackupStart start_backup(const std::string& label, bool fast, const std::stop_token& stop) = 0;
  // Keeps the idle session alive and watched until stop_backup; `lost` is requested when it dies, and then this
  // says why.
  virtual std::stop_token watch() = 0;
  virtual std::string lost() const = 0;
  virtual BackupStop stop_backup(const std::stop_token& stop) = 0;
  virtual void switch_wal() = 0;                                   // nothing on a standby
  virtual void create_restore_point(const std::string& name) = 0;  // failure is only logged
};

// `conninfo` as libpq takes it, URI or keywords. Throws Error: general when libpq cannot parse it or the server is
// older than 10, operation ("Cannot connect to postgres: ...") when there is no connection. `stop` ends the wait for
// one, and later the queries that have no stop of their own.
std::unique_ptr<PostgresSession> connect_postgres(const std::string& conninfo, const std::stop_token& stop);

// Does libpq understand it? The reason when not.
std::optional<std::string> conninfo_fault(const std::string& conninfo);
// KEYWORD='VALUE' of what is not empty, every value quoted.
std::string make_conninfo(const std::string& host, const std::string& port, const std::string& user,
                          const std::string& dbname);
// What to connect with: `dbname` itself when it is empty, has a '=' or is a URI; else make_conninfo.
std::string choose_conninfo(const std::string& host, const std::string& port, const std::string& user,
                            const std::string& dbname);

}  // namespace tapster
