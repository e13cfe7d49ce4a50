#include "support/catch.h"
#include "support/fake_store.h"

#include <tapster/error.h>
#include <tapster/wal_check.h>

#include <optional>
#include <string>
#include <vector>

using namespace tapster;
using tapster::test::FakeStore;

namespace {

// The message of the refusal; empty when the archive is fit.
std::string check(FakeStore& store, std::optional<std::uint32_t> timeline) {
  try {
    check_wal_archive(store, ArchiveLayout("p", "srv"), timeline);
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::operation);
    return failure.what();
  }
  return {};
}

const std::string kFailed = "WAL archive check failed for server srv: ";

}  // namespace

TEST_CASE("without a timeline the archive must hold no WAL file of any kind", "[wal][check]") {
  const struct {
    const char* key;
    bool fit;
  } cases[] = {
      {"p/srv/wals/0000000100000000/000000010000000000000001", false},
      {"p/srv/wals/0000000100000000/000000010000000000000001.lz4", false},
      {"p/srv/wals/0000000100000000/000000010000000000000001.partial", false},
      {"p/srv/wals/0000000100000000/000000010000000000000001.partial.gz", false},
      {"p/srv/wals/0000000100000000/000000010000000000000001.00000028.backup.xz", false},
      {"p/srv/wals/00000002.history", false},
      {"p/srv/wals/00000002.history.bz2", false},
      {"p/srv/wals/000000010000000000000001", false},  // wherever it lies
      {"p/srv/wals/README", true},
      {"p/srv/wals/0000000100000000/000000010000000000000001.gz.gz", true},
      {"p/srv/wals/0000000100000000/000000010000000000000001.tmp", true},
      {"p/srv/wals/0000000100000000/", true},
      {"p/srv2/wals/0000000100000000/000000010000000000000001", true},
      {"p/srv/base/20240101T000000/backup.info", true},
  };
  for (const auto& item : cases) {
    INFO(item.key);
    FakeStore store;
    store.add(item.key, {});
    CHECK(check(store, std::nullopt) == (item.fit ? "" : kFailed + "Expected empty archive"));
  }
  FakeStore empty;
  CHECK(check(empty, std::nullopt).empty());
}

TEST_CASE("with a timeline only older timelines may be there", "[wal][check]") {
  FakeStore store;
  store.add("p/srv/wals/0000000100000000/000000010000000000000001", {});
  store.add("p/srv/wals/0000000200000000/000000020000000000000002.gz", {});
  store.add("p/srv/wals/00000003.history", {});
  const std::string tail = " in WAL archive equal to or newer than timeline ";
  CHECK(check(store, 1) == kFailed + "Found 3 files" + tail + "1");
  CHECK(check(store, 2) == kFailed + "Found 2 files" + tail + "2");
  CHECK(check(store, 3) == kFailed + "Found 1 file" + tail + "3");
  CHECK(check(store, 4).empty());
}

TEST_CASE("listing stops at the first WAL file when none is allowed", "[wal][check]") {
  FakeStore store;
  store.page_size = 1;
  for (const char* key :
       {"p/srv/wals/00000002.history", "p/srv/wals/00000003.history", "p/srv/wals/00000004.history"}) {
    store.add(key, {});
  }
  CHECK_FALSE(check(store, std::nullopt).empty());
  CHECK(store.count("page") == 1);
  CHECK_FALSE(check(store, 2).empty());
  CHECK(store.count("page") == 4);
}

TEST_CASE("a refusal of the listing is thrown", "[wal][check]") {
  FakeStore store;
  store.before = [](const std::string& operation, const std::string&) { throw FakeStore::refusal(operation, 403); };
  CHECK_THROWS_AS(check_wal_archive(store, ArchiveLayout("p", "srv"), std::nullopt), StoreError);
}
