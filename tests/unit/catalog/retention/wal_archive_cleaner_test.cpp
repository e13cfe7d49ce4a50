#include "catalog/retention/wal_archive_cleaner.h"

#include "support/captured_log.h"
#include "support/catalogs.h"
#include "support/catch.h"
#include "support/fake_store.h"

#include <algorithm>

using namespace tapster;
using namespace tapster::test;

namespace {

struct Archive {
  FakeStore store;
  ArchiveLayout layout{"p", "srv"};

  std::string key(const std::string& tail) const { return layout.wals_prefix() + tail; }
  void add(const std::string& tail) { store.add_text(key(tail), "x"); }
  void add_wal(const std::string& name, const std::string& suffix = "") {
    add(WalName::parse(name)->hash_dir() + "/" + name + suffix);
  }
  void fill(std::uint32_t timeline, std::uint32_t log, std::uint32_t segments = 256) {
    for (std::uint32_t segment = 0; segment < segments; ++segment) add_wal(segment_name(timeline, log, segment));
  }
  bool has(const std::string& tail) const { return store.find(key(tail)).has_value(); }
  bool clean(const std::vector<WalDeletion>& plans) { return WalArchiveCleaner(store, layout).remove(plans, 0); }
  std::vector<std::string> dry_run(const WalDeletion& plan) {
    std::vector<std::string> lines;
    WalArchiveCleaner(store, layout).print(plan, std::vector<WalDeletion>{plan}, [&](std::string_view line) {
      lines.emplace_back(line);
    });
    return lines;
  }
};

WalDeletion up_to(const std::string& limit) {
  WalDeletion plan;
  plan.allowed = true;
  plan.limit = limit;
  plan.limit_timeline = WalName::parse(limit)->timeline();
  return plan;
}

}  // namespace

TEST_CASE("all forms of all WAL files before the limit are deleted, and nothing else") {
  Archive archive;
  const std::string low = segment_name(1, 0, 9);
  for (const char* suffix : {"", ".gz", ".partial", ".partial.lz4", ".00000028.backup", ".00000028.backup.zst"}) {
    archive.add_wal(low, suffix);
  }
  archive.add("00000002.history");
  archive.add("00000002.history.gz");
  archive.add(segment_name(1, 0, 3));  // not in its folder
  archive.add("readme");
  archive.add("0000000100000000/readme");
  archive.add("0000000100000000/" + low + ".tmp");
  archive.add_wal(segment_name(1, 0, 10), ".gz");
  archive.add_wal(segment_name(1, 1, 0));
  CHECK(archive.clean({up_to(segment_name(1, 0, 10))}));
  CHECK(archive.store.keys() ==
        std::vector<std::string>{
            archive.key("0000000100000000/" + low + ".tmp"),
            archive.key("0000000100000000/" + segment_name(1, 0, 10) + ".gz"), archive.key("0000000100000000/readme"),
            archive.key("0000000100000001/" + segment_name(1, 1, 0)), archive.key("00000002.history"),
            archive.key("00000002.history.gz"), archive.key("readme")});
}

TEST_CASE("a folder that goes as a whole goes with everything in it") {
  Archive archive;
  archive.add("0000000100000000/readme");
  archive.add_wal(segment_name(1, 0, 9));
  archive.add("0000000100000001/readme");
  CHECK(archive.clean({up_to(segment_name(1, 1, 0))}));
  CHECK(archive.store.keys() == std::vector<std::string>{archive.key("0000000100000001/readme")});
}

TEST_CASE("a folder that is not named like one of WAL is left alone, with a warning") {
  Archive archive;
  archive.add("misc/" + segment_name(1, 0, 1));
  archive.add("0000000100000000x/" + segment_name(1, 0, 1));
  archive.add_wal(segment_name(1, 0, 1));
  const CapturedLog captured(log::Level::warning);
  CHECK(archive.clean({up_to(segment_name(1, 5, 0))}));
  CHECK_THAT(captured.text(), ContainsSubstring("wals/misc/ is malformed"));
  CHECK(archive.store.keys().size() == 2);
}

TEST_CASE("20,000 objects take little more requests than the pages and batches they fill") {
  Archive archive;
  for (std::uint32_t log = 0; log < 78; ++log) archive.fill(1, log);
  archive.fill(1, 78, 200);
  archive.fill(1, 79);
  archive.fill(2, 79);
  CHECK(archive.clean({up_to(segment_name(1, 78, 40))}));
  CHECK_FALSE(archive.has("000000010000004E/" + segment_name(1, 78, 39)));
  CHECK(archive.has("000000010000004E/" + segment_name(1, 78, 40)));
  CHECK(archive.store.keys().size() == 160 + 256 + 256);
  const int deleted = 78 * 256 + 40;
  const int necessary = 2 * ((deleted + 999) / 1000);
  CHECK(archive.store.count("page") + archive.store.count("batch") <= necessary + 1);
  CHECK(archive.store.count("stat") + archive.store.count("get") == 0);
}

TEST_CASE("folders that are protected as a whole are not listed") {
  Archive archive;
  for (std::uint32_t log = 0; log < 40; ++log) archive.fill(1, log, 100);
  archive.fill(2, 40, 10);
  WalDeletion plan = up_to(segment_name(2, 50, 0));
  plan.protected_timelines = {};
  plan.protected_ranges = {{segment_name(1, 5, 50), segment_name(1, 34, 50)}};
  CHECK(archive.clean({plan}));
  CHECK_FALSE(archive.has("0000000100000005/" + segment_name(1, 5, 49)));
  CHECK(archive.has("0000000100000005/" + segment_name(1, 5, 50)));
  CHECK(archive.has("0000000100000014/" + segment_name(1, 20, 0)));
  CHECK(archive.has("0000000100000022/" + segment_name(1, 34, 50)));
  CHECK_FALSE(archive.has("0000000100000022/" + segment_name(1, 34, 51)));
  CHECK_FALSE(archive.has("0000000200000028/" + segment_name(2, 40, 0)));
  CHECK(archive.store.keys().size() == 28 * 100 + 50 + 51);
  CHECK(archive.store.count("page") <= 3);  // of 4,000 objects, 1,209 of which go
}

TEST_CASE("several plans are carried out together") {
  Archive archive;
  archive.add_wal(segment_name(1, 0, 1));
  archive.add_wal(segment_name(2, 0, 1));
  archive.add_wal(segment_name(2, 3, 1));
  WalDeletion first = up_to(segment_name(1, 1, 0));
  WalDeletion second = up_to(segment_name(2, 3, 0));
  second.protected_timelines = {1};
  CHECK(archive.clean({first, WalDeletion{}, second}));
  CHECK(archive.store.keys().size() == 1);
  CHECK(archive.store.count("list") == 2);
}

TEST_CASE("plans that delete nothing send no request") {
  Archive archive;
  archive.fill(1, 0, 3);
  CHECK(archive.clean({}));
  CHECK(archive.clean({WalDeletion{}}));
  CHECK(archive.store.calls().empty());
}

TEST_CASE("in an archive without WAL there is nothing to delete") {
  Archive archive;
  CHECK(archive.clean({up_to(segment_name(1, 1, 0))}));
}

TEST_CASE("after a failure the rest is deleted, and the next run deletes everything") {
  int pages = 0;  // outlives its section: the store counts to the end
  Archive archive;
  archive.fill(1, 0, 20);
  const CapturedLog captured(log::Level::error);
  const auto plan = up_to(segment_name(1, 1, 0));
  SECTION("of single objects") {
    archive.store.undeletable = {archive.key("0000000100000000/" + segment_name(1, 0, 3))};
    CHECK_FALSE(archive.clean({plan}));
    CHECK(archive.store.keys().size() == 1);
    CHECK_THAT(captured.text(), ContainsSubstring(segment_name(1, 0, 3)));
    CHECK_THAT(captured.text(), ContainsSubstring("1 WAL objects that are no longer needed are left"));
    archive.store.undeletable.clear();
  }
  SECTION("of a page of the listing") {
    archive.store.page_size = 5;
    archive.store.before = [&](const std::string& operation, const std::string& key) {
      if (operation == "list" && key.size() > archive.layout.wals_prefix().size() && ++pages == 1)
        throw FakeStore::refusal("ListObjectsV2", 500, ErrorKind::network);
    };
    CHECK_FALSE(archive.clean({plan}));
    CHECK_THAT(captured.text(), ContainsSubstring("Could not list all WAL"));
  }
  CHECK(archive.clean({plan}));
  CHECK(archive.store.keys().empty());
}

TEST_CASE("a dry run prints folders that go as a whole, then single objects, sorted") {
  Archive archive;
  archive.fill(1, 0, 3);
  archive.fill(1, 1, 3);
  archive.add_wal(segment_name(1, 2, 0), ".gz");
  archive.add_wal(segment_name(1, 2, 0), ".00000028.backup");
  archive.add_wal(segment_name(1, 2, 1));
  const auto before = archive.store.keys();
  CHECK(archive.dry_run(up_to(segment_name(1, 2, 1))) ==
        std::vector<std::string>{
            "Skipping deletion of all objects under prefix p/srv/wals/0000000100000000/ due to --dry-run option",
            "Skipping deletion of all objects under prefix p/srv/wals/0000000100000001/ due to --dry-run option",
            "Skipping deletion of objects ['p/srv/wals/0000000100000002/" + segment_name(1, 2, 0) +
                ".00000028.backup', 'p/srv/wals/0000000100000002/" + segment_name(1, 2, 0) +
                ".gz'] due to --dry-run option"});
  CHECK(archive.dry_run(up_to(segment_name(1, 0, 0))).empty());
  CHECK(archive.dry_run(WalDeletion{}).empty());
  CHECK(archive.store.keys() == before);
}
