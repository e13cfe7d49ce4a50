// Waiting for a change in a folder, with and without the system's help.
#include "wal/prefetch/folder_watch.h"

#include "support/catch.h"
#include "support/child.h"
#include "support/scratch.h"
#include "wal/prefetch/coming_mark.h"
#include "wal/private_folder.h"
#include "wal/private_note.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr Duration kLong{60'000};

bool returns_soon(FolderWatch& watch) {
  const auto begun = std::chrono::steady_clock::now();
  watch.wait(kLong);
  return std::chrono::steady_clock::now() - begun < kLong / 2;
}

}  // namespace

TEST_CASE("a wait ends when a file changes in the folder, or when it is woken", "[wal][prefetch]") {
  const ScratchDirectory scratch;
  const auto folder = PrivateFolder::at(scratch.path().string());
  REQUIRE(folder);
  FolderWatch watch(*folder);
  std::jthread other;
  SECTION("a file is replaced") {
    other = std::jthread([&] { write_note(*folder, "position", "x"); });
  }
  SECTION("a file changed before the wait") { write_note(*folder, "position", "x"); }
  SECTION("it is woken") {
    other = std::jthread([&] { watch.wake(); });
  }
  CHECK(returns_soon(watch));
}

TEST_CASE("a wait in which nothing changes ends in time", "[wal][prefetch]") {
  const ScratchDirectory scratch;
  const auto folder = PrivateFolder::at(scratch.path().string());
  FolderWatch watch(*folder);
  const auto begun = std::chrono::steady_clock::now();
  watch.wait(Duration(30));
  CHECK(std::chrono::steady_clock::now() - begun >= Duration(25));
}

TEST_CASE("where no folder can be watched, waits are short", "[wal][prefetch]") {
  const ScratchDirectory scratch;
  const auto folder = PrivateFolder::at(scratch.path().string());
  REQUIRE(folder);
  Child child([&] {
    const rlimit none = {static_cast<rlim_t>(folder->descriptor()) + 1, static_cast<rlim_t>(folder->descriptor()) + 1};
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 2;
    while (::open("/dev/null", O_RDONLY) >= 0) {
    }
    FolderWatch watch(*folder);
    return returns_soon(watch) ? 0 : 1;
  });
  CHECK(child.wait() == 0);
}

TEST_CASE("a mark shows that its download moves, once a second", "[wal][prefetch]") {
  const ScratchDirectory scratch;
  const auto folder = PrivateFolder::at(scratch.path().string());
  const WalName name = *WalName::parse("000000010000000000000001");
  {
    ComingMark mark(*folder, name);
    const auto first = mark_state(*folder, name);
    REQUIRE(first);
    mark.moved();
    CHECK(mark_state(*folder, name) == first);
    std::this_thread::sleep_for(std::chrono::milliseconds(1050));
    mark.moved();
    CHECK(mark_state(*folder, name) != first);
    CHECK(is_coming_mark(name.text() + ".coming"));
  }
  CHECK_FALSE(mark_state(*folder, name));
  CHECK(tree(scratch.path()).empty());
}
