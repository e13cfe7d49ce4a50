// Which segments PostgreSQL will come with next.
#include "wal/archive/ready_segments.h"

#include "support/catch.h"
#include "support/scratch.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

struct Marks {
  ScratchDirectory dir;

  Marks() { std::filesystem::create_directory(dir / "archive_status"); }
  void mark(const std::string& file) { write_file(dir / ("archive_status/" + file), ""); }
  std::vector<std::string> after(const std::string& name, std::size_t count, const std::string& unwanted = "") {
    std::vector<std::string> names;
    for (const WalName& found : ready_segments_after(dir / ".", *WalName::parse(name), count,
                                                     [&](const std::string& text) { return text != unwanted; })) {
      names.push_back(found.text());
    }
    return names;
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the next ready segments are found in order", "[wal][ready]") {
  Marks marks;
  for (const unsigned number : {9U, 3U, 1U, 2U, 5U, 4U})
    marks.mark(fmt::format("{:024X}.ready", (1ULL << 60U) + number));
  const auto name = [](unsigned number) { return fmt::format("{:024X}", (1ULL << 60U) + number); };
  CHECK(marks.after(name(2), 3) == Names{name(3), name(4), name(5)});
  CHECK(marks.after(name(2), 2, name(3)) == Names{name(4), name(5)});
  CHECK(marks.after(name(2), 9) == Names{name(3), name(4), name(5), name(9)});
  CHECK(marks.after(name(9), 3).empty());
  CHECK(marks.after(name(1), 0).empty());
}

TEST_CASE("only whole ready segments of the same timeline and folder are found", "[wal][ready]") {
  Marks marks;
  for (const char* file :
       {"000000010000000000000002.done", "000000010000000000000003.partial.ready",
        "000000010000000000000003.00000028.backup.ready", "00000002.history.ready", "000000020000000000000003.ready",
        "000000010000000100000000.ready", "00000001000000000000000g.ready", "00000001000000000000000a.ready",
        "0000000100000000000000021.ready", "00000001000000000000000.ready", ".ready", "000000010000000000000003ready",
        "000000010000000000000000.ready"}) {
    marks.mark(file);
  }
  marks.mark("000000010000000000000004.ready");
  CHECK(marks.after("000000010000000000000001", 9) == Names{"000000010000000000000004"});
}

TEST_CASE("memory is bounded by what is asked for, and the smallest are found among many", "[wal][ready]") {
  Marks marks;
  for (unsigned number = 20000; number-- > 0;) marks.mark(fmt::format("000000010000000F{:08X}.ready", number));
  CHECK(marks.after("000000010000000F00000100", 3) ==
        Names{"000000010000000F00000101", "000000010000000F00000102", "000000010000000F00000103"});
}

TEST_CASE("without PostgreSQL's marks no segment is found", "[wal][ready]") {
  Marks marks;
  std::filesystem::remove(marks.dir / "archive_status");
  CHECK(marks.after("000000010000000000000001", 3).empty());
  write_file(marks.dir / "archive_status", "no directory");
  CHECK(marks.after("000000010000000000000001", 3).empty());
}
