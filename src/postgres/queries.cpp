#include "postgres/queries.h"

#include <fmt/format.h>

namespace tapster {
namespace {

constexpr int kVersion14 = 140000;
constexpr int kVersion15 = 150000;
constexpr int kVersion17 = 170000;

// "GRANT ... TO role": quoted as an identifier wherever that is not certainly unnecessary.
std::string identifier(const std::string& name) {
  if (!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos) return name;
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text += '"';
}

}  // namespace

std::vector<std::string> session_settings(int version) {
  std::vector<std::string> settings = {"SET search_path TO pg_catalog", "SET datestyle TO ISO",
                                       "SET statement_timeout TO 0", "SET lock_timeout TO 0",
                                       "SET idle_in_transaction_session_timeout TO 0"};
  if (version >= kVersion14) settings.emplace_back("SET idle_session_timeout TO 0");
  if (version >= kVersion17) settings.emplace_back("SET transaction_timeout TO 0");
  return settings;
}

std::string settings_query() {
  return "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('data_directory', 'config_file', 'hba_file', "
         "'ident_file', 'data_checksums', 'summarize_wal', 'wal_segment_size', 'wal_block_size', 'block_size', "
         "'segment_size')";
}

std::vector<std::string> required_functions(int version, bool in_recovery) {
  std::vector<std::string> functions;
  if (version >= kVersion15) {
    functions = {"pg_catalog.pg_backup_start(text,boolean)", "pg_catalog.pg_backup_stop(boolean)"};
  } else {
    functions = {"pg_catalog.pg_start_backup(text,boolean,boolean)", "pg_catalog.pg_stop_backup(boolean,boolean)"};
  }
  if (!in_recovery) functions.emplace_back("pg_catalog.pg_switch_wal()");
  return functions;
}

std::string start_query(int version) {
  const char* const call =
      version >= kVersion15 ? "pg_backup_start($1, $2::boolean)" : "pg_start_backup($1, $2::boolean, false)";
  return fmt::format(
      "SELECT pg_catalog.{}, (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()), pg_catalog.now()", call);
}

std::string stop_query(int version, bool in_recovery) {
  // Not waiting for the archiver: the server looks once a second only. The backup itself looks for its WAL, while
  // its last parts are still on their way.
  const char* const call = version >= kVersion15 ? "pg_backup_stop(false)" : "pg_stop_backup(false, false)";
  const char* const timeline = in_recovery ? "SELECT min_recovery_end_timeline FROM pg_catalog.pg_control_recovery()"
                                           : "SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()";
  return fmt::format("SELECT s.lsn, s.labelfile, pg_catalog.now(), ({}) FROM pg_catalog.{} AS s", timeline, call);
}

std::string describe(const MissingPrivileges& missing) {
  std::string text;
  const auto add = [&](const std::string& what, const std::string& grant) {
    text.append(text.empty() ? fmt::format("role {} ", identifier(missing.role)) : "; ");
    text.append(fmt::format("{}: run {} TO {}", what, grant, identifier(missing.role)));
  };
  if (missing.settings) add("may not read the server's settings", "GRANT pg_read_all_settings, pg_read_all_stats");
  for (const std::string& function : missing.functions) {
    add(fmt::format("may not execute {}", function), fmt::format("GRANT EXECUTE ON FUNCTION {}", function));
  }
  return text;
}

}  // namespace tapster
