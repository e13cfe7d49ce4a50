#include "postgres/queries.h"

#include "support/catch.h"

#include <algorithm>

using namespace tapster;

namespace {

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

TEST_CASE("a session's time-outs are lifted, as far as the server knows them") {
  for (const int version : {100000, 130000, 140000, 170000, 180000}) {
    CAPTURE(version);
    const auto settings = session_settings(version);
    CHECK(has(settings, "SET statement_timeout TO 0"));
    CHECK(has(settings, "SET lock_timeout TO 0"));
    CHECK(has(settings, "SET idle_in_transaction_session_timeout TO 0"));
    CHECK(has(settings, "SET idle_session_timeout TO 0") == (version >= 140000));
    CHECK(has(settings, "SET transaction_timeout TO 0") == (version >= 170000));
  }
}

TEST_CASE("backup functions by version") {
  CHECK_THAT(start_query(100023), ContainsSubstring("pg_start_backup($1, $2::boolean, false)"));
  CHECK_THAT(start_query(149999), ContainsSubstring("pg_start_backup("));
  CHECK_THAT(start_query(150000), ContainsSubstring("pg_backup_start($1, $2::boolean)"));
  CHECK_THAT(start_query(180000), ContainsSubstring("pg_backup_start($1, $2::boolean)"));
  CHECK_THAT(stop_query(140000, false), ContainsSubstring("pg_stop_backup(false, false)"));
  CHECK_THAT(stop_query(180000, false), ContainsSubstring("pg_backup_stop(false)"));
}

TEST_CASE("on a standby the timeline is that of the minimum recovery point, and archiving is not waited for") {
  CHECK_THAT(stop_query(150000, true), ContainsSubstring("min_recovery_end_timeline"));
  CHECK_THAT(stop_query(150000, true), ContainsSubstring("pg_backup_stop(false)"));
  CHECK_THAT(stop_query(100000, true), ContainsSubstring("pg_stop_backup(false, false)"));
  CHECK_THAT(stop_query(150000, false), !ContainsSubstring("min_recovery_end_timeline"));
}

TEST_CASE("functions that a role must be allowed to execute") {
  using Functions = std::vector<std::string>;
  CHECK(required_functions(140000, false) == Functions{"pg_catalog.pg_start_backup(text,boolean,boolean)",
                                                       "pg_catalog.pg_stop_backup(boolean,boolean)",
                                                       "pg_catalog.pg_switch_wal()"});
  CHECK(required_functions(150000, true) ==
        Functions{"pg_catalog.pg_backup_start(text,boolean)", "pg_catalog.pg_backup_stop(boolean)"});
}

TEST_CASE("missing privileges are named with their cure") {
  CHECK(describe({.role = "backup", .settings = false, .functions = {}}).empty());
  CHECK(describe({.role = "backup", .settings = true, .functions = {"pg_catalog.pg_switch_wal()"}}) ==
        "role backup may not read the server's settings: run GRANT pg_read_all_settings, pg_read_all_stats TO backup; "
        "may not execute pg_catalog.pg_switch_wal(): run GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO "
        "backup");
  CHECK_THAT(describe({.role = "Back\"Up", .settings = true, .functions = {}}), ContainsSubstring("TO \"Back\"\"Up\""));
}
