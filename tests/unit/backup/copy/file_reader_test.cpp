#include "backup/copy/file_reader.h"

#include "file/file.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/file/injected_calls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

std::string numbered_text(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

struct ReadFile {
  std::string text;
  bool shrank = false;
};

ReadFile read_announced(const std::string& path, std::uint64_t size, std::size_t piece = 256 << 10) {
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  REQUIRE(file);
  FileReader reader(file.get(), path, size);
  ReadFile result;
  std::vector<std::byte> buffer(piece);
  while (const std::size_t count = reader.read(buffer)) {
    result.text.append(reinterpret_cast<const char*>(buffer.data()), count);
    CHECK((count == piece || result.text.size() == size));
  }
  result.shrank = reader.shrank();
  return result;
}

// As a backup reads: nothing is kept, lest the test itself takes the memory that the page cache lives in.
void read_and_forget(const std::string& path, std::uint64_t size) {
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  FileReader reader(file.get(), path, size);
  std::vector<std::byte> buffer(256 << 10);
  std::uint64_t read = 0;
  while (const std::size_t count = reader.read(buffer)) read += count;
  REQUIRE(read == size);
}

// As a neighbour reads, whose pages are to stay.
void read_into_cache(const std::string& path, std::uint64_t size) {
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  std::vector<std::byte> buffer(256 << 10);
  std::uint64_t read = 0;
  while (const ssize_t count = ::read(file.get(), buffer.data(), buffer.size())) {
    REQUIRE(count > 0);
    read += static_cast<std::uint64_t>(count);
  }
  REQUIRE(read == size);
}

// Pages of the file that are in the page cache.
std::size_t cached_pages(const std::string& path, std::size_t size) {
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  REQUIRE(map != MAP_FAILED);
  std::vector<unsigned char> present((size + 4095) / 4096);
  REQUIRE(::mincore(map, size, present.data()) == 0);
  ::munmap(map, size);
  std::size_t count = 0;
  for (const unsigned char page : present) count += page & 1;
  return count;
}

void forget(const std::string& path) {
  const FileDescriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
  REQUIRE(::fsync(file.get()) == 0);
  REQUIRE(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) == 0);
}

}  // namespace

TEST_CASE("a file is read as it was announced, whatever its size") {
  const ScratchDirectory scratch;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{262144}, std::size_t{262145},
                                 std::size_t{1} << 20, (std::size_t{17} << 20) + 5}) {
    CAPTURE(size);
    const std::string text = numbered_text(size);
    write_file(scratch / "f", text);
    const ReadFile whole = read_announced(scratch / "f", size);
    CHECK((whole.text == text));
    CHECK_FALSE(whole.shrank);
    forget(scratch / "f");
    CHECK((read_announced(scratch / "f", size).text == text));
  }
}

TEST_CASE("short and interrupted reads still fill whole pieces") {
  const ScratchDirectory scratch;
  const std::string text = numbered_text(std::size_t{1} << 20);
  write_file(scratch / "f", text);
  const ShortTransfers short_reads(70001);
  const InjectedFailure interrupted(Call::pread, EINTR, 1, 2);
  CHECK((read_announced(scratch / "f", text.size()).text == text));
}

TEST_CASE("a file that became shorter is filled with zeros, one that became longer is cut") {
  const ScratchDirectory scratch;
  for (const std::size_t size : {std::size_t{10}, (std::size_t{2} << 20) + 1}) {
    CAPTURE(size);
    const std::string text = numbered_text(size);
    write_file(scratch / "f", text);
    const ReadFile shrunk = read_announced(scratch / "f", 3 * size);
    CHECK((shrunk.text == text + std::string(2 * size, '\0')));
    CHECK(shrunk.shrank);
    CHECK((read_announced(scratch / "f", size / 2).text == text.substr(0, size / 2)));
  }
}

TEST_CASE("a file that cannot be read is an error that names it") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "16384";
  write_file(path, numbered_text(std::size_t{2} << 20));
  const InjectedFailure broken(Call::pread, EIO, 2);
  CHECK_THROWS_WITH(read_announced(path, std::size_t{2} << 20),
                    ContainsSubstring(path) && ContainsSubstring("Input/output error"));
}

TEST_CASE("what was read from the disk is dropped from the page cache, what was there before stays") {
  const ScratchDirectory scratch(std::filesystem::current_path());  // a disk: in a tmpfs there is nothing to drop
  for (const std::size_t size : {std::size_t{40000}, std::size_t{20} << 20}) {
    CAPTURE(size);
    const std::string path = scratch / "f";
    write_file(path, numbered_text(size));
    forget(path);
    const std::size_t before = cached_pages(path, size);
    if (before != 0) continue;  // a file system that keeps what it has
    std::size_t after = 1;
    for (int attempt = 0; attempt < 10 && after != 0; ++attempt) {  // pages that another processor holds just then stay
      forget(path);
      read_and_forget(path, size);
      after = cached_pages(path, size);
    }
    CHECK(after == 0);

    const std::size_t pages = (size + 4095) / 4096;
    for (int attempt = 0; attempt < 10 && after != pages; ++attempt) {  // a kernel short of memory drops some itself
      read_into_cache(path, size);
      read_and_forget(path, size);
      after = cached_pages(path, size);
    }
    CHECK(after == pages);
  }
}
