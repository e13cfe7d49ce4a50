// What is kept of an archive from one segment to the next, and for whom it holds.
#include "wal/archive/archive_context.h"

#include "support/catch.h"
#include "support/scratch.h"
#include "wal/private_note.h"

#include <functional>
#include <string>

using namespace tapster;
using namespace tapster::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kAfter = "0000000100000002000000A0";

struct Kept {
  ScratchDirectory dir;
  PrivateFolder folder = *PrivateFolder::open(dir / "spool", "archive", dir / "segment", "without");
  TimePoint now = TimePoint() + 100000h;
  ArchiveSubject subject{"s3://bucket/path", 7710184336359879753, 1, Compression::gzip};

  void keep(ConditionTest test = ConditionTest::heeded) {
    write_context(folder, subject, {kAfter, note_time(now), test, note_time(now)});
  }
  ArchiveContext read() { return read_context(folder, subject, now); }
  bool rules_out_other_forms(const std::string& name) { return read().rules_out_other_forms(*WalName::parse(name)); }
};

}  // namespace

TEST_CASE("a listing rules out other forms of the later segments of its folder", "[wal][context]") {
  Kept kept;
  CHECK_FALSE(kept.rules_out_other_forms("0000000100000002000000A1"));
  kept.keep();
  CHECK(kept.rules_out_other_forms("0000000100000002000000A1"));
  CHECK(kept.rules_out_other_forms("0000000100000002000000FF"));
  CHECK_FALSE(kept.rules_out_other_forms(kAfter));
  CHECK_FALSE(kept.rules_out_other_forms("00000001000000020000009F"));
  CHECK_FALSE(kept.rules_out_other_forms("000000010000000300000000"));
  CHECK_FALSE(kept.rules_out_other_forms("0000000200000002000000A1"));
  CHECK(kept.read().condition_test == ConditionTest::heeded);
}

TEST_CASE("a context is empty for another archive, cluster, timeline or compression", "[wal][context]") {
  Kept kept;
  kept.keep();
  SECTION("archive") { kept.subject.archive += "x"; }
  SECTION("cluster") { ++kept.subject.system_identifier; }
  SECTION("timeline") { ++kept.subject.timeline; }
  SECTION("compression") { kept.subject.compression = Compression::zstd; }
  CHECK(kept.read().nothing_stored_after.empty());
  CHECK(kept.read().condition_test == ConditionTest::not_made);
}

TEST_CASE("a listing and a heeded test hold for a day, an ignored one for thirty", "[wal][context]") {
  Kept kept;
  kept.keep(GENERATE(ConditionTest::heeded, ConditionTest::ignored));
  const ConditionTest test = kept.read().condition_test;
  kept.now += 24h;
  CHECK(kept.rules_out_other_forms("0000000100000002000000A1"));
  CHECK(kept.read().condition_test == test);
  kept.now += 1s;
  CHECK_FALSE(kept.rules_out_other_forms("0000000100000002000000A1"));
  CHECK(kept.read().condition_test ==
        (test == ConditionTest::heeded ? ConditionTest::not_made : ConditionTest::ignored));
  kept.now += 30 * 24h;
  CHECK(kept.read().condition_test == ConditionTest::not_made);
}

TEST_CASE("a context of a time in the future is not believed", "[wal][context]") {
  Kept kept;
  kept.keep();
  kept.now -= 1s;
  CHECK(kept.read().nothing_stored_after.empty());
  CHECK(kept.read().condition_test == ConditionTest::not_made);
}

TEST_CASE("a test is kept without a listing, and a listing without a test", "[wal][context]") {
  Kept kept;
  write_context(kept.folder, kept.subject, {"", "0", ConditionTest::ignored, note_time(kept.now)});
  CHECK(kept.read().condition_test == ConditionTest::ignored);
  CHECK_FALSE(kept.rules_out_other_forms("0000000100000002000000A1"));
  write_context(kept.folder, kept.subject, {kAfter, note_time(kept.now), ConditionTest::not_made, "0"});
  CHECK(kept.read().condition_test == ConditionTest::not_made);
  CHECK(kept.rules_out_other_forms("0000000100000002000000A1"));
  forget_context(kept.folder);
  CHECK_FALSE(kept.rules_out_other_forms("0000000100000002000000A1"));
}

TEST_CASE("garbage under the context's name is no context", "[wal][context]") {
  Kept kept;
  kept.keep();
  const std::string file = kept.folder.path() + "/context";
  const std::string note = *read_note(kept.folder, "context");
  SECTION("a damaged file") { write_file(file, note); }
  SECTION("another note") { write_note(kept.folder, "context", "context-1 and so on"); }
  SECTION("a word less") { write_note(kept.folder, "context", note.substr(0, note.rfind(' '))); }
  SECTION("a word more") { write_note(kept.folder, "context", note + " 1"); }
  CHECK(kept.read().nothing_stored_after.empty());
  CHECK(kept.read().condition_test == ConditionTest::not_made);
}

TEST_CASE("no secret of the archive's URL is in the folder", "[wal][context]") {
  Kept kept;
  kept.subject.archive = "https://account.blob.core.windows.net/wals?sig=SECRET";
  kept.keep();
  CHECK_THAT(read_file(kept.folder.path() + "/context"), !ContainsSubstring("SECRET"));
}
