#include "catalog/retention/deletion_plan.h"
#include "support/catch.h"

using namespace tapster;

namespace {

using std::chrono::hours;

const TimePoint kNow = TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 1 / 10)) + hours(12);
const TimePoint kOld = kNow - hours(24);
const TimePoint kYoung = kOld + std::chrono::seconds(1);
constexpr const char* kId = "20260101T120000";

FolderVerdict verdict(std::string_view id, const std::vector<ObjectEntry>& objects,
                      const std::vector<UploadActivity>& uploads = {}) {
  return judge_backup_folder(id, objects, uploads, kNow);
}

ObjectEntry object(const char* name, std::optional<TimePoint> modified = kOld) { return {name, 1, modified}; }

}  // namespace

TEST_CASE("a folder without backup.info goes when everything about it is a day old") {
  CHECK(verdict(kId, {object("data.tar"), object("anything"), object("annotations/note")}) == FolderVerdict::deleted);
  CHECK(verdict(kId, {object("data.tar")}, {{kOld, std::nullopt}, {kOld, kOld}}) == FolderVerdict::deleted);
  CHECK(verdict(kId, {object("annotations/keep")}) == FolderVerdict::deleted);  // of a backup that is gone
}

TEST_CASE("a folder in which something is young, or of unknown age, may belong to a running backup") {
  const auto running = FolderVerdict::perhaps_running;
  CHECK(verdict(kId, {object("data.tar"), object("data_0001.tar", kYoung)}) == running);
  CHECK(verdict(kId, {object("data.tar", std::nullopt)}) == running);
  CHECK(verdict(kId, {object("data.tar")}, {{kYoung, std::nullopt}}) == running);
  CHECK(verdict(kId, {object("data.tar")}, {{kOld, kYoung}}) == running);
  CHECK(verdict(kId, {object("data.tar")}, {{std::nullopt, kOld}}) == running);
  CHECK(verdict("20260109T000000", {object("data.tar")}) == FolderVerdict::deleted);
  CHECK(verdict("20260109T000001", {object("data.tar")}) == running);  // noon of the 9th, at UTC-12
  CHECK(verdict("20261399T000000", {object("data.tar")}) == running);
}

TEST_CASE("a folder stays when it is a backup, none at all, or kept") {
  CHECK(verdict(kId, {object("backup.info"), object("data.tar")}) == FolderVerdict::has_info);
  CHECK(verdict("misc", {object("data.tar")}) == FolderVerdict::not_a_backup);
  CHECK(verdict(kId, {object("data.tar"), object("annotations/keep")}) == FolderVerdict::kept);
  CHECK(verdict(kId, {}, {{kOld, std::nullopt}}) == FolderVerdict::empty);
}

TEST_CASE("an upload is abandoned when it was begun a day ago, and no part came in since") {
  CHECK(is_abandoned({kOld, std::nullopt}, kNow));
  CHECK(is_abandoned({kOld, kOld}, kNow));
  CHECK_FALSE(is_abandoned({kYoung, std::nullopt}, kNow));
  CHECK_FALSE(is_abandoned({kOld, kYoung}, kNow));
  CHECK_FALSE(is_abandoned({std::nullopt, kOld}, kNow));
}
