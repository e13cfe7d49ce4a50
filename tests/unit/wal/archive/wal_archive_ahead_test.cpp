// Several segments at once: what becomes of those that PostgreSQL has not asked for yet.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_archive.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kFolder = "p/srv/wals/0000000100000000/";

std::string segment(unsigned number) { return fmt::format("0000000100000000{:08X}", number); }

struct Cluster {
  ScratchDirectory dir;
  FakeStore store;
  std::string archive_id = "url";
  std::string spool = dir / "spool";
  Compression compression = Compression::none;
  int parallel = 4;

  Cluster() {
    std::filesystem::create_directories(dir / "pg_wal/archive_status");
    store.features.create_only = CreateOnly::honoured;
  }
  Data content(unsigned number) const { return make_segment(1U << 20U, number); }
  std::string path(const std::string& name) const { return dir / ("pg_wal/" + name); }
  void ready(unsigned number) { ready(segment(number), content(number)); }
  void ready(const std::string& name, const Data& data) {
    write_data(path(name), data);
    write_file(dir / ("pg_wal/archive_status/" + name + ".ready"), "");
  }
  WalArchiveOutcome archive(unsigned number) { return archive(segment(number)); }
  WalArchiveOutcome archive(const std::string& name) {
    WalArchiveRequest request{path(name), *WalName::parse(name), compression, {}, {}, {}};
    request.spool_dir = spool;
    request.archive_id = archive_id;
    request.parallel = parallel;
    const auto outcome = archive_wal(store, ArchiveLayout("p", "srv"), request);
    const std::string mark = dir / ("pg_wal/archive_status/" + name);
    if (exists(mark + ".ready")) std::filesystem::rename(mark + ".ready", mark + ".done");
    return outcome;
  }
  // How many requests it takes.
  int requests_for(unsigned number) {
    const std::size_t before = store.calls().size();
    archive(number);
    return static_cast<int>(store.calls().size() - before);
  }
  bool has(unsigned number) const {
    const auto object = store.find(kFolder + segment(number) + std::string(suffix_of(compression)));
    return object.has_value() && (compression != Compression::none || object->data == content(number));
  }
};

// Lets `count` callers pass together, and nobody alone.
class Gate {
 public:
  explicit Gate(int count) : missing_(count) {}
  bool pass() {
    std::unique_lock lock(mutex_);
    if (--missing_ <= 0) all_.notify_all();
    return all_.wait_for(lock, std::chrono::seconds(20), [&] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  int missing_;
};

}  // namespace

TEST_CASE("ready segments are stored together, and need no request when their turn comes", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.compression = GENERATE(Compression::none, Compression::gzip);
  for (unsigned number = 1; number <= 6; ++number) cluster.ready(number);
  Gate gate(4);
  std::atomic<bool> together = true;
  cluster.store.before = [&](const std::string& operation, const std::string& key) {
    if (operation == "put" && key < kFolder + segment(5) && !gate.pass()) together = false;
  };
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  CHECK(together);
  for (unsigned number = 1; number <= 6; ++number) CHECK(cluster.has(number) == (number <= 4));
  for (unsigned number = 2; number <= 4; ++number) CHECK(cluster.requests_for(number) == 0);
  CHECK(cluster.requests_for(5) == 2);
  CHECK(cluster.has(6));
  CHECK(cluster.requests_for(6) == 0);
  CHECK(tree(cluster.spool).size() == 2);  // the folder and the context: nothing is left of the rest
}

TEST_CASE("without --parallel nothing is stored ahead", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.parallel = GENERATE(0, 1);
  cluster.ready(1);
  cluster.ready(2);
  cluster.archive(1);
  CHECK_FALSE(cluster.has(2));
}

TEST_CASE("only whole ready segments of this cluster are stored ahead", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.ready(1);
  Data foreign = cluster.content(2);
  SECTION("not ready") {
    cluster.ready(2);
    std::filesystem::remove(cluster.dir / ("pg_wal/archive_status/" + segment(2) + ".ready"));
  }
  SECTION("of another cluster") {
    foreign[24] = std::byte{1};
    cluster.ready(segment(2), foreign);
  }
  SECTION("not whole") {
    foreign.resize(foreign.size() / 2);
    cluster.ready(segment(2), foreign);
  }
  SECTION("empty") { cluster.ready(segment(2), {}); }
  SECTION("gone") {
    cluster.ready(2);
    std::filesystem::remove(cluster.path(segment(2)));
  }
  SECTION("no marks at all") {
    cluster.ready(2);
    std::filesystem::remove_all(cluster.dir / "pg_wal/archive_status");
  }
  SECTION("no folder to record it in") {
    cluster.ready(2);
    cluster.spool = "/proc/nowhere";
  }
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  CHECK(cluster.store.keys() == std::vector<std::string>{kFolder + segment(1)});
}

TEST_CASE("with history files, labels and partial segments nothing is stored ahead", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.ready(2);
  for (const char* name :
       {"00000002.history", "000000010000000000000001.partial", "000000010000000000000001.00000028.backup"}) {
    cluster.ready(name, cluster.content(1));
    cluster.archive(std::string(name));
  }
  CHECK_FALSE(cluster.has(2));
}

TEST_CASE("a segment that changed after it was stored ahead is compared", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.ready(1);
  cluster.ready(2);
  cluster.archive(1);
  REQUIRE(cluster.has(2));
  SECTION("to other content") {
    write_data(cluster.path(segment(2)) + ".new", cluster.content(7));
    std::filesystem::rename(cluster.path(segment(2)) + ".new", cluster.path(segment(2)));
    try {
      cluster.archive(2);
      FAIL("it did not fail");
    } catch (const Error& failure) {
      CHECK(failure.kind() == ErrorKind::operation);
      CHECK_THAT(failure.what(), ContainsSubstring(sha256_hex(cluster.content(2))) &&
                                     ContainsSubstring(sha256_hex(cluster.content(7))));
    }
    CHECK(cluster.has(2));
  }
  SECTION("to a copy of itself") {
    write_data(cluster.path(segment(2)) + ".new", cluster.content(2));
    std::filesystem::rename(cluster.path(segment(2)) + ".new", cluster.path(segment(2)));
    CHECK(cluster.requests_for(2) > 0);
  }
}

TEST_CASE("the notes hold for this archive alone", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.ready(1);
  cluster.ready(2);
  cluster.archive(1);
  SECTION("URL") { cluster.archive_id = "other"; }
  SECTION("store") { cluster.store.address = "other"; }
  SECTION("damaged records") {
    for (const std::string& file : tree(cluster.spool)) {
      if (file.ends_with(".stored")) write_file(cluster.spool + "/" + file, "garbage");
    }
  }
  SECTION("a folder that is gone") { std::filesystem::remove_all(cluster.spool); }
  CHECK(cluster.requests_for(2) > 0);
}

TEST_CASE("a segment that cannot be stored ahead fails nothing and is not noted", "[wal][archive][ahead]") {
  Cluster cluster;
  for (unsigned number = 1; number <= 3; ++number) cluster.ready(number);
  const CapturedLog log(log::Level::info);
  bool failing = true;
  SECTION("refused") {
    cluster.store.before = [&](const std::string& operation, const std::string& key) {
      if (failing && operation == "put" && key.ends_with(segment(2))) throw FakeStore::refusal(operation, 403);
    };
  }
  SECTION("unreachable") {
    cluster.store.before = [&](const std::string& operation, const std::string& key) {
      if (failing && operation == "put" && key.ends_with(segment(2))) throw Error(ErrorKind::network, "no answer");
    };
  }
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  CHECK_THAT(log.text(), ContainsSubstring(segment(2) + " is left to its own turn: "));
  CHECK_THAT(log.text(), !ContainsSubstring("ERROR") && !ContainsSubstring("WARNING"));
  CHECK(cluster.has(3));
  failing = false;
  CHECK(cluster.archive(2) == WalArchiveOutcome::stored);
  CHECK(cluster.requests_for(3) == 0);
}

TEST_CASE("another content stored under a later name is left for its turn", "[wal][archive][ahead]") {
  Cluster cluster;
  for (unsigned number = 1; number <= 3; ++number) cluster.ready(number);
  std::string key = kFolder + segment(2);
  SECTION("seen by the listing") {
    SECTION("in this form") {}
    SECTION("in another form") { key += ".gz"; }
    cluster.store.add(key, compressed(compression_from_suffix(key), cluster.content(9)));
  }
  SECTION("seen by the upload") {
    cluster.store.before = [&, done = false](const std::string& operation, const std::string&) mutable {
      if (operation == "list" && !done) done = true;
      if (operation == "put" && !cluster.store.find(key)) cluster.store.add(key, cluster.content(9));
    };
    cluster.parallel = 2;
  }
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  cluster.store.before = nullptr;
  CHECK_THROWS_WITH(cluster.archive(2), ContainsSubstring("is already stored with another content"));
}

TEST_CASE("a failure of the requested segment stops the others, and keeps the notes of stored ones",
          "[wal][archive][ahead]") {
  Cluster cluster;
  for (unsigned number = 1; number <= 4; ++number) cluster.ready(number);
  Gate gate(4);
  cluster.store.before = [&](const std::string& operation, const std::string& key) {
    if (operation != "put") return;
    gate.pass();
    if (key.ends_with(segment(1))) throw FakeStore::refusal(operation, 403);
  };
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(cluster.archive(1), ContainsSubstring("403"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  cluster.store.before = nullptr;
  for (unsigned number = 1; number <= 4; ++number) cluster.archive(number);
  for (unsigned number = 1; number <= 4; ++number) CHECK(cluster.has(number));
}

TEST_CASE("an upload ahead that hangs is stopped, and does not keep PostgreSQL waiting", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.store.limit.max_put_size = 5U << 20U;  // so that segments go in parts, which the fake can hold up
  cluster.store.keeps_data = false;
  cluster.ready(segment(1), make_segment(16U << 20U, 1));
  cluster.ready(segment(2), make_segment(16U << 20U, 2));
  std::atomic<bool> stopped = false;
  cluster.store.during_part = [&](const std::string& key, int, const std::stop_token& stop) {
    if (!key.ends_with(segment(2))) return;
    for (int waited = 0; waited < 2000 && !stop.stop_requested(); ++waited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    stopped = stop.stop_requested();
  };
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  CHECK(stopped);
  CHECK(cluster.store.open_uploads() == 0);
  CHECK_FALSE(cluster.store.find(kFolder + segment(2)));
  cluster.store.during_part = nullptr;
  CHECK(cluster.archive(2) == WalArchiveOutcome::stored);
}

TEST_CASE("where listing is forbidden, segments are stored ahead only on stores that create only",
          "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.ready(1);
  cluster.ready(2);
  const bool known = GENERATE(true, false);
  cluster.store.features.create_only = known ? CreateOnly::honoured : CreateOnly::unknown;
  cluster.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw FakeStore::refusal(operation, 403);
  };
  CHECK(cluster.archive(1) == WalArchiveOutcome::stored);
  CHECK(cluster.has(2) == known);
}

TEST_CASE("on a store that ignores conditions a listing comes before every write", "[wal][archive][ahead]") {
  Cluster cluster;
  cluster.store.features.create_only = CreateOnly::unknown;
  cluster.store.ignores_if_absent = true;
  cluster.store.add(kFolder + segment(3), cluster.content(9));
  for (unsigned number = 1; number <= 4; ++number) cluster.ready(number);
  cluster.archive(1);
  CHECK(cluster.store.find(kFolder + segment(3))->data == cluster.content(9));
  CHECK(cluster.has(4));
  cluster.archive(2);
  CHECK_THROWS_WITH(cluster.archive(3), ContainsSubstring("is already stored with another content"));
}

TEST_CASE("two archivers of one folder store everything once", "[wal][archive][ahead]") {
  Cluster cluster;
  for (unsigned number = 1; number <= 24; ++number) cluster.ready(number);
  std::atomic<int> failures = 0;
  const auto work = [&](unsigned first) {
    for (unsigned number = first; number <= 24; number += 2) {
      try {
        cluster.archive(number);
      } catch (const std::exception&) {
        ++failures;
      }
    }
  };
  std::thread other([&] { work(2); });
  work(1);
  other.join();
  CHECK(failures == 0);
  for (unsigned number = 1; number <= 24; ++number) CHECK(cluster.has(number));
}
