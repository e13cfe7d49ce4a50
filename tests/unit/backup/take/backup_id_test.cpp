#include "backup/take/backup_id.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

#include <cstdlib>
#include <ctime>

using namespace tapster;
using namespace tapster::test;

namespace {

class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

const TimePoint kTime{std::chrono::seconds(1'763'712'059)};  // 2025-11-21 08:00:59 UTC
const ArchiveLayout kLayout("pg", "main");

}  // namespace

TEST_CASE("a backup's id is the local time") {
  CHECK((Zone("UTC"), backup_id_of(kTime)) == "20251121T080059");
  const Zone zone("Asia/Kolkata");
  CHECK(backup_id_of(kTime) == "20251121T133059");
}

TEST_CASE("an id that has objects already is passed over") {
  const Zone zone("UTC");
  FakeStore store;
  const FakeClock clock(kTime);
  CHECK(choose_backup_id(store, kLayout, clock) == "20251121T080059");
  store.add("pg/main/base/20251121T080059/data.tar", {});
  CHECK(choose_backup_id(store, kLayout, clock) == "20251121T080100");
  store.add("pg/main/base/20251121T080100/backup.info", {});
  CHECK(choose_backup_id(store, kLayout, clock) == "20251121T080101");
}

TEST_CASE("a store that refuses to list does not keep from taking backups, one that does not answer does") {
  const Zone zone("UTC");
  FakeStore store;
  const FakeClock clock(kTime);
  store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw FakeStore::refusal("ListObjectsV2", 403);
  };
  CHECK(choose_backup_id(store, kLayout, clock) == "20251121T080059");
  store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw Error(ErrorKind::network, "no answer");
  };
  CHECK_THROWS_WITH(choose_backup_id(store, kLayout, clock), "no answer");
  store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw FakeStore::refusal("ListObjectsV2", 404);
  };
  CHECK_THROWS_AS(choose_backup_id(store, kLayout, clock), StoreError);
}

TEST_CASE("a clock that stands still is not waited for") {
  FakeStore store;
  FakeClock clock(kTime);
  for (int i = 0; i < 60; ++i) {
    store.add(kLayout.backup_info_key(backup_id_of(kTime + std::chrono::seconds(i))), {});
  }
  CHECK_THROWS_AS(choose_backup_id(store, kLayout, clock), Error);
}
