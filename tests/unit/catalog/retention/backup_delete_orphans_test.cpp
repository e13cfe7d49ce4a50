#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

#include <tapster/backup_delete.h>

using namespace tapster;
using namespace tapster::test;

namespace {

using std::chrono::hours;

const std::string kOld = "20260101T120000";
const std::string kNew = "20260110T000000";
constexpr std::uint64_t kPart = 5 << 20;

struct World {
  World() {
    options.print = [this](std::string_view line) { printed.emplace_back(line); };
    store.time = now - hours(25);
  }
  void add(const std::string& id, const std::string& name) { store.add_text(layout.backup_prefix(id) + name, "x"); }
  UploadId begin(const std::string& key) { return store.begin_upload(key, kPart, {}); }
  void send(const UploadId& upload) {
    MemoryBody body("x");
    store.upload_part(upload, 1, body);
  }
  int remove() { return delete_orphans(store, layout, FakeClock(now), options); }

  TimePoint now = TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 1 / 10)) + hours(12);
  FakeStore store;
  ArchiveLayout layout{"p", "srv"};
  DeleteOptions options;
  std::vector<std::string> printed;
};

}  // namespace

TEST_CASE("archives without backup.info are deleted when they are old") {
  World world;
  for (const char* name : {"data.tar", "16385.tar.gz", "annotations/note", "anything"}) world.add(kOld, name);
  CHECK(world.remove() == 0);
  CHECK(world.store.keys().empty());
}

TEST_CASE("objects that may belong to a running backup stay") {
  World world;
  const std::string* id = &kOld;
  SECTION("the newest object is young") {
    world.add(kOld, "data.tar");
    world.store.time = world.now - hours(23);
    world.add(kOld, "data_0001.tar");
  }
  SECTION("the id is young, wherever it was made") {
    id = &kNew;
    world.add(kNew, "data.tar");
  }
  SECTION("an upload was begun") {
    world.add(kOld, "data.tar");
    world.store.time = world.now - hours(1);
    world.begin(world.layout.backup_prefix(kOld) + "data_0001.tar");
  }
  SECTION("a part of an old upload has just come in") {
    world.add(kOld, "data.tar");
    const UploadId upload = world.begin(world.layout.backup_prefix(kOld) + "data_0001.tar");
    world.store.time = world.now - hours(1);
    world.send(upload);
  }
  SECTION("the store does not say when it was stored") {
    world.store.time.reset();
    world.add(kOld, "data.tar");
  }
  SECTION("its backup.info has just been written") {
    world.add(kOld, "data.tar");
    world.store.before = [&](const std::string& operation, const std::string&) {
      if (operation == "stat") world.add(kOld, "backup.info");
    };
  }
  SECTION("the id is no date") {
    world.add("20261399T000000", "data.tar");
    CHECK(world.remove() == 0);
    CHECK(world.store.keys().size() == 1);
    return;
  }
  CHECK(world.remove() == 0);
  CHECK(world.store.find(world.layout.backup_prefix(*id) + "data.tar"));
  CHECK(world.store.count("abort") == 0);
}

TEST_CASE("backups, other folders and kept archives are no orphans") {
  World world;
  world.add(kOld, "data.tar");
  world.add(kOld, "backup.info");
  world.add("misc", "data.tar");
  world.add("20260102T120000", "data.tar");
  world.add("20260102T120000", "annotations/keep");
  world.store.add_text("p/srv/base/loose", "x");
  world.store.add_text("p/srv/base/", "");  // "create folder" of a store's console
  world.store.add_text("p/other/base/" + kOld + "/data.tar", "x");
  const auto before = world.store.keys();
  CHECK(world.remove() == 0);
  CHECK(world.store.keys() == before);
}

TEST_CASE("annotations are deleted when nothing else is left of their backup") {
  World world;
  world.add(kOld, "annotations/keep");
  CHECK(world.remove() == 0);
  CHECK(world.store.keys().empty());
}

TEST_CASE("unfinished uploads are aborted when no part came in for a day, whether or not their backup ended") {
  World world;
  world.add(kOld, "data.tar");
  world.add(kOld, "backup.info");
  world.begin(world.layout.backup_prefix(kOld) + "data_0001.tar");
  world.send(world.begin(world.layout.backup_prefix("20260102T120000") + "data.tar"));
  world.begin(world.layout.wals_prefix() + "0000000100000000/000000010000000000000001.gz");
  world.begin("p/other/base/" + kOld + "/data.tar");
  world.store.time = world.now - hours(2);
  world.begin(world.layout.backup_prefix(kNew) + "data.tar");
  CHECK(world.remove() == 0);
  CHECK(world.store.count("abort") == 3);
  CHECK(world.store.open_uploads() == 2);
  CHECK(world.store.keys().size() == 2);
}

TEST_CASE("a dry run lists orphans") {
  World world;
  world.add(kOld, "data.tar");
  world.add(kOld, "16385.tar");
  const UploadId upload = world.begin("p/srv/base/20260102T120000/data.tar");
  world.options.dry_run = true;
  CHECK(world.remove() == 0);
  CHECK(world.printed ==
        std::vector<std::string>{"Skipping deletion of orphaned objects ['p/srv/base/" + kOld +
                                     "/16385.tar', 'p/srv/base/" + kOld + "/data.tar'] due to --dry-run option",
                                 "Skipping deletion of the unfinished upload '" + upload.id +
                                     "' of 'p/srv/base/20260102T120000/data.tar' due to --dry-run option"});
  CHECK(world.store.keys().size() == 2);
  CHECK(world.store.open_uploads() == 1);
}

TEST_CASE("an orphan that cannot be deleted is a failure, and others are deleted") {
  World world;
  world.add(kOld, "a.tar");
  world.add(kOld, "b.tar");
  world.add("20260102T120000", "data.tar");
  world.store.undeletable = {"p/srv/base/" + kOld + "/a.tar"};
  const CapturedLog captured(log::Level::error);
  CHECK(world.remove() == 1);
  CHECK(world.store.keys() == std::vector<std::string>{"p/srv/base/" + kOld + "/a.tar"});
  CHECK_THAT(captured.text(), ContainsSubstring("a.tar"));
}
