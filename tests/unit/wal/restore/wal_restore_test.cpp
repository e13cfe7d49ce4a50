// Which object is restored, how the file appears, and when "not found" may be said.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_restore.h>

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr const char* kSegment = "000000010000000000000001";
const std::string kKey = std::string("p/srv/wals/0000000100000000/") + kSegment;

struct Restorer {
  ScratchDirectory dir;
  FakeStore store;
  bool no_partial = false;

  std::string destination() const { return dir / "RECOVERYXLOG"; }

  // An object that holds its own key.
  void add(const std::string& key) { store.add(key, compressed(compression_from_suffix(key), bytes_of(key))); }

  WalRestoreOutcome restore(const std::string& name = kSegment) {
    WalRestoreRequest request{*WalName::parse(name), destination(), no_partial, 0, "", ""};
    return restore_wal(store, ArchiveLayout("p", "srv"), request);
  }

  std::string failure(ErrorKind kind) {
    try {
      restore();
    } catch (const Error& thrown) {
      CHECK(thrown.kind() == kind);
      return thrown.what();
    }
    return "(it did not fail)";
  }

  // The key of what is restored; empty when nothing is found.
  std::string restored(const std::string& name = kSegment) {
    if (restore(name) == WalRestoreOutcome::not_found) {
      CHECK(tree(dir.path()).empty());
      return {};
    }
    CHECK(tree(dir.path()) == std::vector<std::string>{"RECOVERYXLOG"});
    const Data data = read_data(destination());
    ::unlink(destination().c_str());
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
};

}  // namespace

TEST_CASE("the best stored form is restored: plain, compressed, partial", "[wal][restore]") {
  const std::vector<std::string> by_preference = {
      "",         ".zst",         ".lz4",         ".snappy",         ".gz",         ".xz",         ".bz2",
      ".partial", ".partial.zst", ".partial.lz4", ".partial.snappy", ".partial.gz", ".partial.xz", ".partial.bz2"};
  Restorer restorer;
  for (const std::string& suffix : by_preference) restorer.add(kKey + suffix);
  for (const std::string& suffix : by_preference) {
    restorer.no_partial = false;
    CHECK(restorer.restored() == kKey + suffix);
    restorer.no_partial = true;
    CHECK(restorer.restored() == (suffix.starts_with(".partial") ? "" : kKey + suffix));
    restorer.store.erase(kKey + suffix);
  }
  restorer.no_partial = false;
  CHECK(restorer.restored().empty());
}

TEST_CASE("each form is restored when it is the only one", "[wal][restore]") {
  for (const char* suffix : {"", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".snappy", ".partial", ".partial.gz"}) {
    INFO(suffix);
    Restorer restorer;
    restorer.add(kKey + suffix);
    CHECK(restorer.restored() == kKey + suffix);
  }
}

TEST_CASE("files with similar names are neither restored nor decide the compression", "[wal][restore]") {
  const struct {
    std::vector<std::string> stored;
    bool no_partial;
    const char* expected;  // nullptr: not found
  } cases[] = {
      {{"", ".partial"}, false, ""},
      {{"", ".00000028.backup.gz"}, false, ""},
      {{"", ".partial.gz"}, true, ""},
      {{"", ".gz"}, false, ""},
      {{".partial", ".zst"}, false, ".zst"},
      {{".gz", ".partial.gz"}, false, ".gz"},
      {{".00000028.backup", ".00000028.backup.gz"}, false, nullptr},
      {{".gz.tmp", ".partial.tmp", ".tmp", "0", ".GZ", ".partial.gz.gz", ".gz.gz", "/x", ".partialx"}, false, nullptr},
      {{".partial"}, true, nullptr},
  };
  for (const auto& item : cases) {
    Restorer restorer;
    restorer.no_partial = item.no_partial;
    for (const std::string& suffix : item.stored) restorer.add(kKey + suffix);
    INFO(item.stored.front() << " ...");
    CHECK(restorer.restored() == (item.expected == nullptr ? "" : kKey + item.expected));
  }
}

TEST_CASE("label, history and partial files are restored by their own names", "[wal][restore]") {
  const struct {
    const char* name;
    const char* key;
  } cases[] = {
      {"000000010000000000000001.00000028.backup",
       "p/srv/wals/0000000100000000/000000010000000000000001.00000028.backup"},
      {"00000002.history", "p/srv/wals/00000002.history"},
      {"000000010000000000000001.partial", "p/srv/wals/0000000100000000/000000010000000000000001.partial"},
  };
  for (const auto& item : cases) {
    for (const char* suffix : {"", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".snappy"}) {
      Restorer restorer;
      restorer.no_partial = true;  // says nothing about a partial segment that is asked for
      const std::string key = std::string(item.key) + suffix;
      INFO(key);
      restorer.add(key);
      CHECK(restorer.restored(item.name) == key);
    }
    Restorer restorer;
    restorer.add(kKey);
    restorer.add(std::string(item.key) + ".partial");
    CHECK(restorer.restored(item.name).empty());
  }
}

TEST_CASE("all pages of a listing are read", "[wal][restore]") {
  Restorer restorer;
  restorer.store.page_size = 1;
  for (const char* suffix : {".00000028.backup", ".00000029.backup", ".bz2", ".partial", ".zst"}) {
    restorer.add(kKey + suffix);
  }
  CHECK(restorer.restored() == kKey + ".zst");
}

TEST_CASE("not found costs one request and is silent by default", "[wal][restore]") {
  Restorer restorer;
  {
    const CapturedLog log(log::Level::warning);
    CHECK(restorer.restore() == WalRestoreOutcome::not_found);
    CHECK(log.text().empty());
  }
  CHECK(restorer.store.calls() == std::vector<std::string>{"list " + kKey});
  const CapturedLog log(log::Level::info);
  restorer.restore();
  CHECK_THAT(log.text(), ContainsSubstring("INFO: WAL file 000000010000000000000001 for server srv does not exist"));
}

TEST_CASE("an object that vanishes after the listing is looked for again", "[wal][restore]") {
  Restorer restorer;
  restorer.add(kKey);
  SECTION("and another form is restored") {
    restorer.store.before = [&](const std::string& operation, const std::string& key) {
      if (operation != "get" || key != kKey) return;
      restorer.store.erase(kKey);
      restorer.add(kKey + ".gz");
    };
    CHECK(restorer.restored() == kKey + ".gz");
  }
  SECTION("and is found to be absent") {
    restorer.store.before = [&](const std::string& operation, const std::string& key) {
      if (operation == "get") restorer.store.erase(key);
    };
    CHECK(restorer.restored().empty());
  }
  SECTION("but not for ever, and that is no proof of absence") {
    restorer.store.before = [&](const std::string& operation, const std::string&) {
      if (operation == "get") restorer.store.erase(kKey);
      if (operation == "list") restorer.add(kKey);
    };
    CHECK_THAT(restorer.failure(ErrorKind::general), ContainsSubstring(kKey));
    CHECK(tree(restorer.dir.path()).empty());
  }
}

TEST_CASE("a failure leaves the destination as it was", "[wal][restore]") {
  Restorer restorer;
  const bool existed = GENERATE(true, false);
  if (existed) write_data(restorer.destination(), bytes_of("before"));
  const auto names_before = tree(restorer.dir.path());
  SECTION("truncated data") {
    Data damaged = compressed(Compression::gzip, random_bytes(100000, 1));
    damaged.resize(damaged.size() / 2);
    restorer.store.add(kKey + ".gz", damaged);
    CHECK_THAT(restorer.failure(ErrorKind::general), ContainsSubstring("fake://bucket/" + kKey + ".gz"));
  }
  SECTION("data that was never compressed") {
    restorer.store.add(kKey + ".gz", random_bytes(100000, 1));
    CHECK_THAT(restorer.failure(ErrorKind::general), ContainsSubstring("fake://bucket/" + kKey + ".gz"));
  }
  SECTION("a connection that breaks in the middle") {
    restorer.store.add(kKey, random_bytes(1000000, 1));
    restorer.store.during_get = [](const std::string&, std::uint64_t sent) {
      if (sent > 500000) throw Error(ErrorKind::network, "connection reset");
    };
    CHECK(restorer.failure(ErrorKind::network) == "connection reset");
  }
  SECTION("data that turn out to be wrong when all were written") {
    restorer.store.add(kKey, random_bytes(1000000, 1));
    restorer.store.during_get = [](const std::string&, std::uint64_t sent) {
      if (sent == 1000000) throw Error(ErrorKind::general, "checksum mismatch");
    };
    CHECK(restorer.failure(ErrorKind::general) == "checksum mismatch");
  }
  CHECK(tree(restorer.dir.path()) == names_before);
  if (existed) CHECK(read_data(restorer.destination()) == bytes_of("before"));
}

TEST_CASE("a refusal never counts as absence", "[wal][restore]") {
  Restorer restorer;
  restorer.add(kKey);
  const std::string failing = GENERATE("list", "get");
  const auto fail_with = [&](const Error& failure) {
    restorer.store.before = [failing, failure](const std::string& operation, const std::string&) {
      if (operation == failing) throw failure;
    };
  };
  fail_with(Error(ErrorKind::network, "timed out"));
  CHECK(restorer.failure(ErrorKind::network) == "timed out");
  fail_with(FakeStore::refusal(failing, 403));
  CHECK_THAT(restorer.failure(ErrorKind::general), ContainsSubstring("403"));
  // A bucket that does not exist: the same status as "not found", were it not translated.
  fail_with(FakeStore::refusal(failing, 404, ErrorKind::operation));
  CHECK_THAT(restorer.failure(ErrorKind::general), ContainsSubstring("404"));
  CHECK(tree(restorer.dir.path()).empty());
}

TEST_CASE("the file appears whole, private, in place of what was there", "[wal][restore]") {
  Restorer restorer;
  const Data content = make_segment(1U << 20U, 1);
  restorer.store.add(kKey + ".gz", compressed(Compression::gzip, content));
  SECTION("nothing was there") {}
  SECTION("a longer file was there") { write_data(restorer.destination(), random_bytes(2U << 20U, 1)); }
  SECTION("a symbolic link was there, which is replaced itself") {
    write_data(restorer.dir / "target", bytes_of("target"));
    REQUIRE(::symlink("target", restorer.destination().c_str()) == 0);
  }
  restorer.store.during_get = [&](const std::string&, std::uint64_t) {
    if (exists(restorer.destination())) CHECK(read_data(restorer.destination()) != content);
  };
  CHECK(restorer.restore() == WalRestoreOutcome::restored);
  CHECK(read_data(restorer.destination()) == content);
  CHECK(mode_of(restorer.destination()) == 0600);
  if (exists(restorer.dir / "target")) CHECK(read_data(restorer.dir / "target") == bytes_of("target"));
}

TEST_CASE("a destination without its directory is an error of ours", "[wal][restore]") {
  Restorer restorer;
  restorer.add(kKey);
  WalRestoreRequest request{*WalName::parse(kSegment), restorer.dir / "missing/RECOVERYXLOG", false, 0, "", ""};
  try {
    restore_wal(restorer.store, ArchiveLayout("p", "srv"), request);
    FAIL("it did not fail");
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    CHECK_THAT(failure.what(), ContainsSubstring(restorer.dir / "missing"));
  }
}

TEST_CASE("a segment of the wrong size is delivered with a warning", "[wal][restore]") {
  Restorer restorer;
  Data content = make_segment(1U << 20U, 1);
  std::string expected;
  SECTION("right") {}
  SECTION("too short") {
    content.resize(content.size() - 8192);
    expected =
        "WAL segment 000000010000000000000001 has 1040384 bytes in the archive, but says that its size is 1048576";
  }
  SECTION("not a segment at all: nothing to compare with") { content = bytes_of("something else"); }
  restorer.store.add(kKey, content);
  const CapturedLog log(log::Level::warning);
  CHECK(restorer.restore() == WalRestoreOutcome::restored);
  CHECK(read_data(restorer.destination()) == content);
  if (expected.empty()) {
    CHECK(log.text().empty());
  } else {
    CHECK_THAT(log.text(), ContainsSubstring("WARNING: " + expected));
  }
}
