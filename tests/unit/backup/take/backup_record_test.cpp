#include "backup/take/backup_record.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("the reason of a failure is the signal, else the lost session, else what was thrown; one line of it") {
  const auto signal = [] { return std::string("interrupted by SIGTERM"); };
  CHECK(failure_reason(true, signal, "lost", "thrown") == "interrupted by SIGTERM");
  CHECK(failure_reason(true, {}, "lost", "thrown") == "interrupted");
  CHECK(failure_reason(false, signal, "lost", "thrown") == "lost");
  CHECK(failure_reason(false, signal, "", "thrown\nfrom\n") == "thrown");
}

TEST_CASE("a failed backup has no end") {
  BackupInfo info;
  info.begin_xlog = "0/1";
  info.end_xlog = "0/2";
  info.end_wal = "000000010000000000000001";
  info.end_offset = 2;
  info.end_time = ZonedTime{};
  info.copy_stats = Literal(1);
  record_failure(info, "uploading data", "disk full");
  CHECK(info.status == BackupStatus::failed);
  CHECK(info.error == "failure uploading data (disk full)");
  CHECK(info.begin_xlog == "0/1");
  CHECK_FALSE(info.end_xlog);
  CHECK_FALSE(info.end_wal);
  CHECK_FALSE(info.end_offset);
  CHECK_FALSE(info.end_time);
  CHECK_FALSE(info.copy_stats);
}
