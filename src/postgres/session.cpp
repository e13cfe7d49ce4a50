#include "postgres/session.h"

#include "postgres/connection.h"
#include "postgres/queries.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <charconv>
#include <map>
#include <thread>

namespace tapster {
namespace {

constexpr int kProbeInterval = 10'000;  // milliseconds between signs of life during the copy

template <typename Number>
std::optional<Number> number_of(const std::optional<std::string>& text) {
  Number value = 0;
  if (!text) return std::nullopt;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

// The one row with so many columns that the query must have.
const Row& single(const Rows& rows, std::size_t columns) {
  if (rows.size() != 1 || rows[0].size() != columns) {
    throw Error(ErrorKind::operation, "PostgreSQL gave an unexpected answer");
  }
  return rows[0];
}

template <typename Value>
Value expected(std::optional<Value> value, const char* what) {
  if (!value) throw error(ErrorKind::operation, "PostgreSQL gave no valid {}", what);
  return *std::move(value);
}

class Session final : public PostgresSession {
 public:
  Session(const std::string& conninfo, std::stop_token stop) : stop_(std::move(stop)), connection_(conninfo, stop_) {
    if (connection_.server_version() < kOldestServer) {
      throw error(ErrorKind::general, "PostgreSQL {} is too old: version 10 or newer is needed",
                  connection_.parameter("server_version"));
    }
    for (const std::string& setting : session_settings(connection_.server_version())) run(setting);
  }
  ~Session() override {
    abandon_.request_stop();
    end_watch();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ServerFacts facts() override;
  void check_privileges(const ServerFacts& facts) override;
  BackupStart start_backup(const std::string& label, bool fast, const std::stop_token& stop) override;
  std::stop_token watch() override;
  std::string lost() const override;
  BackupStop stop_backup(const std::stop_token& stop) override;
  void switch_wal() override;
  void create_restore_point(const std::string& name) override;

 private:
  Rows run(const std::string& sql, const std::vector<std::string>& parameters = {}) {
    return connection_.query(sql, parameters, stop_);
  }
  // What is only good to know: its failure is logged, unless the connection is at its end.
  Rows try_to_run(const std::string& sql, const std::string& what);
  void read_settings(ServerFacts& facts);
  void keep_watch(const std::stop_token& end);
  void end_watch();

  std::stop_token stop_;
  PostgresConnection connection_;
  bool in_recovery_ = false;
  std::jthread watcher_;
  std::stop_source abandon_;  // the session is not used any more: nothing is waited for
  std::stop_source lost_;
  mutable std::mutex mutex_;
  std::string loss_;
};

Rows Session::try_to_run(const std::string& sql, const std::string& what) {
  try {
    return run(sql);
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::debug("cannot read {}: {}", what, failure.what());
    return {};
  }
}

void Session::read_settings(ServerFacts& facts) {
  std::map<std::string, std::optional<std::string>> settings;
  for (const Row& row : run(settings_query())) {
    if (row.size() == 2 && row[0]) settings[*row[0]] = row[1];
  }
  facts.data_directory = settings["data_directory"].value_or("");
  facts.config_file = settings["config_file"].value_or("");
  facts.hba_file = settings["hba_file"].value_or("");
  facts.ident_file = settings["ident_file"].value_or("");
  facts.data_checksums = settings["data_checksums"];
  facts.summarize_wal = settings["summarize_wal"];
  facts.block_size = number_of<std::uint32_t>(settings["block_size"]).value_or(facts.block_size);
  facts.blocks_per_file = number_of<std::uint32_t>(settings["segment_size"]).value_or(facts.blocks_per_file);
  if (const auto size = number_of<std::uint64_t>(settings["wal_segment_size"])) {
    // Counted in blocks before version 11.
    const bool in_bytes = facts.version >= 110000;
    facts.wal_segment_size =
        in_bytes ? *size : *size * number_of<std::uint64_t>(settings["wal_block_size"]).value_or(8192);
  }
}

ServerFacts Session::facts() {
  ServerFacts facts;
  facts.version = connection_.server_version();
  facts.version_text = connection_.parameter("server_version");
  in_recovery_ = facts.in_recovery = single(run("SELECT pg_catalog.pg_is_in_recovery()"), 1)[0] == "t";
  read_settings(facts);
  const Rows identifier =
      try_to_run("SELECT system_identifier FROM pg_catalog.pg_control_system()", "the system identifier");
  if (!identifier.empty()) facts.system_identifier = identifier[0][0].value_or("");
  if (!facts.config_file.empty()) {
    const Rows files = try_to_run(
        "SELECT DISTINCT sourcefile FROM pg_catalog.pg_settings WHERE sourcefile IS NOT NULL AND sourcefile <> "
        "pg_catalog.current_setting('config_file') ORDER BY sourcefile",
        "the included configuration files");
    facts.included_files.reserve(files.size());
    for (const Row& row : files) facts.included_files.push_back(row[0].value_or(""));
  }
  // Relative ones lie in PGDATA and are part of it (allow_in_place_tablespaces).
  for (const Row& row : run("SELECT spcname, oid, pg_catalog.pg_tablespace_location(oid) FROM "
                            "pg_catalog.pg_tablespace WHERE pg_catalog.pg_tablespace_location(oid) LIKE '/%'")) {
    facts.tablespaces.push_back(
        {row.at(0).value_or(""), expected(number_of<std::uint32_t>(row.at(1)), "tablespace"), row.at(2).value_or("")});
  }
  const Rows size = try_to_run(
      "SELECT pg_catalog.sum(pg_catalog.pg_tablespace_size(oid)) FROM pg_catalog.pg_tablespace", "the cluster's size");
  if (!size.empty()) facts.cluster_size = number_of<std::int64_t>(size[0][0]);
  return facts;
}

void Session::check_privileges(const ServerFacts& facts) {
  MissingPrivileges missing;
  missing.role = single(run("SELECT current_user::text"), 1)[0].value_or("");
  missing.settings = facts.data_directory.empty();
  for (std::string& function : required_functions(facts.version, facts.in_recovery)) {
    const Rows allowed = run("SELECT pg_catalog.has_function_privilege($1::text, 'EXECUTE')", {function});
    if (single(allowed, 1)[0] != "t") missing.functions.push_back(std::move(function));
  }
  if (missing.settings || !missing.functions.empty()) throw Error(ErrorKind::operation, describe(missing));
}

BackupStart Session::start_backup(const std::string& label, bool fast, const std::stop_token& stop) {
  const Rows rows =
      connection_.query(start_query(connection_.server_version()), {label, fast ? "true" : "false"}, stop);
  const Row& row = single(rows, 3);
  BackupStart start;
  start.lsn_text = expected(row[0], "LSN");
  start.lsn = expected(parse_lsn(start.lsn_text), "LSN");
  start.timeline = expected(number_of<std::uint32_t>(row[1]), "timeline");
  start.time = expected(parse_zoned_time(row[2].value_or("")), "time");
  return start;
}

std::stop_token Session::watch() {
  lost_ = std::stop_source();
  watcher_ = std::jthread([this](const std::stop_token& end) { keep_watch(end); });
  return lost_.get_token();
}

void Session::keep_watch(const std::stop_token& end) {
  std::optional<std::string> reason;
  while (!reason && !end.stop_requested()) {
    try {
      reason = connection_.watch_idle(kProbeInterval, end);
      if (!reason && !end.stop_requested()) connection_.query("SELECT 1", {}, abandon_.get_token());
    } catch (const Error& failure) {
      reason = failure.what();
    }
  }
  if (!reason) return;
  {
    const std::lock_guard lock(mutex_);
    loss_ = *reason;
  }
  lost_.request_stop();
}

std::string Session::lost() const {
  const std::lock_guard lock(mutex_);
  return loss_;
}

void Session::end_watch() {
  if (!watcher_.joinable()) return;
  watcher_.request_stop();
  watcher_.join();
}

BackupStop Session::stop_backup(const std::stop_token& stop) {
  {
    // A sign of life that is under way is waited for: its cancellation might hit the next query.
    const std::stop_callback give_up(stop, [this] { abandon_.request_stop(); });
    end_watch();
  }
  if (const std::string reason = lost(); !reason.empty()) throw Error(ErrorKind::operation, reason);
  const Rows rows = connection_.query(stop_query(connection_.server_version(), in_recovery_), {}, stop);
  const Row& row = single(rows, 4);
  BackupStop result;
  result.lsn_text = expected(row[0], "LSN");
  result.lsn = expected(parse_lsn(result.lsn_text), "LSN");
  result.label = expected(row[1], "backup label");
  result.time = expected(parse_zoned_time(row[2].value_or("")), "time");
  result.timeline = expected(number_of<std::uint32_t>(row[3]), "timeline");
  return result;
}

void Session::switch_wal() {
  if (!in_recovery_) run("SELECT pg_catalog.pg_switch_wal()");
}

void Session::create_restore_point(const std::string& name) {
  if (in_recovery_) return;
  try {
    run("SELECT pg_catalog.pg_create_restore_point($1::text)", {name});
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::info("the restore point {} was not made: {}", name, failure.what());
  }
}

}  // namespace

std::unique_ptr<PostgresSession> connect_postgres(const std::string& conninfo, const std::stop_token& stop) {
  if (const auto fault = conninfo_fault(conninfo)) {
    throw error(ErrorKind::general, "not a valid connection string: {}", *fault);
  }
  return std::make_unique<Session>(conninfo, stop);
}

}  // namespace tapster
