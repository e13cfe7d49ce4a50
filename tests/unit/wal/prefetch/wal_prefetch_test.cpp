// What a request does with segments that are fetched before PostgreSQL asks for them.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/standby.h"

#include <tapster/error.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <stdexcept>

using namespace tapster;
using namespace tapster::test;

TEST_CASE("the next segments are in the spool and cost no request", "[wal][prefetch]") {
  Standby standby;
  const Data first = standby.add(kFirst, 1, kMiB, ".zst");
  const Data second = standby.add(kSecond, 2, kMiB, ".zst");
  const Data third = standby.add(kThird, 3, kMiB, ".zst");
  standby.add(kFourth, 4, kMiB, ".zst");
  standby.add(kFifth, 5, kMiB, ".zst");
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
  CHECK(standby.spool_becomes({kSecond, kThird, kFourth, kFifth}));
  CHECK(mode_of(standby.folder()) == 0700);
  CHECK(mode_of(standby.folder() + "/" + kSecond) == 0600);
  standby.stop_fetchers();
  standby.starts = false;
  standby.store.before = [](const std::string&, const std::string&) { throw Error(ErrorKind::network, "down"); };
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
  CHECK(mode_of(standby.destination()) == 0600);
  CHECK(standby.restore(kThird) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == third);
  CHECK(standby.restore(kFourth) == WalRestoreOutcome::restored);
  for (const std::string& name : {kSecond, kThird, kFourth}) CHECK(standby.calls_for(name, "get") == 1);
  CHECK(standby.restore(kFifth) == WalRestoreOutcome::restored);
  CHECK_THROWS_WITH(standby.restore("000000010000000000000006"), "down");
}

TEST_CASE("a request waits for a segment that is on its way", "[wal][prefetch]") {
  std::atomic<bool> begun = false;
  std::atomic<bool> go_on = false;
  Standby standby;  // ends its threads before what they use goes
  standby.parallel = 2;
  standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  bool fails = false;
  SECTION("and gets it") {}
  SECTION("and fetches it when that fails") { fails = true; }
  standby.store.during_get = [&](const std::string& key, std::uint64_t) {
    if (!key.ends_with(kSecond) || begun.exchange(true)) return;
    while (!go_on) std::this_thread::yield();
    if (fails) throw Error(ErrorKind::network, "connection reset");
  };
  standby.restore(kFirst);
  REQUIRE(comes_true([&] { return begun.load(); }));
  std::atomic<bool> served = false;
  std::jthread request([&] {
    standby.restore(kSecond);
    served = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // longer than it looks for a dead fetcher
  CHECK_FALSE(served);
  go_on = true;
  request.join();
  CHECK(read_data(standby.destination()) == second);
  CHECK(standby.calls_for(kSecond, "get") == (fails ? 2 : 1));
}

TEST_CASE("a request does not wait for a download that does not move", "[wal][prefetch]") {
  std::atomic<bool> stuck = false;
  std::atomic<bool> go_on = false;
  Standby standby;  // ends its threads before what they use goes
  standby.parallel = 2;
  standby.patience = Duration(300);
  standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  standby.store.during_get = [&](const std::string& key, std::uint64_t) {
    if (key.ends_with(kSecond) && !stuck.exchange(true)) comes_true([&] { return go_on.load(); });
  };
  standby.restore(kFirst);
  REQUIRE(comes_true([&] { return stuck.load(); }));
  const CapturedLog log(log::Level::info);
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
  CHECK_FALSE(go_on);
  go_on = true;
  CHECK_THAT(log.text(), ContainsSubstring("is being fetched ahead, but does not move"));
}

TEST_CASE("a request does not wait for a segment that a killed fetcher was downloading", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
  ::unlink((standby.folder() + "/" + kSecond).c_str());
  write_file(standby.folder() + "/" + kSecond + ".coming", "");
  write_file(standby.folder() + "/.tapster-new-0123456789abcdef", "half");
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
  CHECK(standby.started == 2);
  REQUIRE(standby.fetchers_end());  // the new one has cleaned up
  CHECK(standby.files() == Names{"fetcher", "form", "position"});
}

TEST_CASE("an absent segment starts no fetcher, and is not remembered", "[wal][prefetch]") {
  Standby standby;
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::not_found);
  CHECK(standby.store.calls().size() == 1);
  CHECK(standby.started == 0);
  const Data first = standby.add(kFirst, 1);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == first);
}

TEST_CASE("a request that fails starts no fetcher", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "get") throw Error(ErrorKind::network, "connection reset");
  };
  CHECK_THROWS_WITH(standby.restore(kFirst), "connection reset");
  CHECK(standby.started == 0);
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
  CHECK(standby.started == 0);
  CHECK(standby.calls_for(kSecond) == 0);
}

TEST_CASE("a partial segment is restored and starts no fetcher", "[wal][prefetch]") {
  Standby standby;
  standby.store.add(standby.layout.wal_key(wal(kFirst)) + ".partial", make_segment(kMiB, 1));
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(standby.started == 0);
}

TEST_CASE("pg_rewind is not given what waits in the spool", "[wal][prefetch]") {
  Standby standby;
  standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
  REQUIRE(standby.spooled() == Names{kSecond});
  const Data newer = standby.add(kSecond, 3);
  standby.destination_name = kSecond;
  standby.restore(kSecond);
  CHECK(read_data(standby.destination()) == newer);
  CHECK(standby.spooled() == Names{kSecond});
}

TEST_CASE("a segment without a header starts no fetcher", "[wal][prefetch]") {
  Standby standby;
  standby.store.add(standby.layout.wal_key(wal(kFirst)), random_bytes(kMiB, 1));
  standby.add(kSecond, 2);
  CHECK(standby.restore(kFirst) == WalRestoreOutcome::restored);
  CHECK(standby.started == 0);
}

TEST_CASE("serving a segment removes the older ones of its timeline and nothing else", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  standby.add(kFirst, 1);
  standby.restore(kFirst);  // makes the folder
  REQUIRE(standby.fetchers_end());
  const std::string folder = standby.folder();
  Names expected = {"000000020000000000000001", kFifth, "00000002.history", kFirst + ".partial", "notes"};
  for (const std::string& name : expected) write_data(folder + "/" + name, make_segment(kMiB, 7));
  for (const std::string& name : {kFirst, kSecond, kThird}) write_data(folder + "/" + name, make_segment(kMiB, 8));
  // As while another fetcher runs, which would remove the segments that it does not want.
  write_file(folder + "/fetcher", "failed: for a moment\n");
  SECTION("from the spool") { CHECK(standby.restore(kThird) == WalRestoreOutcome::restored); }
  SECTION("from the archive") {
    standby.add(kFourth, 4);
    CHECK(standby.restore(kFourth) == WalRestoreOutcome::restored);
  }
  for (const char* name : {"fetcher", "form", "position"}) expected.emplace_back(name);
  std::sort(expected.begin(), expected.end());
  CHECK(standby.files() == expected);
  CHECK(standby.started == 1);
}

TEST_CASE("a segment that a recovery left long ago is not served", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  const Data first = standby.add(kFirst, 1);
  const Data second = standby.add(kSecond, 2);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
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
  REQUIRE(standby.fetchers_end());
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

TEST_CASE("without a usable spool segments are restored from the archive", "[wal][prefetch]") {
  Standby standby;
  const Data first = standby.add(kFirst, 1);
  standby.add(kSecond, 2);
  SECTION("it cannot be made") { standby.spool_dir = "/proc/nowhere/spool"; }
  SECTION("it is a file") { write_data(standby.spool_dir, bytes_of("x")); }
  SECTION("it is open to others") {
    standby.restore(kFirst);
    REQUIRE(standby.fetchers_end());
    REQUIRE(::chmod(standby.folder().c_str(), 0755) == 0);
    write_data(standby.folder() + "/" + kFirst, bytes_of("planted"));
  }
  SECTION("its folder is a symbolic link") {
    standby.restore(kFirst);
    REQUIRE(standby.fetchers_end());
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

TEST_CASE("only a regular file with content is served from the spool", "[wal][prefetch]") {
  Standby standby;
  standby.parallel = 2;
  const Data second = standby.add(kSecond, 2);
  standby.add(kFirst, 1);
  standby.restore(kFirst);
  REQUIRE(standby.fetchers_end());
  const std::string path = standby.folder() + "/" + kSecond;
  REQUIRE(::unlink(path.c_str()) == 0);
  SECTION("a symbolic link") { REQUIRE(::symlink("/etc/passwd", path.c_str()) == 0); }
  SECTION("an empty file") { write_data(path, {}); }
  SECTION("a directory") { REQUIRE(::mkdir(path.c_str(), 0700) == 0); }
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(read_data(standby.destination()) == second);
}

TEST_CASE("a segment in a spool on another file system is copied", "[wal][prefetch]") {
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
  REQUIRE(standby.fetchers_end());
  CHECK(standby.restore(kSecond) == WalRestoreOutcome::restored);
  CHECK(standby.calls_for(kSecond, "get") == 1);
  CHECK(read_data(standby.destination()) == second);
  CHECK(mode_of(standby.destination()) == 0600);
  REQUIRE(standby.fetchers_end());
  const Names left = tree(shared_memory.path());
  CHECK(std::none_of(left.begin(), left.end(), [](const std::string& name) { return name.ends_with(kSecond); }));
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
}
