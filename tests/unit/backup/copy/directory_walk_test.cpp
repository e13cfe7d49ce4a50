#include "backup/copy/directory_walk.h"

#include "support/catch.h"
#include "support/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;

namespace {

// What was found, in order: directories end in a slash.
class Found final : public WalkVisitor {
 public:
  void directory(const std::string& path, const struct stat&) override {
    all.push_back(path + "/");
    if (on_directory) on_directory(path);
  }
  void entry(const WalkEntry& entry) override { all.push_back(join_path(entry.folder, entry.name)); }
  void vanished() override { ++gone; }

  std::vector<std::string> sorted() const {
    std::vector<std::string> copy = all;
    std::sort(copy.begin(), copy.end());
    return copy;
  }
  std::vector<std::string> all;
  std::function<void(const std::string&)> on_directory;
  int gone = 0;
};

TreeSource source_at(const std::string& root) {
  TreeSource source;
  source.root = root;
  source.major_version = "15";
  return source;
}

void make(const std::string& path) {
  fs::create_directories(fs::path(path).parent_path());
  write_file(path, "x");
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a directory comes before its files, its files before its directories") {
  const ScratchDirectory scratch;
  for (const char* path : {"a/1/f", "a/1/g", "a/h", "b/i", "j"}) make(scratch / path);
  fs::create_directories(scratch / "empty");
  const TreeSource source = source_at(scratch.path().string());
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"/", "a/", "a/1/", "a/1/f", "a/1/g", "a/h", "b/", "b/i", "empty/", "j"});
  const auto at = [&](const std::string& path) { return std::find(found.all.begin(), found.all.end(), path); };
  CHECK(at("/") < at("j"));
  CHECK(at("j") < at("a/"));
  CHECK(at("j") < at("empty/"));
  CHECK(at("a/") < at("a/h"));
  CHECK(at("a/h") < at("a/1/"));
  CHECK(at("a/1/") < at("a/1/f"));
}

TEST_CASE("excluded content is pruned, however deep it is") {
  const ScratchDirectory scratch;
  for (const char* path : {"pg_wal/0001", "pg_wal/archive_status/x/y", "pg_stat_tmp/a/b/c", "pg_replslot/s/state",
                           "base/pgsql_tmp/d/e", "global/pg_control", "global/1262", "pg_wal_extra/f"})
    make(scratch / path);
  const TreeSource source = source_at(scratch.path().string());
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"/", "base/", "global/", "global/1262", "pg_replslot/", "pg_stat_tmp/", "pg_wal/",
                                "pg_wal_extra/", "pg_wal_extra/f"});
}

TEST_CASE("of unlogged relations only the init fork is found") {
  const ScratchDirectory scratch;
  for (const char* path :
       {"base/5/100", "base/5/100.1", "base/5/100_fsm", "base/5/100_vm", "base/5/100_init", "base/5/101",
        "base/5/101_fsm", "base/5/1000", "base/5/99_init", "base/5/PG_VERSION", "base/x/100", "base/x/100_init"})
    make(scratch / path);
  const TreeSource source = source_at(scratch.path().string());
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"/", "base/", "base/5/", "base/5/1000", "base/5/100_init", "base/5/101",
                                "base/5/101_fsm", "base/5/99_init", "base/5/PG_VERSION", "base/x/", "base/x/100",
                                "base/x/100_init"});
}

TEST_CASE("a tablespace has no entry for itself, and only this version's folders") {
  const ScratchDirectory scratch;
  for (const char* path : {"PG_15_1/5/7", "PG_14_1/5/999", "PG_15_file", "other/f"}) make(scratch / path);
  TreeSource source = source_at(scratch.path().string());
  source.is_tablespace = true;
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"PG_15_1/", "PG_15_1/5/", "PG_15_1/5/7"});
}

TEST_CASE("a tablespace inside the data directory is not walked with it") {
  const ScratchDirectory scratch;
  for (const char* path : {"inside/PG_15_1/5/7", "base/5/1"}) make(scratch / path);
  TreeSource source = source_at(scratch.path().string());
  source.tablespaces = {{"t", 16385, scratch / "inside"}};
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"/", "base/", "base/5/", "base/5/1"});
}

TEST_CASE("a data directory may be named by a symbolic link; links in it are not followed") {
  const ScratchDirectory scratch;
  make(scratch / "data/base/5/1");
  make(scratch / "elsewhere/secret");
  fs::create_directory_symlink(scratch / "data", scratch / "alias");
  fs::create_directory_symlink(scratch / "elsewhere", scratch / "data/link");
  const TreeSource source = source_at(scratch / "alias");
  Found found;
  DirectoryWalk(source, found).run();
  CHECK(found.sorted() == Paths{"/", "base/", "base/5/", "base/5/1", "link"});
}

TEST_CASE("directories that vanish or become links meanwhile are not entered") {
  const ScratchDirectory scratch;
  for (const char* path : {"a/f", "b/g", "elsewhere/secret"}) make(scratch / ("data/../" + std::string(path)));
  for (const char* path : {"data/a/f", "data/b/g"}) make(scratch / path);
  const TreeSource source = source_at(scratch / "data");
  Found found;
  found.on_directory = [&](const std::string& path) {
    if (!path.empty()) {  // the first of the two: the other one goes
      const std::string other = path == "a" ? "b" : "a";
      fs::remove_all(scratch / ("data/" + other));
      fs::create_directory_symlink(scratch / "elsewhere", scratch / ("data/" + other));
      found.on_directory = nullptr;
    }
  };
  DirectoryWalk(source, found).run();
  CHECK(found.gone == 1);
  CHECK(found.all.size() == 3);  // the root, one directory, its file
}

TEST_CASE("a tree of any depth takes few descriptors, and paths may be longer than the system's limit") {
  const ScratchDirectory scratch;
  constexpr int kDepth = 200;
  const std::string name(100, 'd');
  fs::create_directories(scratch / "data");
  FileDescriptor directory = open_directory(scratch / "data");
  for (int level = 0; level < kDepth; ++level) {
    REQUIRE(::mkdirat(directory.get(), name.c_str(), 0700) == 0);
    directory = open_at(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY);
  }
  REQUIRE(open_at(directory.get(), "bottom", O_WRONLY | O_CREAT, 0600));
  directory.reset();

  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = open_directory(scratch.path().string()).get();
  const rlimit few{static_cast<rlim_t>(lowest) + 4, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const TreeSource source = source_at(scratch / "data");
  Found found;
  DirectoryWalk(source, found).run();
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(found.all.size() == kDepth + 2);
  CHECK(found.all.back().size() == kDepth * 101 + 6);
}

TEST_CASE("a root that is not there is an error that names it") {
  const TreeSource source = source_at("/nonexistent/data");
  Found found;
  DirectoryWalk walk(source, found);
  CHECK_THROWS_WITH(walk.run(), ContainsSubstring("/nonexistent/data"));
}
