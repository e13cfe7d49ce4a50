#include "backup/copy/page_verifier.h"

#include "file/file.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/scratch.h"
#include "unit/backup/copy/pages.h"
#include "unit/file/injected_calls.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

using namespace tapster;
using namespace tapster::test;

namespace {

// A file that holds `now` when it is read again, of which `seen` has passed.
struct Judged {
  std::uint64_t damaged = 0;
  std::string log;
  std::size_t pauses = 0;
};

Judged judge(const std::string& seen, const std::string& now, std::uint32_t segment = 0,
             std::uint64_t start_lsn = 1000) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "16384";
  write_file(path, now);
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  FakeClock clock{TimePoint{}};
  const CapturedLog log(log::Level::warning);
  PageChecks checks;
  checks.enabled = true;
  checks.start_lsn = start_lsn;
  checks.clock = &clock;
  PageVerifier verifier(checks, file.get(), path, segment);
  verifier.check(0, view_of(seen));
  Judged result;
  result.damaged = verifier.finish();
  result.log = log.text();
  result.pauses = clock.sleeps().size();
  return result;
}

Judged judge(const std::string& content) { return judge(content, content); }

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("good pages pass, without a pause") {
  const Judged result = judge(good_page(0) + good_page(1) + good_page(2));
  CHECK(result.damaged == 0);
  CHECK(result.pauses == 0);
  CHECK(result.log.empty());
}

TEST_CASE("a damaged page is a warning with file, page and both checksums") {
  const std::string bad = bad_page(1);
  const Judged result = judge(good_page(0) + bad);
  CHECK(result.damaged == 1);
  CHECK(result.pauses == 1);
  CHECK(lines(result.log) == 1);
  CHECK_THAT(result.log, ContainsSubstring("/16384: page 1 is damaged"));
  CHECK_THAT(result.log, ContainsSubstring(fmt::format("{:04X}", read_page_header(view_of(bad)).checksum)));
  CHECK_THAT(result.log, ContainsSubstring(fmt::format("{:04X}", page_checksum(view_of(bad), 1))));
}

TEST_CASE("a page that was torn by a write is good when it is read again") {
  CHECK(judge(bad_page(0), good_page(0)).damaged == 0);
  CHECK(judge(bad_page(0), bad_page(0, 2000)).damaged == 0);            // written by the backup's time
  CHECK(judge(good_page(0) + bad_page(1), good_page(0)).damaged == 0);  // cut off
  CHECK(judge(bad_page(0), std::string(8192, '\0')).damaged == 0);
}

TEST_CASE("new pages, pages written during the backup and incomplete ones are not judged") {
  CHECK(judge(std::string(8192, '\0')).damaged == 0);
  CHECK(judge(bad_page(0, 1000)).damaged == 0);
  CHECK(judge(bad_page(0, 999)).damaged == 1);
  CHECK(judge(good_page(0) + bad_page(1).substr(0, 8191)).damaged == 0);
}

TEST_CASE("blocks are counted over the segments of a relation") {
  const std::string content = good_page(2 * 131072);
  CHECK(judge(content, content, 2).damaged == 0);
  CHECK(judge(content, content, 1).damaged == 1);
}

TEST_CASE("of many damaged pages five are named, and the rest are a sum") {
  std::string content;
  for (std::uint32_t block = 0; block < 1500; ++block) content += bad_page(block);
  const Judged result = judge(content);
  CHECK(result.damaged == 1500);
  CHECK(result.pauses == 2);
  CHECK(lines(result.log) == 6);
  CHECK_THAT(result.log, ContainsSubstring("1500 pages are damaged in all"));
}

TEST_CASE("a file that cannot be read again is an error") {
  const InjectedFailure broken(Call::pread, EIO);
  CHECK_THROWS_WITH(judge(bad_page(0)), ContainsSubstring("16384") && ContainsSubstring("Input/output error"));
}
