// Files that change, and errors, while a tree is copied.
#include "backup/copy/tree_copy.h"
#include "codec/crc.h"
#include "unit/backup/copy/copied_tree.h"
#include "unit/file/injected_calls.h"

#include <tapster/error.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;

TEST_CASE("a file is stored with the size it had when it was opened") {
  const ScratchDirectory data;
  for (const std::size_t size : {std::size_t{1000}, std::size_t{3} << 20}) {
    CAPTURE(size);
    for (const std::size_t now : {std::size_t{0}, size / 2, 2 * size}) {
      CAPTURE(now);
      const std::string path = data / "base/5/16384";
      make_file(path, std::string(size, 'a'));
      CopiedTree copy;
      copy.target.before_member = [&](std::size_t member) {
        if (member == 4) write_file(path, std::string(now, 'b'));  // behind ./ base/ base/5/
      };
      copy.run(pgdata_at(data.path().string()));
      std::string expected(std::min(size, now), 'b');
      expected.resize(size, '\0');
      CHECK((read_file(copy / "base/5/16384") == expected));
      REQUIRE(copy.find("base/5/16384") != nullptr);
      CHECK(copy.find("base/5/16384")->size == size);
      CHECK(copy.find("base/5/16384")->crc32c == crc32c(0, std::as_bytes(std::span(expected))));
    }
  }
}

TEST_CASE("files and directories that vanish are skipped and counted") {
  const ScratchDirectory data;
  for (const char* path : {"f1", "f2", "f3", "d/g"}) make_file(data / path);
  CopiedTree copy;
  copy.target.before_member = [&](std::size_t member) {
    // When the first of the three is open, the other two go, and a directory that was seen.
    if (member != 2) return;
    for (const char* path : {"f1", "f2", "f3", "d"}) fs::remove_all(data / path);
  };
  copy.run(pgdata_at(data.path().string()));
  CHECK(copy.files.size() == 1);
  CHECK(copy.copier.summary().files == 1);
  CHECK(copy.copier.summary().vanished >= 1);
}

TEST_CASE("a file that became something else is not followed and not waited for") {
  const ScratchDirectory data;
  for (const char* path : {"f1", "f2", "f3"}) make_file(data / path);
  make_file(data / "secret/s");
  fs::rename(data / "secret", data.path().string() + "-secret");
  CopiedTree copy;
  copy.target.before_member = [&](std::size_t member) {
    if (member != 2) return;
    for (const char* path : {"f1", "f2", "f3"}) {
      fs::remove(data / path);
      if (path[1] == '2') {
        REQUIRE(::mkfifo((data / path).c_str(), 0600) == 0);
      } else {
        fs::create_symlink(data.path().string() + "-secret/s", data / path);
      }
    }
  };
  copy.run(pgdata_at(data.path().string()));
  fs::remove_all(data.path().string() + "-secret");
  CHECK(copy.files.size() == 1);
}

TEST_CASE("what cannot be read ends the copy with an error that names it") {
  const ScratchDirectory data;
  make_file(data / "base/5/16384", std::string(std::size_t{2} << 20, 'x'));
  {
    const InjectedFailure broken(Call::pread, EIO);
    CHECK_THROWS_WITH(CopiedTree(pgdata_at(data.path().string())),
                      ContainsSubstring("base/5/16384") && ContainsSubstring("Input/output error"));
  }
  CHECK_THROWS_WITH(CopiedTree(pgdata_at("/nonexistent")), ContainsSubstring("/nonexistent"));
  CopiedTree copy;
  CHECK_THROWS_WITH(copy.copier.copy_file((data / "base") + "/" + std::string(300, 'x'), "name"),
                    ContainsSubstring("cannot open"));
}

TEST_CASE("a file without the permission to read is an error, not a gap") {
  const ScratchDirectory data;
  make_file(data / "private");
  ::chmod((data / "private").c_str(), 0);
  ::chmod(data.path().c_str(), 0755);
  const bool is_root = ::geteuid() == 0;
  if (is_root) REQUIRE(::seteuid(65534) == 0);
  ArchivesInMemory target;
  TreeCopier copier(target, {}, nullptr, {});
  std::string message;
  try {
    copier.copy_tree(pgdata_at(data.path().string()));
  } catch (const Error& failure) {
    message = failure.what();
    CHECK(failure.kind() == ErrorKind::general);
  }
  if (is_root) REQUIRE(::seteuid(0) == 0);
  CHECK_THAT(message, ContainsSubstring("/private: Permission denied"));
}

TEST_CASE("a request to stop ends the copy between members and inside of one") {
  const ScratchDirectory data;
  make_file(data / "large", std::string(std::size_t{2} << 20, 'x'));
  for (const std::size_t at : {1, 2}) {
    CopiedTree copy;
    copy.target.before_member = [&](std::size_t member) {
      if (member == at) copy.stop.request_stop();
    };
    try {
      copy.copier.copy_tree(pgdata_at(data.path().string()));
      FAIL("it did not stop");
    } catch (const Error& failure) {
      CHECK(failure.kind() == ErrorKind::operation);
      CHECK_THAT(failure.what(), ContainsSubstring("interrupted"));
    }
    CHECK(copy.files.empty());
  }
}
