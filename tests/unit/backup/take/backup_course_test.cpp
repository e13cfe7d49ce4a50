#include "backup/take/backup_course.h"

#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_session.h"
#include "support/fake_store.h"
#include "support/scratch.h"

#include <tapster/error.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;
using Calls = std::vector<std::string>;

namespace {

const ArchiveLayout kLayout("pg", "main");
constexpr TimePoint kNow{std::chrono::seconds(1'763'712'059)};

// A small cluster with one tablespace, an empty archive, and a backup to take.
class World {
 public:
  World() {
    for (const char* folder : {"data/global", "data/base/5", "data/pg_tblspc", "ts/PG_15_202209061/5"}) {
      fs::create_directories(scratch / folder);
    }
    std::string control(8192, '\0');
    constexpr std::uint64_t kIdentifier = 42;
    constexpr std::int32_t kInProduction = 6;
    std::memcpy(control.data(), &kIdentifier, sizeof kIdentifier);
    std::memcpy(control.data() + 16, &kInProduction, sizeof kInProduction);
    write_file(scratch / "data/global/pg_control", control);
    write_file(scratch / "data/postmaster.pid", "1\n");
    write_file(scratch / "data/PG_VERSION", "15\n");
    write_file(scratch / "data/base/5/1259", std::string(16384, 'x'));
    write_file(scratch / "ts/PG_15_202209061/5/16400", std::string(8192, 'y'));
    server.facts.version = 150018;
    server.facts.system_identifier = "42";
    server.facts.data_directory = scratch / "data";
    server.facts.tablespaces = {{"ts1", 16385, scratch / "ts"}};
    options.wal_timeout = std::chrono::seconds(0);
    options.stop_reason = [] { return std::string("interrupted by SIGTERM"); };
    store.add("pg/main/wals/0000000100000000/000000010000000000000002", {});
    store.add("pg/main/wals/0000000100000000/000000010000000000000003", {});
  }

  // What went wrong, or nothing.
  std::string run() {
    try {
      run_base_backup(std::make_unique<FakeSession>(server), store, kLayout, options, clock, stop.get_token());
    } catch (const Error& failure) {
      CHECK(failure.kind() == ErrorKind::operation);
      return failure.what();
    }
    return {};
  }

  // The one backup.info of the archive.
  BackupInfo info() const {
    const auto object = store.find(key("backup.info"));
    REQUIRE(object);
    return BackupInfo::parse({reinterpret_cast<const char*>(object->data.data()), object->data.size()});
  }
  std::string key(const std::string& name) const { return "pg/main/base/" + backup_id + "/" + name; }

  // A failed backup: recorded, without an end, nothing open, PostgreSQL left alone.
  void check_failed(const std::string& reason) {
    const std::string what = run();
    CHECK_THAT(what, ContainsSubstring("Backup failed ") && ContainsSubstring(reason));
    CHECK(store.open_uploads() == 0);
    CHECK_FALSE(server.open);
    const BackupInfo failed = info();
    CHECK(failed.status == BackupStatus::failed);
    CHECK_THAT(failed.error.value_or(""), ContainsSubstring(reason));
    CHECK_FALSE((failed.end_time || failed.end_wal || failed.end_xlog || failed.end_offset || failed.copy_stats));
  }

  ScratchDirectory scratch;
  FakeServer server;
  FakeStore store;
  FakeClock clock{kNow};
  BaseBackupOptions options;
  std::stop_source stop;
  std::string backup_id = [] {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(kNow);
    std::tm local{};
    localtime_r(&seconds, &local);
    char text[16];
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &local);
    return std::string(text);
  }();
};

}  // namespace

TEST_CASE("course: a backup that succeeds") {
  World world;
  world.options.name = "monday";
  world.options.immediate_checkpoint = true;
  world.options.tags = Tags{{"kind", "base"}};
  CHECK(world.run().empty());
  CHECK(world.server.calls == Calls{"facts", "check", "start", "Barman backup cloud " + world.backup_id + ", fast",
                                    "watch", "stop", "switch", "restore point", "barman_" + world.backup_id});
  CHECK_FALSE(world.server.open);
  const BackupInfo info = world.info();
  CHECK(info.status == BackupStatus::done);
  CHECK(info.server_name == "cloud");
  CHECK(info.backup_name == "monday");
  CHECK(info.begin_wal == "000000010000000000000002");
  CHECK(info.begin_offset == 0x28);
  CHECK(info.end_wal == "000000010000000000000003");
  CHECK(info.end_offset == 0x100);
  CHECK(info.backup_label == "START WAL LOCATION\n");
  CHECK(info.copy_stats);
  CHECK_FALSE(info.error);
  for (const char* name : {"16385.tar", "data.tar", "backup_manifest", "backup.info"}) {
    const auto object = world.store.find(world.key(name));
    REQUIRE(object);
    CHECK(object->tags == world.options.tags);
  }
  // Last of all, so that what is listed as a backup is whole.
  CHECK(world.store.calls().back() == "put " + world.key("backup.info"));
}

TEST_CASE("course: whatever fails, the backup is FAILED and nothing is left open") {
  World world;
  const std::string call = GENERATE("facts", "check", "start", "watch", "stop");
  CAPTURE(call);
  world.server.before = [&](const std::string& now) {
    if (now == call) throw Error(ErrorKind::operation, call + " went wrong");
  };
  world.check_failed(call + " went wrong");
  CHECK(world.info().begin_wal.has_value() == (call == "watch" || call == "stop"));
}

TEST_CASE("course: a store that fails") {
  World world;
  const std::string operation = GENERATE("begin", "part", "complete");
  CAPTURE(operation);
  world.store.before = [&](const std::string& now, const std::string&) {
    if (now == operation) throw FakeStore::refusal("Upload", 403);
  };
  world.check_failed("403");
}

TEST_CASE("course: uploads whose beginning was never answered are aborted") {
  const bool fails = GENERATE(false, true);
  World world;
  bool lost = false;
  world.store.before = [&](const std::string& operation, const std::string& key) {
    if (fails && operation == "part") throw FakeStore::refusal("UploadPart", 403);
    // As if an earlier request for the same had been carried out, and its answer lost.
    if (operation == "begin" && !std::exchange(lost, true)) world.store.begin_upload(key, 5 << 20, {});
  };
  CHECK(world.run().empty() != fails);
  CHECK(lost);
  CHECK(world.store.open_uploads() == 0);
}

TEST_CASE("course: a store that cannot be written is found out before the backup is started") {
  World world;
  world.store.before = [](const std::string& now, const std::string&) {
    if (now == "begin") throw FakeStore::refusal("CreateMultipartUpload", 403);
  };
  world.check_failed("403");
  CHECK(world.server.calls == Calls{"facts", "check"});
}

TEST_CASE("course: when backup.info cannot be stored, that is what is said") {
  World world;
  int puts = 0;
  world.store.before = [&](const std::string& now, const std::string&) {
    if (now == "put" && puts++ == 0) throw FakeStore::refusal("PutObject", 503);
  };
  SECTION("once: the second one says FAILED") {
    world.check_failed("503");
    CHECK_THAT(world.info().error.value_or(""), ContainsSubstring("failure uploading backup.info file ("));
  }
  SECTION("nor a second time") {
    puts = -1;
    world.store.before = [](const std::string& now, const std::string&) {
      if (now == "put") throw FakeStore::refusal("PutObject", 503);
    };
    CapturedLog log(log::Level::error);
    CHECK_THAT(world.run(), ContainsSubstring("Backup failed uploading backup.info file ("));
    CHECK_THAT(log.text(), ContainsSubstring("could not be stored either"));
    CHECK(world.store.open_uploads() == 0);
  }
}

TEST_CASE("course: a signal at any time") {
  World world;
  const std::string call = GENERATE("facts", "start", "watch", "stop");
  CAPTURE(call);
  world.server.before = [&](const std::string& now) {
    if (now != call) return;
    world.stop.request_stop();
    if (call != "watch") throw Error(ErrorKind::operation, "interrupted");
  };
  world.check_failed("(interrupted by SIGTERM)");
}

TEST_CASE("course: a session that is lost during the copy") {
  World world;
  world.server.before = [&](const std::string& now) {
    if (now != "watch") return;
    world.server.loss = "the connection is lost";
    world.server.lost.request_stop();
  };
  world.check_failed("(the connection is lost)");
  CHECK(std::count(world.server.calls.begin(), world.server.calls.end(), "stop") == 0);
}

TEST_CASE("course: a file that cannot be read") {
  World world;
  fs::remove(world.scratch / "data/global/pg_control");
  world.check_failed("pg_control");
}

TEST_CASE("course: WAL that cannot be switched is a warning, the backup is whole") {
  World world;
  world.server.before = [](const std::string& now) {
    if (now == "switch") throw Error(ErrorKind::operation, "no more");
  };
  CapturedLog log(log::Level::warning);
  CHECK(world.run().empty());
  CHECK(world.info().status == BackupStatus::done);
  CHECK_THAT(log.text(), ContainsSubstring("WARNING") && ContainsSubstring("no more"));
}

TEST_CASE("course: WAL that is missing from the archive, or cannot be looked for, is a warning") {
  World world;
  CapturedLog log(log::Level::warning);
  SECTION("missing") {
    world.store.erase("pg/main/wals/0000000100000000/000000010000000000000003");
    CHECK(world.run().empty());
    CHECK_THAT(log.text(), ContainsSubstring("missing 000000010000000000000003 "));
  }
  SECTION("no right to list") {
    world.store.before = [](const std::string& now, const std::string& key) {
      if (now == "list" && key.find("/wals/") != std::string::npos) throw FakeStore::refusal("ListObjectsV2", 403);
    };
    CHECK(world.run().empty());
    CHECK_THAT(log.text(), ContainsSubstring("cannot tell whether the WAL"));
  }
  CHECK(world.info().status == BackupStatus::done);
}

TEST_CASE("course: an archive that cannot be asked for its backups") {
  World world;
  world.store.before = [](const std::string& now, const std::string&) {
    if (now == "list") throw Error(ErrorKind::network, "no answer");
  };
  CHECK_THAT(world.run(), ContainsSubstring("no answer"));
  CHECK(world.server.calls.empty());
}
