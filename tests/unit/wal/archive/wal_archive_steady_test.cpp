// One request for a segment once the archive is known, and never less safety.
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_archive.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

using Calls = std::vector<std::string>;

const std::string kFolder = "p/srv/wals/0000000100000000/";

std::string segment(unsigned number) { return fmt::format("0000000100000000{:08X}", number); }

struct Server {
  ScratchDirectory dir;
  FakeStore store;
  std::string archive_id = "url";
  std::string server_name = "srv";
  std::string spool = dir / "spool";
  Compression compression = Compression::none;
  Data content = make_segment(1U << 20U, 1);

  Server() {
    std::filesystem::create_directory(dir / "pg_wal");
    store.features.create_only = CreateOnly::honoured;
  }

  WalArchiveOutcome archive(const std::string& name) {
    const std::string path = dir / ("pg_wal/" + name);
    write_data(path, content);
    WalArchiveRequest request{path, *WalName::parse(name), compression, {}, {}, {}};
    request.spool_dir = spool;
    request.archive_id = archive_id;
    return archive_wal(store, ArchiveLayout("p", server_name), request);
  }
  // The store's calls for it: "list", "put" ...
  Calls calls_for(const std::string& name) {
    const std::size_t before = store.calls().size();
    archive(name);
    Calls calls;
    const Calls all = store.calls();
    for (std::size_t at = before; at < all.size(); ++at) {
      if (!all[at].starts_with("page ")) calls.push_back(all[at].substr(0, all[at].find(' ')));
    }
    return calls;
  }
  std::string failure(const std::string& name) {
    try {
      archive(name);
    } catch (const Error& thrown) {
      CHECK(thrown.kind() == ErrorKind::operation);
      return thrown.what();
    }
    return "(it did not fail)";
  }
  std::string context() const { return dir / "spool" + "/" + tree(spool).front() + "/context"; }
};

const Calls kPut{"put"};
const Calls kListPut{"list", "put"};
const Calls kListPutTest{"list", "put", "put"};

}  // namespace

TEST_CASE("one put for a segment where the store is known to create only", "[wal][archive][steady]") {
  Server server;
  server.compression = GENERATE(Compression::none, Compression::gzip);
  CHECK(server.calls_for(segment(1)) == kListPut);
  for (unsigned number = 2; number < 6; ++number) CHECK(server.calls_for(segment(number)) == kPut);
  CHECK(server.store.keys().size() == 5);
  CHECK(tree(server.spool).size() == 2);  // a folder with one file
  SECTION("a new folder of the archive is listed once") {
    CHECK(server.calls_for("000000010000000100000000") == kListPut);
    CHECK(server.calls_for("000000010000000100000001") == kPut);
  }
  SECTION("an earlier segment that comes again is listed") {
    CHECK(server.calls_for(segment(1)).front() == "list");
    CHECK(server.calls_for(segment(6)) == kPut);
  }
}

TEST_CASE("one put where a test has shown that the store creates only", "[wal][archive][steady]") {
  Server server;
  server.compression = GENERATE(Compression::none, Compression::gzip);
  server.store.features.create_only = CreateOnly::unknown;
  CHECK(server.calls_for(segment(1)) == kListPutTest);
  CHECK(server.calls_for(segment(2)) == kPut);
  CHECK(server.calls_for(segment(3)) == kPut);
  CHECK(server.calls_for("000000010000000100000000") == kListPut);
  CHECK(server.calls_for("000000010000000100000001") == kPut);
}

TEST_CASE("where the store ignores or refuses the condition, every segment is listed first", "[wal][archive][steady]") {
  Server server;
  server.store.ignores_if_absent = true;
  SECTION("ignores: a test shows it once, and changes nothing") {
    server.store.features.create_only = CreateOnly::unknown;
    CHECK(server.calls_for(segment(1)) == kListPutTest);
  }
  SECTION("refuses, as the store says") {
    server.store.features.create_only = CreateOnly::refused;
    CHECK(server.calls_for(segment(1)) == kListPut);
  }
  CHECK(server.store.find(kFolder + segment(1))->data == server.content);
  CHECK(server.calls_for(segment(2)) == kListPut);
  CHECK(server.calls_for(segment(3)) == kListPut);
  server.store.add(kFolder + segment(4), make_segment(1U << 20U, 2));
  CHECK_THAT(server.failure(segment(4)), ContainsSubstring(segment(4)));
}

TEST_CASE("a condition that was heeded in a test and is refused later is not relied on again",
          "[wal][archive][steady]") {
  Server server;
  server.store.features.create_only = CreateOnly::unknown;
  server.archive(segment(1));
  CHECK(server.calls_for(segment(2)) == kPut);
  server.store.before = [&](const std::string& operation, const std::string&) {
    if (operation == "put") server.store.features.create_only = CreateOnly::refused;
  };
  CHECK(server.calls_for(segment(3)) == kPut);
  server.store.features.create_only = CreateOnly::unknown;
  CHECK(server.calls_for(segment(4)).front() == "list");
}

TEST_CASE("a failed test of the condition fails nothing, and is made again", "[wal][archive][steady]") {
  Server server;
  server.store.features.create_only = CreateOnly::unknown;
  const bool unreachable = GENERATE(true, false);
  server.store.before = [&, puts = 0](const std::string& operation, const std::string&) mutable {
    if (operation != "put" || ++puts != 2) return;
    if (unreachable) throw Error(ErrorKind::network, "cannot connect");
    throw FakeStore::refusal(operation, 403);
  };
  CHECK(server.archive(segment(1)) == WalArchiveOutcome::stored);
  CHECK(server.calls_for(segment(2)) == kListPutTest);
  CHECK(server.calls_for(segment(3)) == kPut);
}

TEST_CASE("in the steady state nothing is replaced, and identical content is a success", "[wal][archive][steady]") {
  Server server;
  server.compression = GENERATE(Compression::none, Compression::gzip);
  server.store.features.create_only = GENERATE(CreateOnly::honoured, CreateOnly::unknown);
  server.archive(segment(1));
  server.archive(segment(2));
  CHECK(server.archive(segment(2)) == WalArchiveOutcome::already_stored);
  const auto stored = server.store.find(kFolder + segment(2) + std::string(suffix_of(server.compression)));
  server.content = make_segment(1U << 20U, 2);
  CHECK_THAT(server.failure(segment(2)), ContainsSubstring(sha256_hex(server.content)));
  CHECK(server.store.find(kFolder + segment(2) + std::string(suffix_of(server.compression)))->data == stored->data);
}

TEST_CASE("a segment that was stored before in another form is seen", "[wal][archive][steady]") {
  Server server;
  const Data other = make_segment(1U << 20U, 2);
  server.store.add(kFolder + segment(3) + ".gz", compressed(Compression::gzip, other));
  server.store.add(kFolder + segment(9) + ".00000028.backup", other);
  CHECK(server.calls_for(segment(1)) == kListPut);
  CHECK(server.calls_for(segment(2)) == kListPut);  // not behind the last that was there
  CHECK_THAT(server.failure(segment(3)), ContainsSubstring(segment(3) + ".gz"));
  CHECK(server.calls_for(segment(4)) == kPut);
}

TEST_CASE("a context holds for one archive, store, cluster, timeline and compression only", "[wal][archive][steady]") {
  Server server;
  server.archive(segment(1));
  CHECK(server.calls_for(segment(2)) == kPut);
  std::string next = segment(3);
  SECTION("URL") { server.archive_id = "other"; }
  SECTION("endpoint or caller") { server.store.address = "other"; }
  SECTION("server name") { server.server_name = "other"; }
  SECTION("timeline") { next = "000000020000000000000003"; }
  SECTION("compression") { server.compression = Compression::zstd; }
  SECTION("cluster") {
    const std::uint64_t identifier = 42;
    std::memcpy(server.content.data() + 24, &identifier, sizeof(identifier));
  }
  SECTION("a damaged context") { write_file(server.context(), "garbage"); }
  SECTION("a context that is gone") { std::filesystem::remove_all(server.spool); }
  CHECK(server.calls_for(next) == kListPut);
}

TEST_CASE("after a change of the compression, what was stored in the former one is seen", "[wal][archive][steady]") {
  Server server;
  server.compression = Compression::gzip;
  server.archive(segment(1));
  server.archive(segment(2));
  server.compression = Compression::zstd;
  CHECK(server.archive(segment(2)) == WalArchiveOutcome::already_stored);
  CHECK(server.store.find(kFolder + segment(2) + ".gz"));
  CHECK_FALSE(server.store.find(kFolder + segment(2) + ".zst"));
  CHECK(server.calls_for(segment(3)) == kListPut);
  server.compression = Compression::gzip;
  CHECK(server.archive(segment(3)) == WalArchiveOutcome::already_stored);
  CHECK_FALSE(server.store.find(kFolder + segment(3) + ".gz"));
}

TEST_CASE("a file that is not a whole segment is listed every time", "[wal][archive][steady]") {
  Server server;
  std::string first = segment(1);
  std::string second = segment(2);
  SECTION("no header") { server.content = random_bytes(1U << 20U, 3); }
  SECTION("another size than it says") { server.content.resize(1U << 19U); }
  SECTION("hardly any bytes") { server.content.resize(39); }
  SECTION("history files") {
    first = "00000002.history";
    second = "00000003.history";
  }
  SECTION("partial segments") {
    first += ".partial";
    second += ".partial";
  }
  SECTION("labels") {
    first += ".00000028.backup";
    second += ".00000028.backup";
  }
  SECTION("names in lower case, whose order is not PostgreSQL's") {
    first = "00000001000000000000000a";
    second = "00000001000000000000000b";
  }
  server.archive(first);
  CHECK(server.calls_for(second) == kListPut);
  CHECK_FALSE(exists(server.spool));
}

TEST_CASE("without a usable spool folder every segment is listed, and archived", "[wal][archive][steady]") {
  Server server;
  const CapturedLog log(log::Level::info);
  SECTION("none") { server.spool.clear(); }
  SECTION("no place for it") {
    server.spool = "/proc/nowhere";
    server.archive(segment(9));
    CHECK_THAT(log.text(), ContainsSubstring("INFO: looking for each segment before it is stored: cannot use spool "
                                             "folder /proc/nowhere/"));
  }
  SECTION("open to others") {
    server.archive(segment(9));
    std::filesystem::permissions(server.spool + "/" + tree(server.spool).front(), std::filesystem::perms::all);
    CHECK(server.calls_for(segment(8)) == kListPut);
    CHECK_THAT(log.text(), ContainsSubstring("it is not private to this user"));
  }
  CHECK(server.calls_for(segment(1)) == kListPut);
  CHECK(server.calls_for(segment(2)) == kListPut);
}

TEST_CASE("where listing is forbidden nothing is remembered", "[wal][archive][steady]") {
  Server server;
  server.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "list") throw FakeStore::refusal(operation, 403);
  };
  CHECK(server.calls_for(segment(1)) == kListPut);
  CHECK(server.calls_for(segment(2)) == kListPut);
}

TEST_CASE("a failed upload leaves the context as it was", "[wal][archive][steady]") {
  Server server;
  bool failing = true;
  server.store.before = [&](const std::string& operation, const std::string&) {
    if (operation == "put" && failing) throw Error(ErrorKind::network, "cannot connect");
  };
  CHECK_THROWS_AS(server.archive(segment(1)), Error);
  CHECK_FALSE(exists(server.context()));
  failing = false;
  CHECK(server.calls_for(segment(1)) == kListPut);
  CHECK(server.calls_for(segment(2)) == kPut);
}

TEST_CASE("large segments go in parts, and are listed first where only the condition of put was tested",
          "[wal][archive][steady]") {
  Server server;
  server.store.keeps_data = false;
  server.store.limit.max_put_size = 6U << 20U;
  server.store.features.create_only = GENERATE(CreateOnly::honoured, CreateOnly::unknown);
  server.content = make_segment(16U << 20U, 1);
  const bool known = server.store.features.create_only == CreateOnly::honoured;
  CHECK(server.calls_for(segment(1)).front() == "list");
  CHECK((server.calls_for(segment(2)).front() == "begin") == known);
  CHECK(server.store.open_uploads() == 0);
}
