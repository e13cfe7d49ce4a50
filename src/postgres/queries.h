// The SQL of a base backup, by the server's version (10 to 18 and later). Pure functions.
#pragma once

#include <string>
#include <vector>

namespace tapster {

inline constexpr int kOldestServer = 100000;  // PostgreSQL 10

// Time-outs that would end a long copy, and what our reading of answers relies on.
std::vector<std::string> session_settings(int version);

// name, setting: what this role may see.
std::string settings_query();
// Of functions, as has_function_privilege takes them: "pg_catalog.pg_backup_start(text,boolean)". WAL is
// switched on primaries only.
std::vector<std::string> required_functions(int version, bool in_recovery);

// $1 label, $2 fast; one row: lsn, timeline, now.
std::string start_query(int version);
// One row: lsn, label file, now, timeline. A standby's last segments are archived whenever its primary gets there:
// that is not waited for.
std::string stop_query(int version, bool in_recovery);

// The role lacks these: what to say and the cure. Empty: nothing is missing.
struct MissingPrivileges {
  std::string role;
  bool settings = false;               // data_directory and others are hidden
  std::vector<std::string> functions;  // of required_functions
};
std::string describe(const MissingPrivileges& missing);

}  // namespace tapster
