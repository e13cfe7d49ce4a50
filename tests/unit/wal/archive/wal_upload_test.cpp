// How the bytes of a WAL file get to the store: sizes, parts, memory, files that change.
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_archive.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAPSTER_TEST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TAPSTER_TEST_SANITIZED
#endif

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr const char* kSegment = "000000010000000000000001";
const std::string kKey = std::string("p/srv/wals/0000000100000000/") + kSegment;

struct Uploader {
  ScratchDirectory dir;
  FakeStore store;

  WalArchiveOutcome archive(Compression compression = Compression::none, const std::string& name = kSegment) {
    return archive_wal(
        store, ArchiveLayout("p", "srv"),
        {dir / name, *WalName::parse(name), compression, CompressionLevel(CompressionLevel::Named::low), {}, {}});
  }
  std::string failure(Compression compression = Compression::none, const std::string& name = kSegment) {
    try {
      archive(compression, name);
    } catch (const Error& thrown) {
      CHECK(thrown.kind() == ErrorKind::general);
      return thrown.what();
    }
    return "(it did not fail)";
  }
  void sparse_file(std::uint64_t size) {
    std::ofstream(dir / kSegment).close();
    REQUIRE(::truncate((dir / kSegment).c_str(), static_cast<off_t>(size)) == 0);
  }
};

Data decompressed(Compression compression, const Data& data) {
  struct Collector final : ByteSink {
    void write(Bytes bytes) override { data.insert(data.end(), bytes.begin(), bytes.end()); }
    void finish() override {}
    Data data;
  } collector;
  const auto decompressor = make_decompressor(compression, collector);
  decompressor->write(data);
  decompressor->finish();
  return collector.data;
}

// The peak of resident memory since the last reset, in bytes.
std::uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}
void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

TEST_CASE("every compression stores what decompresses to the segment", "[wal][upload]") {
  const Compression compression = GENERATE(from_range(all_compressions()));
  Uploader uploader;
  const Data content = make_segment(1U << 20U, 7);
  write_data(uploader.dir / kSegment, content);
  CHECK(uploader.archive(compression) == WalArchiveOutcome::stored);
  const auto object = uploader.store.find(kKey + std::string(suffix_of(compression)));
  REQUIRE(object);
  CHECK(decompressed(compression, object->data) == content);
  CHECK(object->metadata.at("tapster-sha256") == sha256_hex(content));
  CHECK(uploader.archive(compression) == WalArchiveOutcome::already_stored);
}

TEST_CASE("a plain file is one request up to 100 MiB and parts above", "[wal][upload]") {
  Uploader uploader;
  uploader.store.keeps_data = false;
  SECTION("100 MiB") {
    uploader.sparse_file(100 * kMiB);
    CHECK(uploader.archive() == WalArchiveOutcome::stored);
    CHECK(uploader.store.count("put") == 1);
    CHECK(uploader.store.count("begin") == 0);
  }
  SECTION("a byte more") {
    uploader.sparse_file(100 * kMiB + 1);
    CHECK(uploader.archive() == WalArchiveOutcome::stored);
    CHECK(uploader.store.count("put") == 0);
    CHECK(uploader.store.count("part") == 4);
    CHECK(uploader.store.largest_part() == 32 * kMiB);
    CHECK(uploader.store.find(kKey)->size == 100 * kMiB + 1);
    CHECK(uploader.store.find(kKey)->metadata.contains("tapster-sha256"));
    CHECK(uploader.archive() == WalArchiveOutcome::already_stored);
  }
  SECTION("less where the store takes less") {
    uploader.store.limit.max_put_size = 10 * kMiB;
    uploader.store.limit.max_part_size = 8 * kMiB;
    uploader.sparse_file(16 * kMiB);
    CHECK(uploader.archive() == WalArchiveOutcome::stored);
    CHECK(uploader.store.count("part") == 2);
  }
  CHECK(uploader.store.open_uploads() == 0);
}

TEST_CASE("data that do not compress go in parts, and memory stays bounded", "[wal][upload]") {
  Uploader uploader;
  const Compression compression = GENERATE(Compression::none, Compression::gzip);
  constexpr std::uint64_t kSize = 128 * kMiB;
  {
    std::ofstream file(uploader.dir / kSegment, std::ios::binary);
    for (std::uint64_t offset = 0; offset < kSize; offset += 8 * kMiB) {
      const Data data = random_bytes(8 * kMiB, static_cast<unsigned>(offset / kMiB));
      file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    }
  }
  uploader.store.keeps_data = false;
  reset_peak_memory();
  const std::uint64_t before = peak_memory();
  REQUIRE(before > 0);
  CHECK(uploader.archive(compression) == WalArchiveOutcome::stored);
#ifndef TAPSTER_TEST_SANITIZED
  CHECK(peak_memory() - before < 40 * kMiB);
#endif
  CHECK(uploader.store.largest_part() == 32 * kMiB);
  CHECK(uploader.store.count("part") >= 4);
  CHECK(uploader.store.open_uploads() == 0);
}

TEST_CASE("compressed parts make one object", "[wal][upload]") {
  Uploader uploader;
  const Data content = random_bytes(40 * kMiB, 3);
  write_data(uploader.dir / kSegment, content);
  CHECK(uploader.archive(Compression::gzip) == WalArchiveOutcome::stored);
  CHECK(uploader.store.count("part") == 2);
  const auto object = uploader.store.find(kKey + ".gz");
  REQUIRE(object);
  CHECK(object->metadata.at("tapster-sha256") == sha256_hex(content));
  CHECK(decompressed(Compression::gzip, object->data) == content);
}

TEST_CASE("a large file that compresses well is one request", "[wal][upload]") {
  Uploader uploader;
  uploader.sparse_file(256 * kMiB);
  CHECK(uploader.archive(Compression::gzip) == WalArchiveOutcome::stored);
  CHECK(uploader.store.count("put") == 1);
  CHECK(uploader.store.count("begin") == 0);
  CHECK(uploader.store.find(kKey + ".gz")->metadata.contains("tapster-sha256"));
}

TEST_CASE("an upload that fails is aborted", "[wal][upload]") {
  Uploader uploader;
  uploader.store.keeps_data = false;
  const Compression compression = GENERATE(Compression::none, Compression::gzip);
  if (compression == Compression::none) {
    uploader.sparse_file(101 * kMiB);
  } else {
    write_data(uploader.dir / kSegment, random_bytes(70 * kMiB, 5));
  }
  SECTION("at a part") {
    int parts = 0;
    uploader.store.before = [&](const std::string& operation, const std::string&) {
      if (operation == "part" && ++parts == 2) throw FakeStore::refusal(operation, 500);
    };
    CHECK_THAT(uploader.failure(compression), ContainsSubstring("500"));
  }
  SECTION("at its completion") {
    uploader.store.before = [&](const std::string& operation, const std::string&) {
      if (operation == "complete") throw FakeStore::refusal(operation, 500);
    };
    CHECK_THAT(uploader.failure(compression), ContainsSubstring("500"));
  }
  SECTION("because the object is there by then") {
    uploader.store.before = [&](const std::string& operation, const std::string& key) {
      if (operation == "complete") uploader.store.add(key, compressed(compression, bytes_of("another")));
    };
    CHECK_THROWS_AS(uploader.archive(compression), Error);
  }
  CHECK(uploader.store.count("abort") == 1);
  CHECK(uploader.store.open_uploads() == 0);
}

TEST_CASE("a file that changes while it is read is not stored", "[wal][upload]") {
  Uploader uploader;
  const std::string path = uploader.dir / kSegment;
  write_data(path, make_segment(1U << 20U, 1));
  const Compression compression = GENERATE(Compression::none, Compression::gzip);
  std::function<void()> change;
  SECTION("it grows") {
    change = [&] { std::ofstream(path, std::ios::app) << "x"; };
  }
  SECTION("it shrinks") {
    change = [&] { REQUIRE(::truncate(path.c_str(), 1000) == 0); };
  }
  SECTION("it is written to") {
    change = [&] {
      const timespec times[2] = {{1, 0}, {1, 0}};
      REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    };
  }
  SECTION("it is removed") {
    change = [&] { REQUIRE(::unlink(path.c_str()) == 0); };
  }
  uploader.store.before = [&](const std::string& operation, const std::string&) {
    if (operation == "list") change();
  };
  CHECK_THAT(uploader.failure(compression), ContainsSubstring(path));
  CHECK_FALSE(uploader.store.find(kKey));
  CHECK_FALSE(uploader.store.find(kKey + ".gz"));
}

TEST_CASE("a file that changes during the upload is not stored", "[wal][upload]") {
  Uploader uploader;
  const std::string path = uploader.dir / kSegment;
  write_data(path, make_segment(1U << 20U, 1));
  uploader.store.before = [&](const std::string& operation, const std::string&) {
    if (operation == "put") std::ofstream(path, std::ios::app) << "x";
  };
  CHECK_FALSE(uploader.failure().empty());
  CHECK_FALSE(uploader.store.find(kKey));
}

TEST_CASE("files that cannot be WAL are refused before the store is asked", "[wal][upload]") {
  Uploader uploader;
  SECTION("missing") { CHECK_THAT(uploader.failure(), ContainsSubstring("No such file or directory")); }
  SECTION("a directory") {
    REQUIRE(::mkdir((uploader.dir / kSegment).c_str(), 0700) == 0);
    CHECK_THAT(uploader.failure(), ContainsSubstring("not a regular file"));
  }
  SECTION("an empty segment") {
    uploader.sparse_file(0);
    CHECK_THAT(uploader.failure(Compression::gzip), ContainsSubstring("is empty"));
  }
  SECTION("an empty partial segment") {
    write_data(uploader.dir / "000000010000000000000001.partial", {});
    CHECK_THAT(uploader.failure({}, "000000010000000000000001.partial"), ContainsSubstring("is empty"));
  }
  CHECK(uploader.store.calls().empty());
}

TEST_CASE("an empty history file is stored", "[wal][upload]") {
  const Compression compression = GENERATE(Compression::none, Compression::gzip);
  Uploader uploader;
  write_data(uploader.dir / "00000002.history", {});
  CHECK(uploader.archive(compression, "00000002.history") == WalArchiveOutcome::stored);
  CHECK(uploader.archive(compression, "00000002.history") == WalArchiveOutcome::already_stored);
}
