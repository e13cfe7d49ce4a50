// The background fetcher: what it fetches, and when it ends.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/standby.h"
#include "wal/prefetch/fetch_position.h"

#include <tapster/error.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <set>

using namespace tapster;
using namespace tapster::test;

TEST_CASE("one fetcher fetches each segment once while PostgreSQL asks for them", "[wal][prefetch]") {
  Standby standby;
  const Names names = standby.add_series(kFirst, 30);
  for (const std::string& name : names) {
    CHECK(standby.restore(name) == WalRestoreOutcome::restored);
    CHECK(read_data(standby.destination()) == standby.store.find(standby.layout.wal_key(wal(name)))->data);
    if (name != names.back()) {
      const std::string next = wal(name).next(kMiB).text();  // replay takes its time
      REQUIRE(comes_true([&] { return standby.calls_for(next, "get") > 0; }));
    }
  }
  for (const std::string& name : names) CHECK(standby.calls_for(name, "get") == 1);
  REQUIRE(standby.fetchers_end());
  // For the first one, and for what is behind the last one: by as many as were under way, and when that has been taken.
  CHECK(standby.store.count("list") >= 2);
  CHECK(standby.store.count("list") <= 6);
  CHECK(standby.note() == "nothing more: 00000001000000000000001F is not in the archive\n");
  CHECK(standby.started <= 2);
  CHECK(standby.spooled().empty());
}

TEST_CASE("the window is as wide as was asked for, and as many are fetched at once", "[wal][prefetch]") {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::mutex mutex;
  std::set<std::string> begun;
  Standby standby;  // ends its threads before what they use goes
  const Names names = standby.add_series(kFirst, 20);
  // Nobody gets to the end before four are there.
  standby.store.during_get = [&](const std::string& key, std::uint64_t) {
    if (key.ends_with(kFirst)) return;
    {
      const std::lock_guard lock(mutex);
      if (!begun.insert(key).second) return;
    }
    const int count = ++now;
    most = std::max(most.load(), count);
    comes_true([&] { return most >= 4; });
    --now;
  };
  standby.restore(kFirst);
  CHECK(standby.spool_becomes({names.begin() + 1, names.begin() + 5}));
  CHECK(most == 4);
  CHECK(standby.calls_for(names[5]) == 0);
  standby.restore(kSecond);
  CHECK(standby.spool_becomes({names.begin() + 2, names.begin() + 6}));
  CHECK(standby.calls_for(names[6]) == 0);
}

TEST_CASE("the segment size decides which segment is next", "[wal][prefetch]") {
  const struct {
    std::uint32_t segment_size;
    const char* first;
    const char* next;
    const char* not_next;
  } cases[] = {
      {kMiB, "0000000100000000000000FF", "000000010000000000000100", "000000010000000100000000"},
      {kMiB, "000000010000000000000FFF", "000000010000000100000000", "000000010000000000001000"},
      {16 * kMiB, "0000000100000000000000FF", "000000010000000100000000", "000000010000000000000100"},
  };
  for (const auto& item : cases) {
    INFO(item.first);
    Standby standby;
    standby.parallel = 2;
    for (const char* name : {item.first, item.next, item.not_next}) standby.add(name, 1, item.segment_size);
    standby.restore(item.first);
    REQUIRE(standby.fetchers_end());
    CHECK(standby.spooled() == Names{item.next});
  }
}

TEST_CASE("the end of the archive costs one question, whatever the window", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 8;
  standby.add(kFirst, 1);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
  CHECK(standby.calls_for(kSecond, "list") == 1);
  CHECK(standby.calls_for(kThird) == 0);
}

TEST_CASE("the fetcher ends at a segment that is absent or fails", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  std::string note = "failed: ";
  SECTION("absent") { note = "nothing more: " + kThird; }
  SECTION("partial") {
    standby.store.add(standby.layout.wal_key(wal(kThird)) + ".partial", make_segment(kMiB, 3));
    note = "nothing more: " + kThird;
  }
  SECTION("damaged") { standby.store.add(standby.layout.wal_key(wal(kThird)) + ".gz", bytes_of("no gzip")); }
  SECTION("with another checksum") {
    standby.store.add(standby.layout.wal_key(wal(kThird)), make_segment(kMiB, 3),
                      {{"tapster-crc64nvme", "0000000000000000"}});
  }
  SECTION("too short") {
    Data data = make_segment(kMiB, 3);
    data.resize(1000);
    standby.store.add(standby.layout.wal_key(wal(kThird)), data);
  }
  SECTION("no segment") { standby.store.add(standby.layout.wal_key(wal(kThird)), random_bytes(kMiB, 3)); }
  SECTION("the store fails") {
    standby.add(kThird, 3);
    standby.store.before = [](const std::string&, const std::string& key) {
      if (key.ends_with(kThird)) throw Error(ErrorKind::network, "connection reset");
    };
  }
  SECTION("the disk is full") {
    standby.add(kThird, 3);
    standby.store.during_get = [](const std::string& key, std::uint64_t) {
      if (key.ends_with(kThird)) throw Error(ErrorKind::general, "cannot write: No space left on device");
    };
  }
  const CapturedLog log(log::Level::warning);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  REQUIRE(standby.fetchers_end());
  CHECK(standby.spooled() == Names{kSecond});
  CHECK(standby.note().starts_with(note));
  CHECK(standby.files() == Names{kSecond, "fetcher", "form", "position"});
  CHECK(log.text().empty());
}

TEST_CASE("a fetcher is not started soon after a failure, and after the archive's end when its segments are served",
          "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.add(kThird, 3);
  SECTION("failed") {
    standby.add(kFourth, 4);
    bool up = false;
    standby.store.before = [&](const std::string&, const std::string& key) {
      if (key.ends_with(kFourth) && !up) throw Error(ErrorKind::network, "connection reset");
    };
    standby.restore(kFirst);
    REQUIRE(standby.fetchers_end());
    up = true;
    standby.restore(kSecond);
    standby.restore(kThird);
    const CapturedLog log(log::Level::info);
    CHECK(standby.restore(kFourth) == WalRestoreOutcome::restored);
    CHECK(standby.started == 1);
    CHECK_THAT(log.text(), ContainsSubstring("that has just failed: connection reset"));
    const timespec minute_ago[2] = {{::time(nullptr) - 60, 0}, {::time(nullptr) - 60, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (standby.folder() + "/fetcher").c_str(), minute_ago, 0) == 0);
    standby.restore(kFourth);
    CHECK(standby.started == 2);
  }
  SECTION("nothing more") {
    standby.restore(kFirst);
    REQUIRE(standby.fetchers_end());
    REQUIRE(standby.spooled() == Names{kSecond, kThird});
    standby.restore(kSecond);
    CHECK(standby.started == 1);
    standby.add(kFourth, 4);
    standby.restore(kThird);
    CHECK(standby.started == 2);
    CHECK(standby.spool_becomes({kFourth}));
  }
}

TEST_CASE("segments that are archived later are fetched", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::not_found);
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::not_found);
  const Data second = standby.add(kSecond, 2);
  standby.add(kThird, 3);
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
  CHECK(standby.spool_becomes({kThird}));
}

TEST_CASE("another timeline or an older segment moves the window there", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  const Names old = standby.add_series("000000010000000000000011", 10);
  Names next;
  SECTION("another timeline") { next = standby.add_series("000000020000000000000012", 10); }
  SECTION("a restart of recovery") { next = standby.add_series(kFirst, 10); }
  SECTION("a jump ahead") { next = standby.add_series("000000010000000000000211", 10); }
  standby.restore(old[0]);
  CHECK(standby.spool_becomes({old[1], old[2]}));
  standby.store.add("p/srv/wals/00000002.history", bytes_of("1\t0/1000000\tno reason\n"));
  CHECK(standby.restore("00000002.history") == WalRestoreOutcome::restored);  // moves nothing
  CHECK(standby.spooled() == Names{old[1], old[2]});
  standby.restore(next[0]);
  CHECK(standby.spool_becomes({next[1], next[2]}));
  standby.restore(next[1]);
  CHECK(standby.spool_becomes({next[2], next[3]}));
  CHECK(standby.started == 1);
}

TEST_CASE("a segment that is asked for twice, or out of order, does not move the window back", "[wal][prefetch]") {
  Standby standby;
  const Names names = standby.add_series(kFirst, 10);
  standby.restore(kFirst);
  CHECK(standby.spool_becomes({names.begin() + 1, names.begin() + 5}));
  standby.restore(kThird);
  CHECK(standby.spool_becomes({names.begin() + 3, names.begin() + 7}));
  standby.restore(kSecond);
  standby.restore(kThird);
  standby.restore(kFourth);
  CHECK(standby.spool_becomes({names.begin() + 4, names.begin() + 8}));
  CHECK(standby.calls_for(kFourth, "get") == 1);
}

TEST_CASE("the fetcher ends", "[wal][prefetch]") {
  Standby standby;
  const Names names = standby.add_series(kFirst, 10);
  REQUIRE(::mkdir((standby.dir + "/data").c_str(), 0700) == 0);
  standby.destination_name = "data/RECOVERYXLOG";
  SECTION("when nobody asks any more, and the next request starts another") {
    standby.idle_limit = Duration(300);
    standby.restore(kFirst);
    REQUIRE(standby.spool_becomes({names.begin() + 1, names.begin() + 5}));
    REQUIRE(standby.fetchers_end());
    CHECK(standby.note() == "ended: nobody asks any more\n");
    standby.restore(kSecond);
    CHECK(standby.started == 2);
    CHECK(standby.spool_becomes({names.begin() + 2, names.begin() + 6}));
    CHECK(standby.calls_for(kThird, "get") == 1);
  }
  SECTION("when nobody asks any more, but not in the middle of a download") {
    standby.idle_limit = Duration(100);
    standby.store.during_get = [&](const std::string& key, std::uint64_t sent) {
      if (key.ends_with(kSecond) && sent == kMiB) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    };
    standby.restore(kFirst);
    REQUIRE(standby.fetchers_end());
    CHECK(standby.spooled() == Names{names.begin() + 1, names.begin() + 5});
  }
  SECTION("when it is told to, in the middle of a download") {
    standby.store.during_get = [](const std::string& key, std::uint64_t) {
      if (!key.ends_with(kFirst)) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    };
    standby.restore(kFirst);
    REQUIRE(comes_true([&] { return standby.calls_for(kSecond, "get") == 1; }));
    standby.stop_fetchers();
    CHECK(standby.note() == "ended: it was told to\n");
    CHECK(standby.spooled().empty());
    CHECK(standby.files() == Names{"fetcher", "form", "position"});
  }
  SECTION("when the data directory is gone") {
    standby.restore(kFirst);
    REQUIRE(standby.spool_becomes({names.begin() + 1, names.begin() + 5}));
    std::filesystem::remove_all(standby.dir + "/data");
    REQUIRE(standby.fetchers_end());
    CHECK(standby.note() == "ended: " + standby.dir + "/data is gone\n");
  }
  SECTION("when the folder is gone") {
    standby.restore(kFirst);
    REQUIRE(standby.spool_becomes({names.begin() + 1, names.begin() + 5}));
    REQUIRE(comes_true([&] { return standby.files().size() == 7; }));  // no marks any more
    std::filesystem::remove_all(standby.spool_dir);
    CHECK(standby.fetchers_end());
  }
}

TEST_CASE("a request that comes while the fetcher ends is served", "[wal][prefetch]") {
  std::atomic<bool> asked = false;
  Standby standby;  // ends its threads before what they use goes
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.add(kThird, 3);
  // The fetcher is told that the second one is absent; until that has sunk in, the request for it comes.
  standby.store.before = [&](const std::string& operation, const std::string& key) {
    if (operation != "get" || !key.ends_with(kSecond) || asked.exchange(true)) return;
    standby.store.erase(key);
    write_position(*PrivateFolder::at(standby.folder()), {*WalName::parse(kSecond), 1U << 20U, 4, "/"});
  };
  standby.restore(kFirst);
  CHECK(standby.spool_becomes({kThird}));
  CHECK(standby.started == 1);
}

TEST_CASE("there is one fetcher for a folder", "[wal][prefetch]") {
  Standby standby;
  standby.add_series(kFirst, 10);
  standby.restore(kFirst);
  REQUIRE(comes_true([&] { return standby.spooled().size() == 4; }));
  standby.fetch_ahead(standby.folder());
  CHECK(comes_true([&] { return standby.running == 1; }));
  prefetch_wal(standby.store, standby.layout, {.folder = standby.dir + "/nowhere"});
  REQUIRE(::chmod(standby.folder().c_str(), 0750) == 0);
  prefetch_wal(standby.store, standby.layout, {.folder = standby.folder()});  // not private
  CHECK(standby.running == 1);
}

TEST_CASE("files with unknown names in the folder are left alone", "[wal][prefetch]") {
  Standby standby;
  standby.idle_limit = Duration(200);
  standby.add_series(kFirst, 3);
  standby.parallel = 1;
  standby.restore(kFirst);
  const std::string text =
      GENERATE(as<std::string>(), "", "x", "000000010000000000000001", "00000002.history 1048576 4\n/",
               "000000010000000000000001 1048577 4\n/", "000000010000000000000001 1048576 0\n/",
               "000000010000000000000001 1048576 9999999999\n/", "000000010000000000000001 1048576 4");
  write_file(standby.folder() + "/position", text);
  const std::size_t calls = standby.store.calls().size();
  standby.fetch_ahead(standby.folder());
  REQUIRE(standby.fetchers_end());
  CHECK(standby.store.calls().size() == calls);
  CHECK(standby.note() == "ended: nobody asks any more\n");
}
