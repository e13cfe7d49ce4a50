// Segments that are fetched before PostgreSQL asks for them.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_restore.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint32_t kMiB = 1U << 20U;

WalName wal(const std::string& text) { return *WalName::parse(text); }

struct Standby {
  FakeStore own_store;
  FakeStore& store;
  ScratchDirectory own_dir;
  std::string dir;
  std::string spool_dir;
  std::string archive_id = "s3://bucket/p";
  int parallel = 4;
  std::string destination_name = "RECOVERYXLOG";
  ArchiveLayout layout{"p", "srv"};

  Standby() : store(own_store), dir(own_dir.path().string()), spool_dir(dir + "/spool") {}
  // Another process of the same server.
  explicit Standby(Standby& other, std::string name)
      : store(other.store), dir(other.dir), spool_dir(other.spool_dir), destination_name(std::move(name)) {}

  std::string destination() const { return dir + "/" + destination_name; }

  Data add(const std::string& name, unsigned seed, std::uint32_t size = kMiB, const std::string& suffix = "") {
    Data data = make_segment(size, seed);
    store.add(layout.wal_key(wal(name)) + suffix, compressed(compression_from_suffix(suffix), data));
    return data;
  }

  WalRestoreOutcome restore(const std::string& name) {
    return restore_wal(store, layout, {wal(name), destination(), false, parallel, spool_dir, archive_id});
  }

  // The segments in the spool.
  std::vector<std::string> spooled() const {
    std::vector<std::string> result;
    for (const std::string& name : tree(own_dir.path())) {
      if (name.starts_with("spool/") && name.rfind('/') > 6) result.push_back(name.substr(name.rfind('/') + 1));
    }
    return result;
  }
  std::string folder() const {
    for (const std::string& name : tree(own_dir.path())) {
      if (name.starts_with("spool/") && name.rfind('/') == 5) return dir + "/" + name;
    }
    return {};
  }

  std::size_t calls_for(const std::string& name) const {
    const auto calls = store.calls();
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const std::string& call) { return call.ends_with("/" + name); }));
  }
};

using Names = std::vector<std::string>;

const std::string kFirst = "000000010000000000000001";
const std::string kSecond = "000000010000000000000002";
const std::string kThird = "000000010000000000000003";
const std::string kFourth = "000000010000000000000004";
const std::string kFifth = "000000010000000000000005";

}  // namespace

TEST_CASE("the next segments wait in the spool and cost no request then", "[wal][prefetch]") {
  Standby standby;
  const Data first = standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2, kMiB, ".gz");
  const Data third = standby.add(kThird, 3, kMiB, ".zst");
  standby.add(kFourth, 4);
  standby.add(kFifth, 5);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
  CHECK(standby.spooled() == Names{kSecond, kThird, kFourth});
  CHECK(mode_of(standby.folder()) == 0700);
  CHECK(mode_of(standby.folder() + "/" + kSecond) == 0600);

  const std::size_t calls = standby.store.calls().size();
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
  CHECK(mode_of(standby.destination()) == 0600);
  CHECK(standby.restore(kThird) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == third);
  CHECK(standby.restore(kFourth) == WalRestoreOutcome::restored);
  CHECK(standby.store.calls().size() == calls);
  CHECK(standby.spooled().empty());

  CHECK(standby.restore(kFifth) == WalRestoreOutcome::restored);
  CHECK(standby.store.calls().size() > calls);
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
    CHECK(standby.spooled() == Names{item.next});
  }
}

TEST_CASE("the other fetches run while the requested one is on its way", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  std::mutex mutex;
  std::condition_variable second_came;
  bool second_seen = false;
  bool overlapped = false;
  standby.store.during_get = [&](const std::string& key, std::uint64_t sent) {
    std::unique_lock lock(mutex);
    if (key.ends_with(kSecond)) {
      second_seen = true;
      second_came.notify_all();
    } else if (sent == kMiB) {
      overlapped = second_came.wait_for(lock, std::chrono::seconds(20), [&] { return second_seen; });
    }
  };
  standby.restore(kFirst);
  CHECK(overlapped);
}

TEST_CASE("a batch ends at a segment that is absent or fails", "[wal][prefetch]") {
  Standby standby;
  const Data first = standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  SECTION("absent") {}
  SECTION("partial") { standby.store.add(standby.layout.wal_key(wal(kThird)) + ".partial", make_segment(kMiB, 3)); }
  SECTION("damaged") { standby.store.add(standby.layout.wal_key(wal(kThird)) + ".gz", bytes_of("no gzip")); }
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
  const CapturedLog log(log::Level::info);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
  CHECK(standby.spooled() == Names{kSecond});
  CHECK(log.text().find(kThird) == std::string::npos);
  CHECK(tree(standby.own_dir.path()).size() == 4);  // RECOVERYXLOG, spool, its folder, one segment
}

TEST_CASE("what follows a missing segment is not fetched to its end", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 3;
  standby.add(kFirst, 1);
  standby.add(kThird, 3);
  // The third segment's first bytes are held back until the second is known to be absent.
  const CapturedLog log(log::Level::debug);
  standby.store.chunk_size = 1024;
  standby.store.during_get = [&](const std::string& key, std::uint64_t) {
    while (key.ends_with(kThird) && log.text().find("not prefetching " + kSecond) == std::string::npos) {
      std::this_thread::yield();
    }
    if (key.ends_with(kThird)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  standby.restore(kFirst);
  CHECK(standby.spooled().empty());
}

TEST_CASE("absence is quick, fetches nothing, and is not remembered", "[wal][prefetch]") {
  Standby standby;
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::not_found);
  CHECK(standby.store.calls().size() == 1);
  CHECK(standby.spooled().empty());
  const Data first = standby.add(kFirst, 1);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
}

TEST_CASE("a failure of the requested segment stops the others", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  std::atomic<bool> second_started = false;
  std::atomic<std::uint64_t> second_chunks = 0;
  std::atomic<bool> failed = false;
  standby.store.chunk_size = 1024;
  standby.store.during_get = [&](const std::string& key, std::uint64_t) {
    if (key.ends_with(kSecond)) {
      second_started = true;
      while (!failed) std::this_thread::yield();
      ++second_chunks;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // 1024 chunks: stopped long before the end
    } else {
      while (!second_started) std::this_thread::yield();
      failed = true;
      throw Error(ErrorKind::network, "connection reset");
    }
  };
  CHECK_THROWS_WITH(standby.restore(kFirst), "connection reset");
  CHECK(second_chunks < 1000);
  CHECK(standby.spooled().empty());
  CHECK_FALSE(exists(standby.destination()));
}

TEST_CASE("nothing is prefetched for", "[wal][prefetch]") {
  Standby standby;
  for (const auto& name : {kFirst, kSecond, kThird}) standby.add(name, 1);
  std::string name = kFirst;
  SECTION("pg_rewind, whose destination bears the segment's name") { standby.destination_name = kFirst; }
  SECTION("one at a time") { standby.parallel = 1; }
  SECTION("nowhere to put it") { standby.spool_dir.clear(); }
  SECTION("no number at all") { standby.parallel = 0; }
  SECTION("a history file") {
    name = "00000002.history";
    standby.store.add("p/srv/wals/" + name, bytes_of("1\t0/1000000\tno reason\n"));
  }
  SECTION("a label file") {
    name = kFirst + ".00000028.backup";
    standby.store.add(standby.layout.wal_key(wal(name)), make_segment(kMiB, 9));
  }
  CHECK(standby.restore(name) == WalRestoreOutcome::restored);
  CHECK(standby.calls_for(kSecond) == 0);
  CHECK(standby.spooled().empty());
}

TEST_CASE("a partial segment is delivered and starts no batch", "[wal][prefetch]") {
  Standby standby;
  standby.store.add(standby.layout.wal_key(wal(kFirst)) + ".partial", make_segment(kMiB, 1));
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(standby.spooled().empty());
}

TEST_CASE("pg_rewind is not given what waits in the spool", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.restore(kFirst);
  REQUIRE(standby.spooled() == Names{kSecond});
  const Data newer = standby.add(kSecond, 3);
  standby.destination_name = kSecond;
  standby.restore(kSecond);
  CHECK(read_data(standby.destination()) == newer);
  CHECK(standby.spooled() == Names{kSecond});
}

TEST_CASE("what cannot say its segment size starts no batch", "[wal][prefetch]") {
  Standby standby;
  standby.store.add(standby.layout.wal_key(wal(kFirst)), random_bytes(kMiB, 1));
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(standby.calls_for(kSecond) == 0);
}

TEST_CASE("serving a segment removes the older ones of its timeline and nothing else", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 3;
  standby.add(kFirst, 1);
  standby.restore(kFirst);  // makes the folder
  const std::string folder = standby.folder();
  const Names kept = {"000000020000000000000001", kFifth, "00000002.history", kFirst + ".partial", "notes"};
  for (const std::string& name : kept) write_data(folder + "/" + name, make_segment(kMiB, 7));
  for (const std::string& name : {kFirst, kSecond, kThird}) write_data(folder + "/" + name, make_segment(kMiB, 8));
  Names expected = kept;
  std::sort(expected.begin(), expected.end());
  SECTION("from the spool") {
    CHECK(standby.restore(kThird) == WalRestoreOutcome::restored);
    CHECK(standby.spooled() == expected);
  }
  SECTION("from the archive") {
    standby.add(kFourth, 4);
    CHECK(standby.restore(kFourth) == WalRestoreOutcome::restored);
    CHECK(standby.spooled() == expected);
  }
}

TEST_CASE("what was left by a recovery long ago is not served", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  const Data first = standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  standby.restore(kFirst);
  const std::string folder = standby.folder();
  const timespec two_hours_ago[2] = {{::time(nullptr) - 7200, 0}, {::time(nullptr) - 7200, 0}};
  write_data(folder + "/" + kFirst, make_segment(kMiB, 8));
  for (const std::string& name : {kFirst, kSecond}) {
    REQUIRE(::utimensat(AT_FDCWD, (folder + "/" + name).c_str(), two_hours_ago, 0) == 0);
  }
  const Data newer = standby.add(kSecond, 3);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == newer);
}

TEST_CASE("archives, servers and destinations do not share a folder", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.restore(kFirst);
  REQUIRE(standby.spooled() == Names{kSecond});
  const Data other = make_segment(kMiB, 9);
  SECTION("another archive") { standby.archive_id = "s3://other/p"; }
  SECTION("another server") { standby.layout = ArchiveLayout("p", "srv2"); }
  SECTION("another destination") {
    REQUIRE(::mkdir((standby.dir + "/pg_wal").c_str(), 0700) == 0);
    standby.destination_name = "pg_wal/RECOVERYXLOG";
  }
  standby.store.add(standby.layout.wal_key(wal(kSecond)), other);
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == other);
}

TEST_CASE("a spool that cannot be used is done without", "[wal][prefetch]") {
  Standby standby;
  const Data first = standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  SECTION("it cannot be made") { standby.spool_dir = "/proc/nowhere/spool"; }
  SECTION("it is a file") { write_data(standby.spool_dir, bytes_of("x")); }
  SECTION("it is open to others") {
    standby.restore(kFirst);
    REQUIRE(::chmod(standby.folder().c_str(), 0755) == 0);
    write_data(standby.folder() + "/" + kFirst, bytes_of("planted"));
  }
  SECTION("its folder is a symbolic link") {
    standby.restore(kFirst);
    const std::string folder = standby.folder();
    REQUIRE(::rename(folder.c_str(), (standby.dir + "/elsewhere").c_str()) == 0);
    REQUIRE(::symlink("../elsewhere", folder.c_str()) == 0);
    write_data(standby.dir + "/elsewhere/" + kFirst, bytes_of("planted"));
  }
  const CapturedLog log(log::Level::info);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
  CHECK_THAT(log.text(), ContainsSubstring("INFO: not prefetching WAL: cannot use spool folder"));
}

TEST_CASE("what bears a segment's name in the spool and is no file is not served", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  const Data second = standby.add(kSecond, 2);
  standby.add(kFirst, 1);
  standby.restore(kFirst);
  const std::string path = standby.folder() + "/" + kSecond;
  REQUIRE(::unlink(path.c_str()) == 0);
  SECTION("a symbolic link") { REQUIRE(::symlink("/etc/passwd", path.c_str()) == 0); }
  SECTION("an empty file") { write_data(path, {}); }
  SECTION("a directory") { REQUIRE(::mkdir(path.c_str(), 0700) == 0); }
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
}

TEST_CASE("a spool on another file system is copied from", "[wal][prefetch]") {
  Standby standby;
  const ScratchDirectory shared_memory("/dev/shm");
  struct stat here {};
  struct stat there {};
  REQUIRE(::stat(standby.dir.c_str(), &here) == 0);
  REQUIRE(::stat(shared_memory.path().c_str(), &there) == 0);
  REQUIRE(here.st_dev != there.st_dev);
  standby.spool_dir = shared_memory / "spool";
  standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  standby.restore(kFirst);
  CHECK(tree(shared_memory.path()).size() == 3);
  const std::size_t calls = standby.store.calls().size();
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(standby.store.calls().size() == calls);
  CHECK(read_data(standby.destination()) == second);
  CHECK(mode_of(standby.destination()) == 0600);
  CHECK(tree(shared_memory.path()).size() == 2);
}

TEST_CASE("several restores at once on one spool all get what they asked for", "[wal][prefetch]") {
  Standby standby;
  Names names;
  std::vector<Data> contents;
  WalName name = wal(kFirst);
  for (unsigned i = 0; i < 12; ++i) {
    names.push_back(name.text());
    contents.push_back(standby.add(name.text(), i));
    name = name.next(kMiB);
  }
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> processes;
    for (int process = 0; process < 4; ++process) {
      processes.emplace_back([&, process] {
        Standby other(standby, "RECOVERYXLOG" + std::to_string(process));
        for (std::size_t i = 0; i < names.size(); ++i) {
          if (other.restore(names[i]) != WalRestoreOutcome::restored) ++wrong;
          if (read_data(other.destination()) != contents[i]) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
  for (const std::string& left : standby.spooled()) CHECK(WalName::parse(left));
}
