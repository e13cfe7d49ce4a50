// Which backup is restored when it is not told by its id, and the timeline that is the latest.
#include "store/file/file_store.h"
#include "support/catch.h"
#include "support/scratch.h"

#include <tapster/backup_restore.h>
#include <tapster/error.h>

#include <filesystem>

using namespace tapster;
using namespace tapster::test;

namespace {

CatalogedBackup backup(const std::string& id, BackupStatus status, std::int64_t timeline, const std::string& end_time,
                       const std::string& end_lsn) {
  CatalogedBackup result{.id = id, .info = {}, .keep = {}};
  result.info.status = status;
  result.info.timeline = timeline;
  if (!end_time.empty()) result.info.end_time = parse_zoned_time(end_time).value();
  if (!end_lsn.empty()) result.info.end_xlog = end_lsn;
  return result;
}

BackupCatalog some_backups() {
  using enum BackupStatus;
  return BackupCatalog::of({backup("20261101T000000", failed, 1, "", ""),
                            backup("20261102T000000", done, 1, "2026-11-02 01:00:00+00", "0/3000100"),
                            backup("20261103T000000", done, 1, "2026-11-03 01:00:00.25+00", "0/9000000"),
                            backup("20261104T000000", done, 2, "2026-11-04 03:00:00+02", "A/0"),
                            backup("20261105T000000", waiting_for_wals, 2, "2026-11-05 01:00:00+00", "B/0"),
                            backup("20261106T000000", failed, 2, "", ""),
                            backup("20261107T000000", started, 2, "", "")});
}

RecoveryTarget target(std::optional<std::int64_t> timeline, const std::string& time = "", const std::string& lsn = "") {
  RecoveryTarget result{.timeline = timeline, .time = {}, .lsn = {}};
  if (!time.empty()) result.time = parse_zoned_time(time).value();
  if (!lsn.empty()) result.lsn = parse_lsn(lsn).value();
  return result;
}

}  // namespace

TEST_CASE("auto takes the newest finished backup that ends before the target") {
  struct Row {
    RecoveryTarget target;
    std::string expected;  // the day; empty: none
  };
  const std::vector<Row> rows{
      {target({}), "04"},
      {target(1), "03"},
      {target(2), "04"},
      {target(3), ""},
      {target({}, "2026-11-04 01:00:00+00"), "04"},
      {target({}, "2026-11-04 00:59:59.999999+00"), "03"},
      {target({}, "2026-11-03 01:00:00.249999+00"), "02"},
      {target({}, "2026-11-02 00:59:59+00"), ""},
      {target(2, "2026-11-03 12:00:00+00"), ""},
      {target(1, "2027-01-01"), "03"},
      {target({}, "", "A/0"), "04"},
      {target({}, "", "9/FFFFFFFF"), "03"},
      {target({}, "", "0/8FFFFFF"), "02"},
      {target({}, "", "0/30000FF"), ""},
      {target(1, "", "FFFFFFFF/0"), "03"},
  };
  for (const Row& row : rows) {
    const auto chosen = choose_backup(some_backups(), row.target);
    CHECK((chosen ? chosen->substr(6, 2) : "") == row.expected);
  }
  CHECK_FALSE(choose_backup(BackupCatalog::of({}), {}));
}

TEST_CASE("a finished backup without an end suits no target, and one of snapshots none at all") {
  auto odd = backup("20261108T000000", BackupStatus::done, 2, "", "");
  CHECK(choose_backup(BackupCatalog::of({odd}), {}) == odd.id);
  CHECK_FALSE(choose_backup(BackupCatalog::of({odd}), target({}, "2030-01-01")));
  CHECK_FALSE(choose_backup(BackupCatalog::of({odd}), target({}, "", "FF/0")));
  odd.info.snapshots_info = Literal(Literal::Dict{});
  CHECK_FALSE(choose_backup(BackupCatalog::of({odd}), {}));
}

TEST_CASE("shortcuts mean finished backups") {
  const auto catalog = some_backups();
  CHECK(resolve_restorable(catalog, "last", "srv") == "20261104T000000");
  CHECK(resolve_restorable(catalog, "latest", "srv") == "20261104T000000");
  CHECK(resolve_restorable(catalog, "first", "srv") == "20261102T000000");
  CHECK(resolve_restorable(catalog, "oldest", "srv") == "20261102T000000");
  CHECK(resolve_restorable(catalog, "last-failed", "srv") == "20261106T000000");
  CHECK_THROWS_WITH(resolve_restorable(catalog, "nobody", "srv"), "Unknown backup 'nobody' for server 'srv'");
  const auto failed = BackupCatalog::of({backup("20261101T000000", BackupStatus::failed, 1, "", "")});
  CHECK_FALSE(resolve_restorable(failed, "last", "srv"));
  CHECK_FALSE(resolve_restorable(failed, "first", "srv"));
  CHECK_THROWS_AS(resolve_restorable(BackupCatalog::of({}), "last", "srv"), Error);
}

TEST_CASE("the latest timeline is that of the highest name in the archive") {
  const ScratchDirectory dir;
  FileStore store(dir.path().string());
  const ArchiveLayout layout("", "srv");
  const auto add = [&](const std::string& name) {
    const std::string path = dir / ("srv/wals/" + name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    write_file(path, "x");
  };
  CHECK_THROWS_WITH(latest_timeline(store, layout), ContainsSubstring("there is no WAL at file://"));
  add("README");
  add("notes/0000000900000000");
  CHECK_THROWS_AS(latest_timeline(store, layout), Error);
  add("0000000100000003/000000010000000300000001.gz");
  CHECK(latest_timeline(store, layout) == 1);
  add("0000000A00000000/0000000A0000000000000001");
  CHECK(latest_timeline(store, layout) == 10);
  add("0000000B.history");
  CHECK(latest_timeline(store, layout) == 11);
  add("0000000C.history.gz");
  CHECK(latest_timeline(store, layout) == 12);
}
