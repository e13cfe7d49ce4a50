#include "file/atomic_file.h"

#include "crypto/digest.h"
#include "support/catch.h"
#include "support/child.h"
#include "support/scratch.h"
#include "unit/file/injected_calls.h"

#include <sys/resource.h>

#include <cerrno>
#include <memory>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

using Names = std::vector<std::string>;

AtomicFile::Options either_way() { return {0600, GENERATE(true, false)}; }

}  // namespace

TEST_CASE("a file appears whole when it is committed") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  AtomicFile file(scratch / "f", options);
  file.write(as_bytes("hello "));
  file.write(as_bytes("world"));
  const Names before = tree(scratch.path());
  if (options.unnamed) {
    CHECK(before.empty());  // the file system of the tests has O_TMPFILE
  } else {
    REQUIRE(before.size() == 1);
    CHECK(before[0].starts_with(".tapster-new-"));
  }
  SECTION("by finish") { file.finish(); }
  SECTION("by commit_replace") { file.commit_replace(); }
  SECTION("by commit_new") { CHECK(file.commit_new()); }
  CHECK(tree(scratch.path()) == Names{"f"});
  CHECK(read_file(scratch / "f") == "hello world");
  CHECK(mode_of(scratch / "f") == 0600);
}

TEST_CASE("an atomic file may be empty and have another mode") {
  const ScratchDirectory scratch;
  auto options = either_way();
  options.mode = 0640;
  AtomicFile(scratch / "f", options).finish();
  CHECK(read_file(scratch / "f").empty());
  CHECK(mode_of(scratch / "f") == 0640);
}

TEST_CASE("commit_replace replaces, commit_new does not") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  write_file(scratch / "f", "old");
  {
    AtomicFile file(scratch / "f", options);
    file.write(as_bytes("new"));
    CHECK_FALSE(file.commit_new());
    CHECK(read_file(scratch / "f") == "old");
  }
  CHECK(tree(scratch.path()) == Names{"f"});
  AtomicFile file(scratch / "f", options);
  file.write(as_bytes("new"));
  file.commit_replace();
  CHECK(read_file(scratch / "f") == "new");
  CHECK(tree(scratch.path()) == Names{"f"});
}

TEST_CASE("an uncommitted file leaves nothing") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  write_file(scratch / "f", "old");
  { AtomicFile(scratch / "f", options).write(as_bytes("new")); }
  { AtomicFile(scratch / "g", options).write(as_bytes("new")); }
  CHECK(tree(scratch.path()) == Names{"f"});
  CHECK(read_file(scratch / "f") == "old");
}

TEST_CASE("a relative path is in the working directory") {
  const ScratchDirectory scratch;
  Child child([&] {
    if (::chdir(scratch.path().c_str()) != 0) return 1;
    AtomicFile("f").finish();
    return 0;
  });
  CHECK(child.wait() == 0);
  CHECK(tree(scratch.path()) == Names{"f"});
}

TEST_CASE("a missing directory is an error that names it") {
  const ScratchDirectory scratch;
  CHECK_THROWS_WITH(AtomicFile(scratch / "d/f"), ContainsSubstring(scratch / "d") && ContainsSubstring("No such file"));
}

TEST_CASE("a directory cannot be replaced") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  std::filesystem::create_directory(scratch / "d");
  CHECK_THROWS_AS(AtomicFile(scratch / "d", options).finish(), FileError);
  CHECK_FALSE(AtomicFile(scratch / "d", options).commit_new());
  CHECK(tree(scratch.path()) == Names{"d"});
}

TEST_CASE("a full or broken disk leaves nothing under the final name") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  const bool replace = GENERATE(true, false);
  const auto attempt = [&] {
    AtomicFile file(scratch / "f", options);
    file.write(as_bytes("some text"));
    if (replace) {
      file.commit_replace();
    } else {
      file.commit_new();
    }
  };
  for (const int error_number : {ENOSPC, EDQUOT, EIO}) {
    {
      const InjectedFailure writing(Call::pwrite, error_number);
      CHECK_THROWS_AS(attempt(), FileError);
    }
    {
      const InjectedFailure syncing_file(Call::fsync, error_number);
      CHECK_THROWS_AS(attempt(), FileError);
    }
    CHECK(tree(scratch.path()).empty());
    if (replace && !options.unnamed) continue;  // renamed already: see the class comment
    const InjectedFailure syncing_directory(Call::fsync, error_number, 1);
    CHECK_THROWS_AS(attempt(), FileError);
    CHECK(tree(scratch.path()).empty());
  }
}

TEST_CASE("where unnamed files cannot be linked they are copied") {
  const ScratchDirectory scratch;
  // No /proc; a file system that refuses.
  const InjectedFailure unable(Call::link_unnamed, GENERATE(ENOENT, EPERM, EXDEV));
  const std::string text(700'000, 'x');
  const auto write = [&] {
    auto file = std::make_unique<AtomicFile>(scratch / "f");
    file->write(as_bytes(text));
    return file;
  };
  CHECK(write()->commit_new());
  CHECK(read_file(scratch / "f") == text);
  CHECK_FALSE(write()->commit_new());
  write_file(scratch / "f", "old");
  write()->commit_replace();
  CHECK(read_file(scratch / "f") == text);
  {
    const InjectedFailure full(Call::pwrite, ENOSPC, 1);
    CHECK_THROWS_AS(write()->commit_replace(), FileError);
  }
  {
    const InjectedFailure unreadable(Call::pread, EIO);
    CHECK_THROWS_AS(write()->commit_replace(), FileError);
  }
  CHECK(tree(scratch.path()) == Names{"f"});
  CHECK(mode_of(scratch / "f") == 0600);
}

TEST_CASE("where renaming cannot refuse to replace, links do") {
  const ScratchDirectory scratch;
  const InjectedFailure unable(Call::renameat2, GENERATE(EINVAL, ENOSYS));
  const AtomicFile::Options named{0600, false};
  CHECK(AtomicFile(scratch / "f", named).commit_new());
  CHECK_FALSE(AtomicFile(scratch / "f", named).commit_new());
  CHECK(tree(scratch.path()) == Names{"f"});
}

TEST_CASE("a refusal to rename is an error") {
  const ScratchDirectory scratch;
  const InjectedFailure refused(Call::renameat2, EACCES);
  CHECK_THROWS_AS(AtomicFile(scratch / "f", {0600, false}).commit_new(), FileError);
  CHECK(tree(scratch.path()).empty());
}

TEST_CASE("a real limit on file sizes leaves nothing") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  Child child([&] {
    const struct rlimit limit { 1U << 20U, 1U << 20U };
    if (std::signal(SIGXFSZ, SIG_IGN) == SIG_ERR || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    try {
      AtomicFile file(scratch / "f", options);
      const std::string block(300'000, 'x');
      for (int i = 0; i < 10; ++i) file.write(as_bytes(block));
      file.finish();
      return 2;
    } catch (const FileError& failure) {
      return failure.error_number() == EFBIG ? 0 : 3;
    }
  });
  CHECK(child.wait() == 0);
  CHECK(tree(scratch.path()).empty());
}

TEST_CASE("SIGKILL in the middle of writing leaves nothing under the final name") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const FileDescriptor reading(pipe[0]);
  FileDescriptor writing(pipe[1]);
  Child child([&] {
    AtomicFile file(scratch / "f", options);
    const std::string block(65536, 'x');
    for (int i = 0; i < 10'000; ++i) {
      file.write(as_bytes(block));
      if (i == 50 && ::write(writing.get(), "x", 1) != 1) return 1;
    }
    return 0;
  });
  writing.reset();
  char byte = 0;
  REQUIRE(::read(reading.get(), &byte, 1) == 1);
  child.kill();
  CHECK(child.wait() == -SIGKILL);
  const Names left = tree(scratch.path());
  if (options.unnamed) {
    CHECK(left.empty());
  } else {
    REQUIRE(left.size() == 1);
    CHECK(left[0].starts_with(".tapster-"));
  }
}
