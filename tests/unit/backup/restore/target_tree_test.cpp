// Names of members as paths, and directories that are opened one by one.
#include "backup/restore/target_tree.h"

#include "support/catch.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace tapster;
using namespace tapster::test;

TEST_CASE("names of members become paths below the root") {
  CHECK(safe_member_path(".").empty());
  CHECK(safe_member_path("./").empty());
  CHECK(safe_member_path("./PG_VERSION") == "PG_VERSION");
  CHECK(safe_member_path("base//5/./1259") == "base/5/1259");
  CHECK(safe_member_path("...") == "...");
  CHECK(safe_member_path("..a/b..") == "..a/b..");
  for (const std::string name : {"/", "/etc", "..", "../x", "a/..", "a/../b", "./.."}) {
    CAPTURE(name);
    CHECK_THROWS_AS(safe_member_path(name), Error);
  }
  CHECK_THROWS_AS(safe_member_path(std::string("a\0b", 3)), Error);
  CHECK_THROWS_AS(safe_member_path(std::string(5000, 'a')), Error);
}

TEST_CASE("directories are made as they are needed, however deep and many") {
  const ScratchDirectory dir;
  TargetTree tree(open_directory(dir.path().string()), dir.path().string());
  std::string deep = "d";
  for (int i = 0; i < 200; ++i) deep += "/d";
  REQUIRE(tree.make_directory(deep) >= 0);
  CHECK(std::filesystem::is_directory(dir.path() / deep));
  for (int i = 0; i < 200; ++i) tree.make_directory("many/" + std::to_string(i));
  for (int i = 0; i < 200; ++i) {  // most of them were closed in between
    const int directory = tree.make_directory("many/" + std::to_string(i));
    REQUIRE(::mkdirat(directory, "inside", 0700) == 0);
  }
  CHECK(std::filesystem::is_directory(dir.path() / "many/0/inside"));
  CHECK(std::filesystem::is_directory(dir.path() / "many/199/inside"));
  CHECK(mode_of(dir / "many") == 0700);
}

TEST_CASE("only existing directories are opened when none is to be made") {
  const ScratchDirectory dir;
  TargetTree tree(open_directory(dir.path().string()), dir.path().string());
  CHECK_THROWS_AS(tree.open_directory("absent"), FileError);
  CHECK(::access((dir / "absent").c_str(), F_OK) != 0);
  CHECK(tree.open_directory("") == tree.root());
}

TEST_CASE("links and files are no directories") {
  const ScratchDirectory dir, outside;
  TargetTree tree(open_directory(dir.path().string()), dir.path().string());
  REQUIRE(::symlink(outside.path().c_str(), (dir / "link").c_str()) == 0);
  write_file(dir / "file", "x");
  for (const std::string path : {"link", "link/below", "file", "file/below"}) {
    CAPTURE(path);
    CHECK_THROWS_WITH(tree.make_directory(path), ContainsSubstring("nothing is written through it"));
  }
  CHECK(test::tree(outside.path()).empty());
}
