// The whole way on a real store: a directory.
#include "store/file/file_store.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/error.h>
#include <tapster/wal_archive.h>
#include <tapster/wal_check.h>
#include <tapster/wal_restore.h>

#include <string>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr const char* kSegment = "000000010000000000000001";

WalArchiveRequest request_for(const ScratchDirectory& dir, Compression compression) {
  return {dir / kSegment, *WalName::parse(kSegment), compression, {}, {}, {}};
}

}  // namespace

TEST_CASE("a segment comes back from a directory as it went in", "[wal][file]") {
  const Compression compression = GENERATE(from_range(reading_order()));
  const ScratchDirectory dir;
  FileStore store(dir / "archive");
  store.create_container();
  const ArchiveLayout layout("", "srv");
  const Data content = make_segment(1U << 20U, 1);
  write_data(dir / kSegment, content);
  CHECK_NOTHROW(check_wal_archive(store, layout, std::nullopt));
  CHECK(archive_wal(store, layout, request_for(dir, compression)) == WalArchiveOutcome::stored);
  CHECK(exists(dir / "archive/srv/wals/0000000100000000/" + kSegment + std::string(suffix_of(compression))));
  CHECK(archive_wal(store, layout, request_for(dir, compression)) == WalArchiveOutcome::already_stored);
  CHECK(archive_wal(store, layout, request_for(dir, Compression::none)) == WalArchiveOutcome::already_stored);
  CHECK_THROWS_AS(check_wal_archive(store, layout, std::nullopt), Error);

  const WalRestoreRequest request{*WalName::parse(kSegment), dir / "RECOVERYXLOG", false, 2, dir / "spool", "archive"};
  CHECK(restore_wal(store, layout, request) == WalRestoreOutcome::restored);
  CHECK(read_data(dir / "RECOVERYXLOG") == content);

  write_data(dir / kSegment, make_segment(1U << 20U, 2));
  CHECK_THROWS_AS(archive_wal(store, layout, request_for(dir, compression)), Error);
  CHECK(restore_wal(store, layout, request) == WalRestoreOutcome::restored);
  CHECK(read_data(dir / "RECOVERYXLOG") == content);
}

TEST_CASE("a large file goes into a directory in parts", "[wal][file]") {
  const ScratchDirectory dir;
  FileStore store(dir / "archive");
  store.create_container();
  const Data content = random_bytes(34U << 20U, 1);
  write_data(dir / kSegment, content);
  CHECK(archive_wal(store, ArchiveLayout("", "srv"), request_for(dir, Compression::snappy)) ==
        WalArchiveOutcome::stored);
  const WalRestoreRequest request{*WalName::parse(kSegment), dir / "RECOVERYXLOG", false, 0, "", ""};
  CHECK(restore_wal(store, ArchiveLayout("", "srv"), request) == WalRestoreOutcome::restored);
  CHECK(read_data(dir / "RECOVERYXLOG") == content);
}

TEST_CASE("a directory that does not exist does not prove absence", "[wal][file]") {
  const ScratchDirectory dir;
  FileStore store(dir / "archive");
  const WalRestoreRequest request{*WalName::parse(kSegment), dir / "RECOVERYXLOG", false, 0, "", ""};
  try {
    restore_wal(store, ArchiveLayout("", "srv"), request);
    FAIL("it did not fail");
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
  }
}
