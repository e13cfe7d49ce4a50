#include "support/captured_log.h"
#include "support/catch.h"
#include "unit/catalog/catalog_fixture.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

using namespace tapster;
using test::CatalogFixture;

namespace {

constexpr const char* kFirst = "20260101T000000";
constexpr const char* kSecond = "20260102T000000";
constexpr const char* kThird = "20260103T000000";

BackupCatalog read(CatalogFixture& fixture) { return BackupCatalog::read(fixture.store, fixture.layout); }

std::string refusal(const BackupCatalog& catalog, const char* name) {
  try {
    return catalog.resolve(name, "srv");
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    return failure.what();
  }
}

}  // namespace

TEST_CASE("a server without backups has an empty catalogue", "[catalog]") {
  CatalogFixture fixture;
  const BackupCatalog catalog = read(fixture);
  CHECK(catalog.backups().empty());
  CHECK(catalog.unreadable().empty());
  CHECK(catalog.folders().empty());
}

TEST_CASE("the catalogue holds the folders with a backup.info, in the order of their names", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kSecond, "status=DONE\n");
  fixture.add_backup(kFirst, "status=FAILED\n");
  fixture.add_backup("odd name", "");
  fixture.add("p/srv/base/20260104T000000/data.tar", "running, or killed");
  fixture.add("p/srv/base/stray", "");
  fixture.add("p/srv/base//backup.info", "");
  fixture.add("p/srv/base/20260105T000000/deeper/backup.info", "");
  fixture.add("p/srv2/base/20260106T000000/backup.info", "");
  const BackupCatalog catalog = read(fixture);
  REQUIRE(catalog.backups().size() == 3);
  CHECK(catalog.backups()[0].id == kFirst);
  CHECK(catalog.backups()[0].info.status == BackupStatus::failed);
  CHECK(catalog.backups()[1].id == kSecond);
  CHECK(catalog.backups()[2].id == "odd name");
  CHECK(catalog.backups()[2].info.status == BackupStatus::empty);
  CHECK(catalog.find(kSecond) == &catalog.backups()[1]);
  CHECK(catalog.find("20260104T000000") == nullptr);
  REQUIRE(catalog.folders().count("20260104T000000") == 1);
  CHECK(catalog.folders().at("20260104T000000").at(0).key == "data.tar");
  CHECK(catalog.folders().at("20260104T000000").at(0).size == 18);
  CHECK(catalog.folders().count("20260105T000000") == 1);
  CHECK(catalog.folders().size() == 5);
}

TEST_CASE("reading the catalogue costs its pages and one request per backup", "[catalog]") {
  CatalogFixture fixture;
  fixture.store.page_size = 10;
  for (int i = 0; i < 50; ++i) fixture.add_backup(fmt::format("202601{:02}T000000", i), "status=DONE\n");
  BackupCatalog catalog = read(fixture);
  CHECK(catalog.backups().size() == 50);
  CHECK(fixture.store.count("list") == 1);
  CHECK(fixture.store.count("page") == 10);
  CHECK(fixture.store.count("get") == 50);
  CHECK(fixture.store.calls().size() == 61);
  fixture.keep("20260107T000000", "full");
  catalog = read(fixture);
  const std::size_t before = fixture.store.calls().size();
  catalog.read_keeps(fixture.store, fixture.layout);
  CHECK(fixture.store.calls().size() == before + 2);  // the listing of the other form, and the annotation
}

TEST_CASE("several backup.info are read at once", "[catalog]") {
  CatalogFixture fixture;
  for (int i = 0; i < 20; ++i) fixture.add_backup(fmt::format("202601{:02}T000000", i), "");
  std::atomic<int> waiting = 0;
  fixture.store.before = [&](const std::string& operation, const std::string&) {
    if (operation != "get" || waiting > 1) return;
    ++waiting;
    while (waiting < 2) std::this_thread::yield();  // ends only when another thread comes
  };
  CHECK(read(fixture).backups().size() == 20);
}

TEST_CASE("a backup.info that cannot be understood is kept apart", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "status=DONE\n");
  fixture.add_backup(kSecond, "timeline=x\n");
  fixture.add_backup(kThird, std::string(5 << 20, '\n'));
  const test::CapturedLog log(log::Level::warning);
  const BackupCatalog catalog = read(fixture);
  CHECK(catalog.backups().size() == 1);
  REQUIRE(catalog.unreadable().size() == 2);
  CHECK(catalog.unreadable()[0].id == kSecond);
  CHECK(catalog.unreadable()[0].reason == "line 1: timeline is not an integer: x");
  CHECK(catalog.unreadable()[1].reason == "it has 5242880 bytes");
  CHECK_THAT(log.text(), ContainsSubstring("WARNING: Unable to open backup.info file for 20260102T000000: line 1"));
}

TEST_CASE("unknown fields are a warning", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "status=DONE\nfuture=1\nlater=2\n");
  const test::CapturedLog log(log::Level::warning);
  CHECK(read(fixture).backups().at(0).info.unknown_fields.size() == 2);
  CHECK_THAT(log.text(), ContainsSubstring("backup.info of 20260101T000000") && ContainsSubstring("future, later"));
}

TEST_CASE("a backup.info that vanishes after the listing is no backup", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "status=DONE\n");
  fixture.store.before = [&](const std::string& operation, const std::string& key) {
    if (operation == "get") fixture.store.erase(key);
  };
  const BackupCatalog catalog = read(fixture);
  CHECK(catalog.backups().empty());
  CHECK(catalog.unreadable().empty());
}

TEST_CASE("a refusal of the store is a failure, not an unreadable backup", "[catalog]") {
  CatalogFixture fixture;
  for (int i = 0; i < 20; ++i) fixture.add_backup(fmt::format("202601{:02}T000000", i), "");
  const std::string refused = GENERATE("list", "get");
  fixture.store.before = [&](const std::string& operation, const std::string&) {
    if (operation == refused) throw test::FakeStore::refusal(operation, 403);
  };
  CHECK_THROWS_AS(read(fixture), StoreError);
}

TEST_CASE("names and shortcuts are resolved to ids", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "status=FAILED\nbackup_name=one\n");
  fixture.add_backup(kSecond, "status=DONE\nbackup_name=both\n");
  fixture.add_backup(kThird, "status=FAILED\nbackup_name=both\n");
  const BackupCatalog catalog = read(fixture);
  CHECK(catalog.resolve("last", "srv") == kThird);
  CHECK(catalog.resolve("latest", "srv") == kThird);
  CHECK(catalog.resolve("first", "srv") == kFirst);
  CHECK(catalog.resolve("oldest", "srv") == kFirst);
  CHECK(catalog.resolve("last-failed", "srv") == kThird);
  CHECK(catalog.resolve("one", "srv") == kFirst);
  CHECK(catalog.resolve("19990101T000000", "srv") == "19990101T000000");
  CHECK(refusal(catalog, "two") == "Unknown backup 'two' for server 'srv'");
  CHECK(refusal(catalog, "last-full") == "Unknown backup 'last-full' for server 'srv'");
  CHECK(refusal(catalog, "") == "Unknown backup '' for server 'srv'");
  CHECK(refusal(catalog, "both") ==
        "Multiple backups found matching name 'both' (try using backup ID instead): 20260102T000000 20260103T000000");
  CHECK(refusal(BackupCatalog(), "last") == "Unknown backup 'last' for server 'srv'");
  CHECK(refusal(BackupCatalog(), "last-failed") == "Unknown backup 'last-failed' for server 'srv'");
}

TEST_CASE("an id is resolved without a request", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "backup_name=one\n");
  CHECK(resolve_backup(fixture.store, fixture.layout, kThird) == kThird);
  CHECK(fixture.store.calls().empty());
  CHECK(resolve_backup(fixture.store, fixture.layout, "one") == kFirst);
}

TEST_CASE("one backup.info is read alone", "[catalog]") {
  CatalogFixture fixture;
  fixture.add_backup(kFirst, "status=DONE\n");
  fixture.add_backup(kSecond, "nonsense\n");
  CHECK(read_backup_info(fixture.store, fixture.layout, kFirst)->status == BackupStatus::done);
  CHECK_FALSE(read_backup_info(fixture.store, fixture.layout, kThird));
  CHECK_THROWS_WITH(read_backup_info(fixture.store, fixture.layout, kSecond),
                    "fake://bucket/p/srv/base/20260102T000000/backup.info: line 1: nonsense: there is no = in it");
  fixture.add_backup(kThird, std::string(5 << 20, '\n'));
  CHECK_THROWS_WITH(read_backup_info(fixture.store, fixture.layout, kThird), ContainsSubstring("is larger than"));
}

TEST_CASE("a catalogue can be made without a store", "[catalog]") {
  const BackupCatalog catalog = BackupCatalog::of({{kSecond, {}, {}}, {kFirst, {}, Keep{}}});
  REQUIRE(catalog.backups().size() == 2);
  CHECK(catalog.backups()[0].id == kFirst);
  CHECK(catalog.find(kFirst)->keep);
}
