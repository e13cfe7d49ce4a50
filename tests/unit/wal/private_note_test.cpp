// Notes of one command for the next: whole or not there.
#include "wal/private_note.h"

#include "support/captured_log.h"
#include "support/catch.h"
#include "support/scratch.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

using namespace tapster;
using namespace tapster::test;
using namespace std::chrono_literals;

namespace {

struct Notes {
  ScratchDirectory dir;
  PrivateFolder folder = *PrivateFolder::open(dir / "spool", "archive", dir / "segment", "without");
  std::string file = folder.path() + "/note";
};

}  // namespace

TEST_CASE("a note is read back, and the newest one counts", "[wal][note]") {
  Notes notes;
  CHECK_FALSE(read_note(notes.folder, "note"));
  for (const std::string& text :
       {std::string(), std::string("one two"), std::string(1024, 'x'), std::string("three")}) {
    write_note(notes.folder, "note", text);
    CHECK(read_note(notes.folder, "note") == text);
  }
  CHECK(mode_of(notes.file) == 0600);
  CHECK(tree(notes.folder.path()) == std::vector<std::string>{"note"});
  remove_note(notes.folder, "note");
  CHECK_FALSE(read_note(notes.folder, "note"));
}

TEST_CASE("a torn, changed or overlong note, or one that is no file, is logged and counts as missing", "[wal][note]") {
  Notes notes;
  write_note(notes.folder, "note", "one two three");
  const std::string whole = read_file(notes.file);
  const CapturedLog log(log::Level::debug);
  SECTION("every beginning of it") {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      write_file(notes.file, whole.substr(0, size));
      CHECK_FALSE(read_note(notes.folder, "note"));
    }
  }
  SECTION("every byte of it") {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      write_file(notes.file, changed);
      CHECK_FALSE(read_note(notes.folder, "note"));
    }
  }
  SECTION("more than it") { write_file(notes.file, whole + whole); }
  SECTION("much more") { write_file(notes.file, std::string(1 << 20, 'x')); }
  SECTION("a directory") {
    std::filesystem::remove(notes.file);
    std::filesystem::create_directory(notes.file);
  }
  SECTION("a link to a whole one") {
    write_file(notes.dir / "elsewhere", whole);
    std::filesystem::remove(notes.file);
    std::filesystem::create_symlink(notes.dir / "elsewhere", notes.file);
  }
  SECTION("a FIFO, for which nobody waits") {
    std::filesystem::remove(notes.file);
    REQUIRE(::mkfifo(notes.file.c_str(), 0600) == 0);
  }
  CHECK_FALSE(read_note(notes.folder, "note"));
  CHECK_THAT(log.text(), ContainsSubstring("DEBUG: ") && ContainsSubstring(notes.file));
}

TEST_CASE("a note that cannot be written is logged, and nothing is thrown", "[wal][note]") {
  Notes notes;
  std::filesystem::create_directory(notes.file);
  write_file(notes.file + "/in the way", "");
  const CapturedLog log(log::Level::debug);
  write_note(notes.folder, "note", "text");
  CHECK_THAT(log.text(), ContainsSubstring("doing without a note: ") && ContainsSubstring(notes.file));
  CHECK(tree(notes.folder.path()) == std::vector<std::string>{"note", "note/in the way"});
}

TEST_CASE("a time in a note is recent up to its age, and not when it lies in the future", "[wal][note]") {
  const TimePoint now = TimePoint() + 1000h;
  CHECK(is_recent(note_time(now), now, 1h));
  CHECK(is_recent(note_time(now - 1h), now, 1h));
  CHECK_FALSE(is_recent(note_time(now - 1h - 1s), now, 1h));
  CHECK_FALSE(is_recent(note_time(now + 1s), now, 1h));
  for (const char* text : {"", "-", "12x", "99999999999999999999", "0x10", " 3600000"}) {
    CHECK_FALSE(is_recent(text, TimePoint() + 1h, 1h));
  }
}
