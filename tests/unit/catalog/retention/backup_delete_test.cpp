#include "support/captured_log.h"
#include "support/catalogs.h"
#include "support/catch.h"
#include "support/fake_store.h"

#include <tapster/backup_delete.h>

#include <algorithm>

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kId1 = "20260101T120000";
const std::string kId2 = "20260102T120000";
const std::string kId3 = "20260103T120000";

class World {
 public:
  World() {
    options.print = [this](std::string_view line) { printed.emplace_back(line); };
  }

  void add(const CatalogedBackup& backup, const std::vector<std::string>& objects = {"data.tar"}) {
    store.add_text(layout.backup_info_key(backup.id), serialise(backup.info, BackupInfoFormat::v3_17));
    for (const std::string& name : objects) store.add_text(layout.backup_prefix(backup.id) + name, "x");
    if (backup.keep) store.add_text(layout.keep_key(backup.id), backup.keep->text);
  }
  void add_wal(std::uint32_t log) { store.add_text(wal_key(log), "x"); }
  std::string wal_key(std::uint32_t log) const { return layout.wal_key(*WalName::parse(segment_name(1, log, 0))); }

  // Backups 1 to 3 that begin at logs 1 to 3 of timeline 1, and a segment at each, and before.
  void add_three() {
    for (std::uint32_t i = 1; i <= 3; ++i) {
      add(backup_of(static_cast<int>(i), segment_name(1, i, 0)));
      add_wal(i);
    }
    add_wal(0);
  }

  int remove(const std::string& name) { return delete_backup(store, layout, name, options); }
  int retain(const char* policy, int today = 31) {
    return delete_obsolete(store, layout, RetentionPolicy::parse(policy).value(), on_day(today), options);
  }
  bool has(const std::string& id) const { return store.find(layout.backup_info_key(id)).has_value(); }
  bool has_wal(std::uint32_t log) const { return store.find(wal_key(log)).has_value(); }
  // The deletions, without the prefix and the server, in their order.
  std::vector<std::string> removed() const {
    std::vector<std::string> keys;
    for (const std::string& call : store.calls()) {
      if (call.starts_with("remove ")) keys.push_back(call.substr(std::string_view("remove p/srv/").size()));
    }
    return keys;
  }

  FakeStore store;
  ArchiveLayout layout{"p", "srv"};
  DeleteOptions options;
  std::vector<std::string> printed;
};

}  // namespace

TEST_CASE("everything that is stored of a backup is deleted, its backup.info last and alone") {
  World world;
  auto backup = backup_of(1, segment_name(1, 1, 0));
  backup.info.tablespaces = {{"b", 16400, "/b"}, {"a", 16385, "/a"}};
  world.add(backup, {"data_0002.tar.gz", "data_0001.tar.gz", "data.tar.gz", "16385.tar", "16400.tar", "data.tar.xz",
                     "backup_manifest", "annotations/note", "notes.txt", "163850.tar"});
  world.add(backup_of(2, segment_name(1, 2, 0)));
  CHECK(world.remove(kId1) == 0);
  const std::string folder = "base/" + kId1 + "/";
  CHECK(world.removed() ==
        std::vector<std::string>{folder + "data.tar.gz", folder + "data_0001.tar.gz", folder + "data_0002.tar.gz",
                                 folder + "16400.tar", folder + "16385.tar", folder + "annotations/note",
                                 folder + "backup_manifest", folder + "data.tar.xz", folder + "backup.info"});
  CHECK(world.store.count("batch") == 2);
  CHECK(world.store.find("p/srv/" + folder + "notes.txt"));  // not ours
  CHECK(world.store.find("p/srv/" + folder + "163850.tar"));
}

TEST_CASE("the WAL before the second backup goes with the oldest one, and not with another") {
  World world;
  world.add_three();
  SECTION("the oldest") {
    CHECK(world.remove(kId1) == 0);
    CHECK_FALSE(world.has_wal(0));
    CHECK_FALSE(world.has_wal(1));
  }
  SECTION("by its name in the order") {
    CHECK(world.remove("oldest") == 0);
    CHECK_FALSE(world.has(kId1));
    CHECK_FALSE(world.has_wal(1));
  }
  SECTION("the one in the middle") {
    CHECK(world.remove(kId2) == 0);
    CHECK(world.has_wal(0));
    CHECK(world.has_wal(1));
  }
  CHECK(world.has_wal(2));
  CHECK(world.has_wal(3));
  CHECK(world.has(kId3));
}

TEST_CASE("a backup that is not there is a warning, a name that is not there an error") {
  World world;
  world.add_three();
  CHECK(world.remove("20200101T000000") == 0);
  CHECK_THROWS_AS(world.remove("unknown"), Error);
  CHECK(world.removed().empty());
}

TEST_CASE("a kept backup stays, under either key of its annotation") {
  World world;
  world.add_three();
  world.options.dry_run = GENERATE(false, true);
  SECTION("the normal key") { world.store.add_text(world.layout.keep_key(kId1), "full"); }
  SECTION("an unknown text") { world.store.add_text(world.layout.keep_key(kId1), "why not"); }
  SECTION("the key with two slashes") {
    world.store.add_text(world.layout.slashed_base_prefix() + kId1 + "/annotations/keep", "standalone");
  }
  CHECK(world.remove(kId1) == 1);
  CHECK(world.removed().empty());
  CHECK(world.printed.empty());
  CHECK(world.retain("REDUNDANCY 3") == 0);
  CHECK(world.has(kId1));
}

TEST_CASE("nothing is deleted while a backup.info is not understood") {
  World world;
  world.add_three();
  SECTION("unreadable") { world.store.add_text(world.layout.backup_info_key(kId3), "no equals sign"); }
  SECTION("of a newer version") {
    world.store.add_text(world.layout.backup_info_key(kId3), "status=DONE\nnovelty=1\n");
  }
  const CapturedLog captured(log::Level::error);
  CHECK(world.remove(kId1) == 1);
  CHECK(world.retain("REDUNDANCY 1") == 1);
  CHECK(world.removed().empty());
  CHECK_THAT(captured.text(), ContainsSubstring(kId3));
}

TEST_CASE("the minimum redundancy counts usable backups") {
  World world;
  world.add_three();
  world.add(failed(backup_of(4, segment_name(1, 4, 0))), {});
  SECTION("as many as that") {
    world.options.minimum_redundancy = 3;
    CHECK(world.remove(kId1) == 1);
    CHECK(world.removed().empty());
  }
  SECTION("one more") {
    world.options.minimum_redundancy = 2;
    CHECK(world.remove(kId1) == 0);
    CHECK_FALSE(world.has(kId1));
  }
  SECTION("a failed one is not missed") {
    world.options.minimum_redundancy = 3;
    CHECK(world.remove("last-failed") == 0);
    CHECK_FALSE(world.has("20260104T120000"));
  }
}

TEST_CASE("a failed backup is deleted by its id, never by a policy") {
  World world;
  auto broken = failed(backup_of(1, segment_name(1, 1, 0)));
  broken.info.begin_wal.reset();
  broken.info.timeline.reset();
  world.add(broken, {"data.tar"});
  world.add_wal(0);
  CHECK(world.retain("REDUNDANCY 0") == 0);
  CHECK(world.has(kId1));
  CHECK(world.remove(kId1) == 0);
  CHECK(world.store.keys() == std::vector<std::string>{world.wal_key(0)});
}

TEST_CASE("a retention run reads the catalogue and lists the WAL once") {
  World world;
  world.add_three();
  for (int day = 4; day <= 9; ++day) {
    world.add(backup_of(day, segment_name(1, static_cast<std::uint32_t>(day), 0)));
    world.add_wal(static_cast<std::uint32_t>(day));
  }
  CHECK(world.retain("RECOVERY WINDOW OF 1 DAY", 10) == 0);
  CHECK_FALSE(world.has("20260107T120000"));
  CHECK(world.has("20260108T120000"));
  CHECK_FALSE(world.has_wal(7));
  CHECK(world.has_wal(8));
  CHECK(world.store.count("get") == 9);
  CHECK(world.store.count("list") == 4);  // base/ under both its keys, the folders of WAL, the WAL
}

TEST_CASE("by policy a standalone backup keeps only its own WAL") {
  World world;
  world.add(standalone(backup_of(1, segment_name(1, 1, 0))));
  for (std::uint32_t i = 2; i <= 4; ++i) world.add(backup_of(static_cast<int>(i), segment_name(1, i, 0)));
  for (std::uint32_t log = 0; log <= 4; ++log) world.add_wal(log);
  CHECK(world.retain("REDUNDANCY 1") == 0);
  CHECK(world.has(kId1));
  CHECK_FALSE(world.has(kId2));
  CHECK_FALSE(world.has_wal(0));
  CHECK(world.has_wal(1));
  CHECK_FALSE(world.has_wal(2));
  CHECK_FALSE(world.has_wal(3));
  CHECK(world.has_wal(4));
}

TEST_CASE("a dry run prints each backup's objects and WAL, and deletes nothing") {
  World world;
  world.add_three();
  world.options.dry_run = true;
  const auto before = world.store.keys();
  CHECK(world.retain("REDUNDANCY 1") == 0);
  const std::string wals = "p/srv/wals/";
  const auto whole = [&](const char* folder) {
    return "Skipping deletion of all objects under prefix " + wals + folder + "/ due to --dry-run option";
  };
  const auto objects = [](const std::string& id) {
    return "Skipping deletion of objects ['p/srv/base/" + id + "/data.tar', 'p/srv/base/" + id +
           "/backup.info'] due to --dry-run option";
  };
  CHECK(world.printed == std::vector<std::string>{objects(kId1), whole("0000000100000000"), whole("0000000100000001"),
                                                  objects(kId2), whole("0000000100000000"), whole("0000000100000001"),
                                                  whole("0000000100000002")});
  CHECK(world.store.keys() == before);
}

TEST_CASE(
    "a backup that cannot be deleted keeps backup.info and WAL, others are deleted, and the next run deletes the "
    "rest") {
  World world;
  world.add_three();
  world.store.undeletable = {"p/srv/base/" + kId1 + "/data.tar"};
  CHECK(world.retain("REDUNDANCY 1") == 1);
  CHECK(world.has(kId1));
  CHECK_FALSE(world.has(kId2));
  CHECK(world.has(kId3));
  CHECK(world.has_wal(0));
  CHECK(world.has_wal(1));
  world.store.undeletable.clear();
  CHECK(world.retain("REDUNDANCY 1") == 0);
  CHECK_FALSE(world.has(kId1));
  CHECK_FALSE(world.has_wal(2));
  CHECK(world.has_wal(3));
}

TEST_CASE("a backup.info that cannot be deleted is a failure") {
  World world;
  world.add_three();
  SECTION("refused") { world.store.undeletable = {world.layout.backup_info_key(kId1)}; }
  SECTION("without an answer") {
    world.store.before = [&](const std::string& operation, const std::string& key) {
      if (operation == "remove" && key.ends_with("backup.info"))
        throw FakeStore::refusal("DeleteObject", 503, ErrorKind::network);
    };
  }
  CHECK(world.remove(kId1) == 1);
  CHECK(world.has(kId1));
  CHECK_FALSE(world.has_wal(0));
  world.store.undeletable.clear();
  world.store.before = nullptr;
  CHECK(world.remove(kId1) == 0);  // all else is gone already
  CHECK_FALSE(world.has(kId1));
}

TEST_CASE("when the store does not answer, the run ends without deleting more") {
  World world;
  world.add_three();
  world.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "remove") throw FakeStore::refusal("DeleteObjects", 503, ErrorKind::network);
  };
  CHECK(world.retain("REDUNDANCY 1") == 1);
  CHECK(world.removed().size() == 1);
}

TEST_CASE("many backups are deleted by few requests") {
  World world;
  for (int at = 1; at <= 90; ++at) world.add(backup_of(at, segment_name(1, static_cast<std::uint32_t>(at), 0)));
  CHECK(world.retain("REDUNDANCY 1") == 0);
  CHECK(world.store.count("batch") == 2);  // their archives, their records
}

TEST_CASE("WAL is deleted before the backup.info of its backup") {
  World world;
  world.add_three();
  CHECK(world.remove(kId1) == 0);
  REQUIRE_FALSE(world.removed().empty());
  CHECK(world.removed().back() == "base/" + kId1 + "/backup.info");
}

TEST_CASE("WAL that cannot be deleted is a failure") {
  World world;
  world.add_three();
  world.store.undeletable = {world.wal_key(0)};
  CHECK(world.remove(kId1) == 1);
  CHECK_FALSE(world.has(kId1));
  CHECK_FALSE(world.has_wal(1));
  world.store.undeletable.clear();
  CHECK(world.remove(kId2) == 0);  // the next deletion takes what was left
  CHECK_FALSE(world.has_wal(0));
}

TEST_CASE("with --check-object-lock a locked backup is left as it is") {
  World world;
  world.add_three();
  const std::string archive = "p/srv/base/" + kId1 + "/data.tar";
  world.options.check_object_lock = true;
  const TimePoint now = std::chrono::system_clock::now();
  bool locked = true;
  SECTION("a legal hold") {
    world.store.change(archive, [](auto& object) { object.legal_hold = true; });
  }
  SECTION("a retention period") {
    world.store.change(archive, [&](auto& object) { object.retain_until = now + std::chrono::hours(1); });
  }
  SECTION("it cannot be found out") {
    world.store.before = [](const std::string& operation, const std::string&) {
      if (operation == "stat") throw FakeStore::refusal("HeadObject", 403);
    };
  }
  SECTION("a retention period that has ended") {
    world.store.change(archive, [&](auto& object) { object.retain_until = now - std::chrono::hours(1); });
    locked = false;
  }
  SECTION("a lock, but no check") {
    world.store.change(archive, [](auto& object) { object.legal_hold = true; });
    world.options.check_object_lock = false;
    locked = false;
  }
  SECTION("a store without locks") {
    world.store.change(archive, [](auto& object) { object.legal_hold = true; });
    world.store.features.object_lock = false;
    locked = false;
  }
  CHECK(world.remove(kId1) == (locked ? 1 : 0));
  CHECK(world.has(kId1) == locked);
  CHECK(world.has_wal(0) == locked);
  CHECK(world.removed().empty() == locked);
}

TEST_CASE("a dry run also refuses locked backups") {
  World world;
  world.add_three();
  world.options.check_object_lock = true;
  world.options.dry_run = true;
  world.store.change("p/srv/base/" + kId1 + "/data.tar", [](auto& object) { object.legal_hold = true; });
  CHECK(world.remove(kId1) == 1);
  CHECK(world.printed.empty());
}

TEST_CASE("backups of disk snapshots are not deleted, and other backups are") {
  World world;
  auto snapshots = backup_of(1, segment_name(1, 1, 0));
  snapshots.info.snapshots_info = Literal::parse("{'provider': 'gcp'}");
  world.add(snapshots, {"backup_label"});
  world.add(backup_of(2, segment_name(1, 2, 0)));
  world.add(backup_of(3, segment_name(1, 3, 0)));
  world.add_wal(0);
  CHECK(world.retain("REDUNDANCY 1") == 1);
  CHECK(world.has(kId1));
  CHECK_FALSE(world.has(kId2));
  CHECK(world.has_wal(0));
}
