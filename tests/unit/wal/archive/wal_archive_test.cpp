// PostgreSQL's demands of an archive: nothing is overwritten, what is there already is no error.
#include "codec/crc.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"
#include "wal/content_digest.h"

#include <tapster/error.h>
#include <tapster/wal_archive.h>

#include <algorithm>
#include <string>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr const char* kSegment = "000000010000000000000001";
const std::string kKey = std::string("p/srv/wals/0000000100000000/") + kSegment;

struct Archiver {
  ScratchDirectory dir;
  FakeStore store;
  Data content = make_segment(1U << 20U, 1);
  Data other = make_segment(1U << 20U, 2);

  Archiver() { write_data(dir / kSegment, content); }

  WalArchiveOutcome archive(Compression compression = Compression::none, const std::string& name = kSegment) {
    WalArchiveRequest request{dir / name, *WalName::parse(name), compression, {}, {}, {}};
    return archive_wal(store, ArchiveLayout("p", "srv"), request);
  }

  // The message of an expected failure.
  std::string failure(ErrorKind kind, Compression compression = Compression::none, const std::string& name = kSegment) {
    try {
      archive(compression, name);
    } catch (const Error& thrown) {
      CHECK(thrown.kind() == kind);
      return thrown.what();
    }
    return "(it did not fail)";
  }

  // Calls `action` before the first call of `operation`.
  void once_before(const std::string& operation, const std::function<void()>& action) {
    store.before = [operation, action, done = false](const std::string& called, const std::string&) mutable {
      if (called != operation || done) return;
      done = true;
      action();
    };
  }
};

}  // namespace

TEST_CASE("a segment is stored with its digest", "[wal][archive]") {
  Archiver archiver;
  CHECK(archiver.archive() == WalArchiveOutcome::stored);
  const auto object = archiver.store.find(kKey);
  REQUIRE(object);
  CHECK(object->data == archiver.content);
  CHECK(object->metadata == Metadata{{"tapster-crc64nvme", crc64_text(crc64nvme(0, archiver.content))},
                                     {"tapster-sha256", sha256_hex(archiver.content)}});
  CHECK(object->body_digest_given);
  CHECK(archiver.store.calls() == std::vector<std::string>{"list " + kKey, "put " + kKey});
}

TEST_CASE("identical content is a success and changes nothing", "[wal][archive]") {
  Archiver archiver;
  SECTION("told by the recorded digest") {
    archiver.archive();
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
    CHECK(archiver.store.count("get") == 0);
  }
  SECTION("told by reading an object of another program") {
    archiver.store.add(kKey, archiver.content);
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
    CHECK(archiver.store.count("get") == 1);
    CHECK(archiver.store.find(kKey)->metadata.empty());
  }
  SECTION("told by reading when the recorded digest is no digest") {
    archiver.store.add(kKey, archiver.content, {{"tapster-sha256", "abc"}});
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
    CHECK(archiver.store.count("get") == 1);
  }
  SECTION("in a store that keeps no metadata") {
    archiver.store.features.metadata = false;
    CHECK(archiver.archive() == WalArchiveOutcome::stored);
    CHECK_FALSE(archiver.store.find(kKey)->body_digest_given);
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
    CHECK(archiver.store.count("stat") == 0);
  }
  CHECK(archiver.store.count("put") <= 1);
}

TEST_CASE("different content is refused with both digests, and stays", "[wal][archive]") {
  Archiver archiver;
  Metadata metadata;
  SECTION("object of another program") {}
  SECTION("object with its digest") { metadata["tapster-sha256"] = sha256_hex(archiver.other); }
  SECTION("digest copied onto a shorter object") {
    metadata["tapster-sha256"] = sha256_hex(archiver.content);
    archiver.other.resize(1000);
  }
  SECTION("in a store that does not know create-only uploads") { archiver.store.ignores_if_absent = true; }
  SECTION("in a store that keeps no metadata") { archiver.store.features.metadata = false; }
  archiver.store.add(kKey, archiver.other, metadata);
  const std::string message = archiver.failure(ErrorKind::operation);
  CHECK_THAT(message, ContainsSubstring("fake://bucket/" + kKey));
  CHECK_THAT(message, ContainsSubstring(sha256_hex(archiver.content)));
  CHECK_THAT(message, ContainsSubstring(sha256_hex(archiver.other)));
  CHECK_THAT(message, ContainsSubstring("check that two servers do not archive to the same place"));
  CHECK(archiver.store.find(kKey)->data == archiver.other);
  CHECK(archiver.store.count("put") == 0);
}

TEST_CASE("the same segment in another compression counts as stored", "[wal][archive]") {
  const Compression wanted = GENERATE(Compression::none, Compression::gzip);
  const Compression stored = GENERATE(from_range(reading_order()));
  Archiver archiver;
  const std::string key = kKey + std::string(suffix_of(stored));
  INFO(key);
  archiver.store.add(key, compressed(stored, archiver.content));
  CHECK(archiver.archive(wanted) == WalArchiveOutcome::already_stored);
  archiver.store.add(key, compressed(stored, archiver.other));
  CHECK_THAT(archiver.failure(ErrorKind::operation, wanted), ContainsSubstring(key));
  CHECK(archiver.store.count("put") == 0);
}

TEST_CASE("one different object among identical ones is a difference", "[wal][archive]") {
  Archiver archiver;
  archiver.store.add(kKey, archiver.content);
  archiver.store.add(kKey + ".gz", compressed(Compression::gzip, archiver.other));
  CHECK_THAT(archiver.failure(ErrorKind::operation), ContainsSubstring(kKey + ".gz"));
}

TEST_CASE("objects that share the segment's prefix are other files", "[wal][archive]") {
  Archiver archiver;
  for (const char* tail :
       {".partial", ".partial.gz", ".00000028.backup", ".00000028.backup.gz", ".gz.tmp", "0", ".tmp"}) {
    archiver.store.add(kKey + tail, archiver.other);
  }
  CHECK(archiver.archive() == WalArchiveOutcome::stored);
}

TEST_CASE("a damaged stored object is named", "[wal][archive]") {
  Archiver archiver;
  Data damaged = compressed(Compression::gzip, archiver.content);
  damaged.resize(damaged.size() / 2);
  archiver.store.add(kKey + ".gz", damaged);
  CHECK_THAT(archiver.failure(ErrorKind::general), ContainsSubstring(kKey + ".gz"));
}

TEST_CASE("another archiver may be faster", "[wal][archive]") {
  Archiver archiver;
  SECTION("with the same content") {
    archiver.once_before("put", [&] { archiver.store.add(kKey, archiver.content); });
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
  }
  SECTION("with another content") {
    archiver.once_before("put", [&] { archiver.store.add(kKey, archiver.other); });
    CHECK_THAT(archiver.failure(ErrorKind::operation), ContainsSubstring(kKey));
    CHECK(archiver.store.find(kKey)->data == archiver.other);
  }
  SECTION("compressed") {
    archiver.once_before("put",
                         [&] { archiver.store.add(kKey + ".gz", compressed(Compression::gzip, archiver.content)); });
    CHECK(archiver.archive(Compression::gzip) == WalArchiveOutcome::already_stored);
  }
}

TEST_CASE("an object that vanishes before it is compared is stored again", "[wal][archive]") {
  Archiver archiver;
  archiver.store.features.metadata = GENERATE(true, false);
  const std::string compare = archiver.store.features.metadata ? "stat" : "get";
  int races = 1;
  archiver.store.before = [&](const std::string& operation, const std::string& key) {
    if (operation == "put" && races-- > 0) archiver.store.add(key, archiver.other);
    if (operation == compare) archiver.store.erase(key);
  };
  SECTION("once") {
    CHECK(archiver.archive() == WalArchiveOutcome::stored);
    CHECK(archiver.store.find(kKey)->data == archiver.content);
  }
  SECTION("again and again, which is an error and no endless loop") {
    races = 100;
    CHECK_THAT(archiver.failure(ErrorKind::general), ContainsSubstring(kKey));
  }
}

TEST_CASE("an object that vanishes between list and comparison is stored", "[wal][archive]") {
  Archiver archiver;
  archiver.store.add(kKey, archiver.other);
  archiver.once_before("stat", [&] { archiver.store.erase(kKey); });
  CHECK(archiver.archive() == WalArchiveOutcome::stored);
}

TEST_CASE("where listing is forbidden the create-only upload decides", "[wal][archive]") {
  Archiver archiver;
  archiver.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw FakeStore::refusal(operation, 403);
  };
  const CapturedLog log(log::Level::warning);
  SECTION("nothing stored") { CHECK(archiver.archive() == WalArchiveOutcome::stored); }
  SECTION("the same stored") {
    archiver.store.add(kKey, archiver.content);
    CHECK(archiver.archive() == WalArchiveOutcome::already_stored);
  }
  SECTION("another content stored") {
    archiver.store.add(kKey, archiver.other);
    CHECK_THAT(archiver.failure(ErrorKind::operation), ContainsSubstring(kKey));
    CHECK(archiver.store.find(kKey)->data == archiver.other);
  }
  const std::string text = log.text();
  CHECK_THAT(text, ContainsSubstring("WARNING: cannot see whether 000000010000000000000001 is stored already"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("other failures of the store are thrown, and no request follows them", "[wal][archive]") {
  Archiver archiver;
  const std::string failing = GENERATE("list", "put", "stat", "get");
  if (failing != "list" && failing != "put") archiver.store.add(kKey, archiver.content);
  const bool unreachable = GENERATE(true, false);
  archiver.store.before = [&](const std::string& operation, const std::string&) {
    if (operation != failing) return;
    if (unreachable) throw Error(ErrorKind::network, "cannot connect");
    throw FakeStore::refusal(operation, 500);
  };
  archiver.failure(unreachable ? ErrorKind::network : ErrorKind::general);
  CHECK_THAT(archiver.store.calls().back(), ContainsSubstring(failing));
}

TEST_CASE("tags, and history tags for history files only", "[wal][archive]") {
  const Tags tags{{"a", "1"}};
  const Tags history_tags{{"h", "2"}};
  const struct {
    const char* name;
    const char* key;
    std::optional<Tags> tags;
    std::optional<Tags> history_tags;
    std::optional<Tags> expected;
  } cases[] = {
      {kSegment, "p/srv/wals/0000000100000000/000000010000000000000001", tags, history_tags, tags},
      {kSegment, "p/srv/wals/0000000100000000/000000010000000000000001", {}, history_tags, {}},
      {"000000010000000000000001.partial", "p/srv/wals/0000000100000000/000000010000000000000001.partial", tags,
       history_tags, tags},
      {"00000002.history", "p/srv/wals/00000002.history", tags, history_tags, history_tags},
      {"00000002.history", "p/srv/wals/00000002.history", {}, history_tags, history_tags},
      {"00000002.history", "p/srv/wals/00000002.history", tags, Tags{}, tags},
      {"00000002.history", "p/srv/wals/00000002.history", tags, {}, tags},
      {"00000002.history", "p/srv/wals/00000002.history", {}, {}, {}},
  };
  for (const auto& item : cases) {
    INFO(item.name);
    Archiver archiver;
    write_data(archiver.dir / item.name, archiver.content);
    const WalArchiveRequest request{archiver.dir / item.name, *WalName::parse(item.name), {}, {}, item.tags,
                                    item.history_tags};
    archive_wal(archiver.store, ArchiveLayout("p", "srv"), request);
    CHECK(archiver.store.find(item.key)->tags == item.expected);
  }
}
