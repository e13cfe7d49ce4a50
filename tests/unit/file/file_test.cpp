#include "file/file.h"

#include "crypto/digest.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/file/injected_calls.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

std::string read_all(Body& body, std::size_t piece) {
  std::string text;
  std::vector<std::byte> buffer(piece);
  while (const std::size_t count = body.read(buffer)) text.append(reinterpret_cast<const char*>(buffer.data()), count);
  return text;
}

}  // namespace

TEST_CASE("a file body is the file, again after every rewind") {
  const ScratchDirectory scratch;
  write_file(scratch / "f", "0123456789");
  FileBody body(scratch / "f");
  CHECK(body.size() == 10);
  CHECK(body.contiguous().empty());
  for (const std::size_t piece : {1, 3, 10, 100}) {
    CHECK(read_all(body, piece) == "0123456789");
    CHECK(read_all(body, piece).empty());
    body.rewind();
  }
}

TEST_CASE("a file body may be a range") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "f";
  write_file(path, "0123456789");
  FileBody middle(path, 3, 4);
  CHECK(middle.size() == 4);
  CHECK(read_all(middle, 3) == "3456");
  middle.rewind();
  CHECK(read_all(middle, 100) == "3456");
  FileBody nothing(path, 10, 0);
  CHECK(nothing.size() == 0);
  CHECK(read_all(nothing, 10).empty());
  CHECK_THROWS_WITH(FileBody(path, 3, 8), ContainsSubstring(path) && ContainsSubstring("only 10 bytes"));
  CHECK_THROWS_AS(FileBody(path, 11, 0), Error);
  CHECK_THROWS_AS(FileBody(path, 5, ~std::uint64_t{0}), Error);
}

TEST_CASE("a file body survives short and interrupted reads") {
  const ScratchDirectory scratch;
  write_file(scratch / "f", "0123456789");
  FileBody body(scratch / "f");
  const ShortTransfers short_reads(3);
  const InjectedFailure interrupted(Call::pread, EINTR, 1, 2);
  CHECK(read_all(body, 100) == "0123456789");
}

TEST_CASE("a file that became shorter or longer is an error that names it") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "segment";
  for (const std::string now : {"", "01234", "0123456789more"}) {
    for (const std::size_t piece : {1, 10, 100}) {
      CAPTURE(now, piece);
      write_file(path, "0123456789");
      FileBody body(path);
      FileBody range(path, 8, 2);
      write_file(path, now);
      CHECK_THROWS_WITH(read_all(body, piece), ContainsSubstring(path) && ContainsSubstring("it had 10 bytes"));
      CHECK_THROWS_WITH(read_all(range, piece), ContainsSubstring(path));
    }
  }
  write_file(path, "");
  FileBody empty(path);
  CHECK(empty.size() == 0);
  write_file(path, "x");
  CHECK_THROWS_AS(read_all(empty, 10), Error);
}

TEST_CASE("growth is found by who stops reading after size() bytes") {
  const ScratchDirectory scratch;
  write_file(scratch / "f", "0123456789");
  FileBody body(scratch / "f");
  write_file(scratch / "f", "0123456789+");
  std::byte buffer[10];
  CHECK_THROWS_AS(body.read(buffer), Error);
}

TEST_CASE("only readable regular files are file bodies") {
  const ScratchDirectory scratch;
  CHECK_THROWS_WITH(FileBody(scratch / "absent"), ContainsSubstring("absent") && ContainsSubstring("No such file"));
  CHECK_THROWS_WITH(FileBody(scratch.path().string()), ContainsSubstring("not a regular file"));
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(FileBody(scratch / "fifo"), ContainsSubstring("not a regular file"));
  write_file(scratch / "f", "text");
  FileBody body(scratch / "f");
  const InjectedFailure broken(Call::pread, EIO);
  CHECK_THROWS_WITH(read_all(body, 10), ContainsSubstring(scratch / "f") && ContainsSubstring("Input/output error"));
}

TEST_CASE("descriptors are closed on exec and owned once") {
  const ScratchDirectory scratch;
  FileDescriptor directory = open_directory(scratch.path().string());
  REQUIRE(directory);
  CHECK((::fcntl(directory.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const int number = directory.get();
  FileDescriptor other = std::move(directory);
  CHECK_FALSE(directory);  // NOLINT(bugprone-use-after-move): that is the point
  CHECK(other.get() == number);
  other = FileDescriptor();
  CHECK(::fcntl(number, F_GETFD) == -1);
  CHECK_THROWS_AS(open_directory(scratch / "absent"), FileError);
}

TEST_CASE("writing takes all or throws") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "f";
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDWR | O_CREAT, 0600);
  REQUIRE(file);
  {
    const ShortTransfers short_writes(4);
    const InjectedFailure interrupted(Call::pwrite, EINTR, 1, 1);
    write_at(file.get(), 2, as_bytes("0123456789"), path);
  }
  CHECK(read_file(path) == std::string("\0\0", 2) + "0123456789");
  const InjectedFailure full(Call::pwrite, ENOSPC);
  try {
    write_at(file.get(), 0, as_bytes("x"), path);
    FAIL("no error");
  } catch (const FileError& failure) {
    CHECK(failure.error_number() == ENOSPC);
    CHECK(failure.kind() == ErrorKind::general);
    CHECK_THAT(failure.what(), ContainsSubstring(path) && ContainsSubstring("No space left"));
  }
}

TEST_CASE("a file system that cannot sync directories is taken to need none") {
  const ScratchDirectory scratch;
  const FileDescriptor directory = open_directory(scratch.path().string());
  {
    const InjectedFailure unable(Call::fsync, EINVAL);
    CHECK_NOTHROW(sync_directory(directory.get(), "d"));
    CHECK_THROWS_AS(sync_file(directory.get(), "d"), FileError);
  }
  const InjectedFailure broken(Call::fsync, EIO);
  CHECK_THROWS_AS(sync_directory(directory.get(), "d"), FileError);
}
