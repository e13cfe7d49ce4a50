// One request for a segment whose form is known.
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"
#include "wal/private_note.h"

#include <tapster/error.h>
#include <tapster/wal_restore.h>

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint32_t kSegmentSize = 1U << 20U;
using Requests = std::vector<std::string>;

std::string segment(int number) { return fmt::format("00000001{:016X}", number); }

struct Reader {
  ScratchDirectory dir;
  FakeStore store;
  std::string spool_dir = dir / "spool";

  void add_data(int number, const std::string& suffix, const Data& data, Metadata metadata = {}) {
    store.add("p/srv/wals/0000000100000000/" + segment(number) + suffix,
              compressed(compression_from_suffix(suffix), data), std::move(metadata));
  }
  Data add(int number, const std::string& suffix) {
    Data data = make_segment(kSegmentSize, static_cast<unsigned>(number));
    add_data(number, suffix, data);
    return data;
  }
  WalRestoreOutcome restore(const std::string& name) {
    return restore_wal(store, ArchiveLayout("p", "srv"),
                       {*WalName::parse(name), dir / "RECOVERYXLOG", false, 0, spool_dir, "s3://bucket"});
  }
  // What it asks the store for: "get" and "list" with the last component of the key.
  Requests requests_for(const std::string& name, WalRestoreOutcome expected = WalRestoreOutcome::restored) {
    const std::size_t before = store.calls().size();
    CHECK(restore(name) == expected);
    const Requests calls = store.calls();
    Requests made;
    for (std::size_t i = before; i < calls.size(); ++i) {
      if (calls[i].starts_with("page ")) continue;  // of the list before it
      made.push_back(calls[i].substr(0, calls[i].find(' ') + 1) + calls[i].substr(calls[i].rfind('/') + 1));
    }
    return made;
  }
  Data restored() const { return read_data(dir / "RECOVERYXLOG"); }
  std::string form_file() const {
    for (const std::string& name : tree(dir.path())) {
      if (name.ends_with("/form")) return dir / name;
    }
    return {};
  }
};

}  // namespace

TEST_CASE("a segment in the form of the last one costs one request", "[wal][restore]") {
  for (const std::string suffix : {"", ".gz", ".zst", ".bz2", ".xz", ".lz4", ".snappy"}) {
    INFO(suffix);
    Reader reader;
    for (int number = 1; number <= 2; ++number) reader.add(number, suffix);
    const Data third = reader.add(3, suffix);
    CHECK(reader.requests_for(segment(1)) == Requests{"list " + segment(1), "get " + segment(1) + suffix});
    CHECK(reader.requests_for(segment(2)) == Requests{"get " + segment(2) + suffix});
    CHECK(reader.requests_for(segment(3)) == Requests{"get " + segment(3) + suffix});
    CHECK(reader.restored() == third);
  }
}

TEST_CASE("a segment in another form is found by a listing, and that form is remembered", "[wal][restore]") {
  Reader reader;
  reader.add(1, "");
  const Data second = reader.add(2, ".gz");
  reader.add(3, ".gz");
  reader.restore(segment(1));
  CHECK(reader.requests_for(segment(2)) ==
        Requests{"get " + segment(2), "list " + segment(2), "get " + segment(2) + ".gz"});
  CHECK(reader.restored() == second);
  CHECK(reader.requests_for(segment(3)) == Requests{"get " + segment(3) + ".gz"});
}

TEST_CASE("only the listing proves absence, and the form stays remembered", "[wal][restore]") {
  Reader reader;
  reader.add(1, ".gz");
  reader.restore(segment(1));
  const Requests both = {"get " + segment(2) + ".gz", "list " + segment(2)};
  CHECK(reader.requests_for(segment(2), WalRestoreOutcome::not_found) == both);
  CHECK(reader.requests_for(segment(2), WalRestoreOutcome::not_found) == both);
  reader.add(2, ".gz");
  CHECK(reader.requests_for(segment(2)) == Requests{"get " + segment(2) + ".gz"});
}

TEST_CASE("an error of the request in the remembered form is an error", "[wal][restore]") {
  Reader reader;
  for (int number = 1; number <= 2; ++number) reader.add(number, ".gz");
  reader.restore(segment(1));
  ::unlink((reader.dir / "RECOVERYXLOG").c_str());
  SECTION("of the store") {
    reader.store.before = [](const std::string& operation, const std::string&) {
      if (operation == "get") throw FakeStore::refusal("GetObject", 403);
    };
  }
  SECTION("of the content") { reader.store.add("p/srv/wals/0000000100000000/" + segment(2) + ".gz", bytes_of("x")); }
  SECTION("of the checksum") {
    reader.add_data(2, ".gz", make_segment(kSegmentSize, 2), {{"tapster-crc64nvme", "0000000000000000"}});
  }
  CHECK_THROWS_AS(reader.restore(segment(2)), Error);
  CHECK_FALSE(exists(reader.dir / "RECOVERYXLOG"));
  CHECK(reader.store.count("list") == 1);
}

TEST_CASE("content without a checksum that is no whole segment is confirmed by a listing", "[wal][restore]") {
  Reader reader;
  reader.add(1, "");
  Data data = make_segment(kSegmentSize, 2);
  SECTION("a segment that is shorter than it says") { data.resize(5000); }
  SECTION("no segment") { data = random_bytes(5000, 2); }
  reader.add_data(2, "", data);
  reader.restore(segment(1));
  CHECK(reader.requests_for(segment(2)) == Requests{"get " + segment(2), "list " + segment(2), "get " + segment(2)});
  CHECK(reader.restored() == data);
}

TEST_CASE("only whole segments change the remembered form", "[wal][restore]") {
  Reader reader;
  reader.add(1, "");
  reader.add(2, ".partial.gz");
  reader.store.add("p/srv/wals/00000002.history.gz", compressed(Compression::gzip, bytes_of("1\t0/1000000\tx\n")));
  reader.restore(segment(1));
  CHECK(reader.requests_for("00000002.history") == Requests{"list 00000002.history", "get 00000002.history.gz"});
  CHECK(reader.requests_for(segment(2)) ==
        Requests{"get " + segment(2), "list " + segment(2), "get " + segment(2) + ".partial.gz"});
  CHECK(read_file(reader.form_file()).starts_with("none\n"));
}

TEST_CASE("the remembered form may be missing, damaged or unreadable", "[wal][restore]") {
  Reader reader;
  for (int number = 1; number <= 2; ++number) reader.add(number, ".gz");
  reader.restore(segment(1));
  const std::string form = reader.form_file();
  REQUIRE(read_file(form).starts_with("gzip\n"));
  const Requests looked = {"list " + segment(2), "get " + segment(2) + ".gz"};
  SECTION("missing") { ::unlink(form.c_str()); }
  SECTION("cut off by a crash") { write_file(form, "gzip"); }
  SECTION("empty") { write_file(form, ""); }
  SECTION("no form") { REQUIRE(write_note(*PrivateFolder::at(form.substr(0, form.rfind('/'))), "form", "arj")); }
  SECTION("a directory") {
    ::unlink(form.c_str());
    REQUIRE(::mkdir(form.c_str(), 0700) == 0);
  }
  SECTION("the folder is open to others") { REQUIRE(::chmod(form.substr(0, form.rfind('/')).c_str(), 0755) == 0); }
  SECTION("there cannot be a folder") { reader.spool_dir = "/proc/nowhere"; }
  SECTION("there is to be no folder") { reader.spool_dir = ""; }
  CHECK(reader.requests_for(segment(2)) == looked);
}

TEST_CASE("the form file is written only when it changes", "[wal][restore]") {
  Reader reader;
  for (int number = 1; number <= 2; ++number) reader.add(number, ".gz");
  reader.restore(segment(1));
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat(reader.form_file().c_str(), &before) == 0);
  reader.restore(segment(2));
  REQUIRE(::stat(reader.form_file().c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("a spool directory that is made in a directory for all users is one for all users", "[wal][restore]") {
  Reader reader;
  reader.add(1, "");
  const std::string parent = reader.dir / "tmp";
  REQUIRE(::mkdir(parent.c_str(), 0700) == 0);
  reader.spool_dir = parent + "/walrestore";
  const bool shared = GENERATE(true, false);
  REQUIRE(::chmod(parent.c_str(), shared ? 01777 : 0755) == 0);
  reader.restore(segment(1));
  struct stat info {};
  REQUIRE(::stat(reader.spool_dir.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == (shared ? 01777 : 0700));
}
