// A note of a segment that was stored ahead holds for the very file only, for 15 minutes, and once.
#include "wal/archive/archived_record.h"

#include "support/captured_log.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "support/wal_files.h"
#include "wal/private_note.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

using namespace tapster;
using namespace tapster::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kNext = "000000010000000000000002";

struct Recorded {
  ScratchDirectory dir;
  PrivateFolder folder = *PrivateFolder::open(dir / "spool", "archive", dir / kNext, "without");
  WalName name = *WalName::parse(kNext);
  std::string path = dir / kNext;
  TimePoint now = SystemClock().now();

  Recorded() {
    write_file(path, "content");
    record().add(name, file(), now);
  }
  ArchivedRecord record(const std::string& archive = "archive", std::uint64_t system_identifier = 7) const {
    return {folder, archive, system_identifier};
  }
  struct stat file() const {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info;
  }
  std::vector<std::string> notes() const { return tree(folder.path()); }
  std::string note() const { return folder.path() + "/" + kNext + ".stored"; }
};

}  // namespace

TEST_CASE("a note is used once", "[wal][record]") {
  Recorded recorded;
  CHECK(recorded.record().consume(recorded.name, recorded.file(), recorded.now));
  CHECK(recorded.notes().empty());
  CHECK_FALSE(recorded.record().consume(recorded.name, recorded.file(), recorded.now));
}

TEST_CASE("a note holds for one archive, cluster and name only", "[wal][record]") {
  Recorded recorded;
  SECTION("archive") { CHECK_FALSE(recorded.record("other").consume(recorded.name, recorded.file(), recorded.now)); }
  SECTION("cluster") {
    CHECK_FALSE(recorded.record("archive", 8).consume(recorded.name, recorded.file(), recorded.now));
  }
  SECTION("name: a note that was renamed") {
    const WalName other = *WalName::parse("000000020000000000000002");
    std::filesystem::rename(recorded.note(), recorded.folder.path() + "/" + other.text() + ".stored");
    CHECK_FALSE(recorded.record().consume(other, recorded.file(), recorded.now));
  }
  CHECK(recorded.notes().empty());
}

TEST_CASE("a note does not hold for another file than the one that was sent", "[wal][record]") {
  Recorded recorded;
  const struct stat before = recorded.file();
  SECTION("written to, with its time put back") {
    write_file(recorded.path, "CONTENT");
    const timespec times[] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, recorded.path.c_str(), times, 0) == 0);
  }
  SECTION("replaced by a copy") {
    write_file(recorded.path + ".copy", "content");
    std::filesystem::rename(recorded.path + ".copy", recorded.path);
  }
  SECTION("renamed, as PostgreSQL recycles segments") {
    std::filesystem::rename(recorded.path, recorded.path + "x");
    std::filesystem::rename(recorded.path + "x", recorded.path);
  }
  SECTION("of another size") { std::filesystem::resize_file(recorded.path, 3); }
  const struct stat after = recorded.file();
  if (before.st_ctim.tv_sec == after.st_ctim.tv_sec && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec) {
    return;  // both changes fell into one tick of the kernel's clock
  }
  CHECK_FALSE(recorded.record().consume(recorded.name, after, recorded.now));
  CHECK(recorded.notes().empty());
}

TEST_CASE("a note does not hold when any property of the file has changed", "[wal][record]") {
  Recorded recorded;
  struct stat file = recorded.file();
  SECTION("device") { ++file.st_dev; }
  SECTION("inode") { ++file.st_ino; }
  SECTION("size") { ++file.st_size; }
  SECTION("seconds of the last write") { ++file.st_mtim.tv_sec; }
  SECTION("and their fraction") { file.st_mtim.tv_nsec ^= 1; }
  SECTION("seconds of the last change") { ++file.st_ctim.tv_sec; }
  SECTION("and their fraction") { file.st_ctim.tv_nsec ^= 1; }
  CHECK_FALSE(recorded.record().consume(recorded.name, file, recorded.now));
}

TEST_CASE("an old note, or one of a time in the future, is not believed", "[wal][record]") {
  Recorded recorded;
  SECTION("just in time") {
    CHECK(recorded.record().consume(recorded.name, recorded.file(), recorded.now + 15min));
    return;
  }
  SECTION("old") { CHECK_FALSE(recorded.record().consume(recorded.name, recorded.file(), recorded.now + 15min + 1s)); }
  SECTION("future") { CHECK_FALSE(recorded.record().consume(recorded.name, recorded.file(), recorded.now - 1s)); }
  CHECK(recorded.notes().empty());
}

TEST_CASE("a damaged note counts as missing", "[wal][record]") {
  Recorded recorded;
  const std::string whole = read_file(recorded.note());
  SECTION("empty, as a crash of the machine may leave it") { write_file(recorded.note(), ""); }
  SECTION("torn") { write_file(recorded.note(), whole.substr(0, whole.size() / 2)); }
  SECTION("zeros") { write_file(recorded.note(), std::string(whole.size(), '\0')); }
  SECTION("garbage") { write_file(recorded.note(), "garbage"); }
  SECTION("a whole note of something else") { write_note(recorded.folder, std::string(kNext) + ".stored", "stored-1"); }
  CHECK_FALSE(recorded.record().consume(recorded.name, recorded.file(), recorded.now));
}

TEST_CASE("notes of passed segments, old notes and temporary files are removed, and nothing else", "[wal][record]") {
  Recorded recorded;
  const auto add = [&](const char* text) {
    recorded.record().add(*WalName::parse(text), recorded.file(), recorded.now);
  };
  add("000000010000000000000001");
  add("000000010000000000000003");
  add("000000010000000000000004");
  write_file(recorded.folder.path() + "/context", "kept");
  write_file(recorded.folder.path() + "/.tapster-new-0123456789abcdef", "young: being written");
  const TimePoint now = SystemClock().now();
  CHECK(recorded.record().remove_outdated(recorded.name, now) ==
        std::set<std::string>{"000000010000000000000003", "000000010000000000000004"});
  CHECK(recorded.notes() == std::vector<std::string>{".tapster-new-0123456789abcdef", "000000010000000000000003.stored",
                                                     "000000010000000000000004.stored", "context"});
  CHECK(recorded.record().remove_outdated(recorded.name, now + 16min).empty());
  CHECK(recorded.notes() == std::vector<std::string>{"context"});
}

TEST_CASE("where a note cannot be written the segment counts as not stored", "[wal][record]") {
  Recorded recorded;
  recorded.record().consume(recorded.name, recorded.file(), recorded.now);
  std::filesystem::create_directory(recorded.note());
  write_file(recorded.note() + "/in the way", "");
  recorded.record().add(recorded.name, recorded.file(), recorded.now);
  CHECK_FALSE(recorded.record().consume(recorded.name, recorded.file(), recorded.now));
}
