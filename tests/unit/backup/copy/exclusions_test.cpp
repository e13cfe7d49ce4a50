#include "backup/copy/exclusions.h"

#include "support/catch.h"
#include "support/scratch.h"

#include <filesystem>

using namespace tapster;
using namespace tapster::test;
using Treatment = DirectoryTreatment;

namespace {

TreeSource pgdata(const std::string& root = "/nonexistent") {
  TreeSource source;
  source.root = root;
  source.major_version = "15";
  return source;
}

TreeSource tablespace() {
  TreeSource source = pgdata();
  source.is_tablespace = true;
  return source;
}

}  // namespace

TEST_CASE("directories whose content belongs to the running server are kept empty") {
  const Exclusions rules(pgdata());
  for (const char* path : {"pg_wal", "pg_xlog", "log", "pg_log", "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial",
                           "pg_stat_tmp", "pg_snapshots", "pg_subtrans"}) {
    CAPTURE(path);
    CHECK(rules.directory(path) == Treatment::keep_empty);
  }
  for (const char* path : {"", "base", "base/5", "global", "pg_stat", "pg_tblspc", "pg_logical/snapshots", "base/log",
                           "extension/pg_wal", "pg_commit_ts"}) {
    CAPTURE(path);
    CHECK(rules.directory(path) == Treatment::copy);
  }
  CHECK(rules.directory("base/pgsql_tmp") == Treatment::leave_out);
  CHECK(rules.directory("base/pgsql_tmp/pgsql_tmp12.0.fileset") == Treatment::leave_out);
}

TEST_CASE("files of the running server and of other backups are left out") {
  const Exclusions rules(pgdata());
  struct Row {
    const char* folder;
    const char* name;
    bool left_out;
  };
  for (const Row& row : {Row{"global", "pg_control", true},
                         Row{"", "pg_control", false},
                         Row{"", "postmaster.pid", true},
                         Row{"", "postmaster.opts", true},
                         Row{"", "postgresql.auto.conf.tmp", true},
                         Row{"", "postgresql.auto.conf", false},
                         Row{"", "current_logfiles.tmp", true},
                         Row{"", "current_logfiles", false},
                         Row{"", "recovery.conf", true},
                         Row{"", "standby.signal", true},
                         Row{"", "recovery.signal", false},
                         Row{"", "backup_label", true},
                         Row{"", "backup_label.old", false},
                         Row{"", "tablespace_map", true},
                         Row{"", "backup_manifest", true},
                         Row{"base/5", "backup_label", false},
                         Row{"base/5", "pg_internal.init", true},
                         Row{"global", "pg_internal.init.4711", true},
                         Row{"base/5", "pgsql_tmp4711.0", true},
                         Row{"base/5", "t3_16999", true},
                         Row{"base/5", "t3_16999_fsm", true},
                         Row{"base/5", "t3_16999.1", true},
                         Row{"base/abc", "t3_16999", false},
                         Row{"", "t3_16999", false},
                         Row{"base/5", "1259", false}}) {
    CAPTURE(row.folder, row.name);
    CHECK(rules.leaves_out_file(row.folder, row.name) == row.left_out);
  }
}

TEST_CASE("of a tablespace only the folders of this major version are copied") {
  const Exclusions rules(tablespace());
  CHECK(rules.directory("") == Treatment::copy);
  CHECK(rules.directory("PG_15_202209061") == Treatment::copy);
  CHECK(rules.directory("PG_15_202209061/16384") == Treatment::copy);
  CHECK(rules.directory("PG_14_202107181") == Treatment::leave_out);
  CHECK(rules.directory("PG_150_1") == Treatment::leave_out);
  CHECK(rules.directory("lost+found") == Treatment::leave_out);
  CHECK(rules.directory("PG_15_202209061/pgsql_tmp") == Treatment::leave_out);
  CHECK(rules.leaves_out_file("", "PG_15_file"));
  CHECK(rules.leaves_out_file("PG_15_202209061/16384", "t3_16999"));
  CHECK_FALSE(rules.leaves_out_file("PG_15_202209061/16384", "16999"));
}

TEST_CASE("a tablespace inside the data directory is not part of it, by whatever name it is given") {
  const ScratchDirectory scratch;
  std::filesystem::create_directories(scratch / "data/inside/deep");
  std::filesystem::create_directories(scratch / "data-two");
  std::filesystem::create_directory_symlink(scratch / "data", scratch / "alias");
  TreeSource source = pgdata(scratch / "alias");
  source.tablespaces = {{"a", 16385, scratch / "data/inside"},
                        {"b", 16386, scratch / "data-two"},
                        {"c", 16387, scratch / "absent"},
                        {"d", 16388, "pg_tblspc/16388"}};
  const Exclusions rules(source);
  CHECK(rules.directory("inside") == Treatment::leave_out);
  CHECK(rules.directory("-two") == Treatment::copy);
  CHECK(rules.directory("pg_tblspc/16385") == Treatment::leave_out);
  CHECK(rules.directory("pg_tblspc/16388") == Treatment::copy);  // in place: it has no other
  CHECK(rules.directory("pg_tblspc/16389") == Treatment::copy);
}
