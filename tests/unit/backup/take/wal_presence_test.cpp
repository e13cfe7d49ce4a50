#include "backup/take/wal_presence.h"

#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

#include <tapster/error.h>

using namespace tapster;
using namespace tapster::test;
using namespace std::chrono_literals;
using Segments = std::vector<std::string>;

namespace {

constexpr std::uint64_t kSegment = 16 << 20;
const ArchiveLayout kLayout("pg", "main");
constexpr LsnRange kTwo{
    .begin_lsn = 0xFE000028, .end_lsn = 0xFF000100, .begin_timeline = 1, .end_timeline = 1, .segment_size = kSegment};

}  // namespace

TEST_CASE("segments are named by timeline and LSN") {
  CHECK(segment_name(1, 0x1A000028, kSegment) == "00000001000000000000001A");
  CHECK(segment_name(0x2F, 0xAB'FF000000, kSegment) == "0000002F000000AB000000FF");
  CHECK(segment_name(1, 0x1A000028, 1 << 20) == "0000000100000000000001A0");
  CHECK(segment_name(1, 0x1'80000000, 1 << 30) == "000000010000000100000002");
}

TEST_CASE("the segments of a backup are looked for whole, in any compression") {
  FakeStore store;
  CHECK(missing_segments(store, kLayout, kTwo) == Segments{"0000000100000000000000FE", "0000000100000000000000FF"});
  store.add("pg/main/wals/0000000100000000/0000000100000000000000FE.partial", {});
  store.add("pg/main/wals/0000000100000000/0000000100000000000000FE.00000028.backup.gz", {});
  store.add("pg/main/wals/0000000100000000/0000000100000000000000FF.zst", {});
  CHECK(missing_segments(store, kLayout, kTwo) == Segments{"0000000100000000000000FE"});
  store.add("pg/main/wals/0000000100000000/0000000100000000000000FE", {});
  CHECK(missing_segments(store, kLayout, kTwo).empty());
}

TEST_CASE("one listing for each folder of the range") {
  FakeStore store;
  LsnRange range = kTwo;
  range.end_lsn = 0x1'02000100;
  CHECK(missing_segments(store, kLayout, range) == Segments{"0000000100000000000000FE", "0000000100000000000000FF",
                                                            "000000010000000100000000", "000000010000000100000001",
                                                            "000000010000000100000002"});
  CHECK(store.count("list") == 2);
}

TEST_CASE("a backup that ends with a segment does not need the next one") {
  FakeStore store;
  LsnRange range = kTwo;
  range.end_lsn = 0xFF000000;
  CHECK(missing_segments(store, kLayout, range) == Segments{"0000000100000000000000FE"});
  range.end_lsn = range.begin_lsn;
  CHECK(missing_segments(store, kLayout, range) == Segments{"0000000100000000000000FE"});
}

TEST_CASE("segments from before a change of the timeline may be of the older one") {
  FakeStore store;
  LsnRange range = kTwo;
  range.end_timeline = 2;
  store.add("pg/main/wals/0000000100000000/0000000100000000000000FE.gz", {});
  CHECK(missing_segments(store, kLayout, range) == Segments{"0000000200000000000000FF"});
  store.add("pg/main/wals/0000000200000000/0000000200000000000000FF.gz", {});
  CHECK(missing_segments(store, kLayout, range).empty());
}

TEST_CASE("WAL is waited for as long as that was asked for") {
  FakeStore store;
  FakeClock clock(TimePoint{});
  SECTION("until it is there") {
    store.before = [&](const std::string&, const std::string&) {
      if (clock.now() < TimePoint(3s)) return;
      store.add("pg/main/wals/0000000100000000/0000000100000000000000FE", {});
      store.add("pg/main/wals/0000000100000000/0000000100000000000000FF", {});
    };
    CHECK(await_segments(store, kLayout, kTwo, 60s, clock, {}).empty());
    CHECK(clock.now() < TimePoint(10s));
  }
  SECTION("no longer") {
    CHECK(await_segments(store, kLayout, kTwo, 60s, clock, {}).size() == 2);
    CHECK(clock.now() == TimePoint(60s));
    CHECK(store.count("list") < 30);
  }
  SECTION("not at all") {
    CHECK(await_segments(store, kLayout, kTwo, 0s, clock, {}).size() == 2);
    CHECK(clock.sleeps().empty());
    CHECK(store.count("list") == 1);
  }
  SECTION("until a stop") {
    std::stop_source stop;
    store.before = [&](const std::string&, const std::string&) { stop.request_stop(); };
    CHECK_THROWS_AS(await_segments(store, kLayout, kTwo, 60s, clock, stop.get_token()), Interrupted);
    CHECK(store.count("list") == 1);
  }
}

TEST_CASE("missing WAL is a warning that names the first few segments") {
  CapturedLog log(log::Level::warning);
  warn_of_missing({}, "s3://b/wals/");
  CHECK(log.text().empty());
  warn_of_missing({"A", "B"}, "s3://b/wals/");
  CHECK_THAT(log.text(), ContainsSubstring("WARNING") && ContainsSubstring("in s3://b/wals/: missing A, B ("));
  warn_of_missing({"A", "B", "C", "D", "E", "F", "G"}, "s3://b/wals/");
  CHECK_THAT(log.text(), ContainsSubstring("missing A, B, C, D, E and 2 more ("));
}
