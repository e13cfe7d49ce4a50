#include "support/catalogs.h"
#include "support/catch.h"

#include <tapster/retention.h>

using namespace tapster;
using namespace tapster::test;

namespace {

CatalogedBackup done(int day) { return backup_of(day, segment_name(1, 0, static_cast<std::uint32_t>(day))); }

// One letter per backup, the oldest first: - none, V valid, K kept, P potentially obsolete, O obsolete.
std::string verdicts(const char* policy, int minimum, const std::vector<CatalogedBackup>& backups, int today = 31) {
  const auto parsed = RetentionPolicy::parse(policy);
  REQUIRE(parsed);
  std::string letters;
  for (const Retention verdict : apply_retention(*parsed, minimum, backups, on_day(today))) {
    letters += "-VKPO"[static_cast<int>(verdict)];
  }
  return letters;
}

}  // namespace

TEST_CASE("policies are read in any case and with any blanks") {
  const auto redundancy = RetentionPolicy::parse("  redundancy\t 3 ");
  REQUIRE(redundancy);
  CHECK(redundancy->kind == RetentionPolicy::Kind::redundancy);
  CHECK(redundancy->redundancy == 3);
  struct Row {
    const char* text;
    int days;
  };
  for (const Row row : {Row{"RECOVERY WINDOW OF 30 DAYS", 30}, Row{"recovery window of 1 day", 1},
                        Row{"Recovery\n Window  OF 2 weeks", 14}, Row{"RECOVERY WINDOW OF 1 WEEK", 7},
                        Row{"RECOVERY WINDOW OF 2 MONTHS", 62}, Row{"RECOVERY WINDOW OF 1 month", 31},
                        Row{"RECOVERY WINDOW OF 0 DAYS", 0}, Row{"RECOVERY WINDOW OF 007 DAYS", 7}}) {
    CAPTURE(row.text);
    const auto policy = RetentionPolicy::parse(row.text);
    REQUIRE(policy);
    CHECK(policy->kind == RetentionPolicy::Kind::recovery_window);
    CHECK(policy->window == std::chrono::days(row.days));
  }
  CHECK(RetentionPolicy::parse("REDUNDANCY 0")->redundancy == 0);
}

TEST_CASE("what is no policy is refused, and so are absurd numbers") {
  for (const char* text : {"",
                           " ",
                           "main",
                           "REDUNDANCY",
                           "REDUNDANCY -1",
                           "REDUNDANCY +1",
                           "REDUNDANCY 1.5",
                           "REDUNDANCY 1 2",
                           "REDUNDANCY1",
                           "REDUNDANCY 99999999999999999999",
                           "RECOVERY WINDOW OF 5",
                           "RECOVERY WINDOW OF 5 YEARS",
                           "RECOVERY WINDOW OF DAYS",
                           "RECOVERY WINDOW 5 DAYS",
                           "WINDOW OF 5 DAYS",
                           "RECOVERY WINDOW OF 5 DAYS x",
                           "RECOVERY WINDOW OF 5DAYS",
                           "RECOVERY WINDOW OF 730001 DAYS",
                           "RECOVERY WINDOW OF 99999999999999999999 DAYS",
                           "RECOVERY WINDOW OF 9223372036854775807 WEEKS",
                           "RECOVERY WINDOW OF 100000 MONTHS"}) {
    CAPTURE(text);
    CHECK_FALSE(RetentionPolicy::parse(text).has_value());
  }
}

TEST_CASE("redundancy counts the newest finished backups, kept ones included") {
  const std::vector<CatalogedBackup> plain = {done(1), done(2), done(3)};
  CHECK(verdicts("REDUNDANCY 2", 0, plain) == "OVV");
  CHECK(verdicts("REDUNDANCY 3", 0, plain) == "VVV");
  CHECK(verdicts("REDUNDANCY 0", 0, plain) == "OOO");
  CHECK(verdicts("REDUNDANCY 1", 2, plain) == "OVV");
  CHECK(verdicts("REDUNDANCY 1", 0, {}) == "");
  CHECK(verdicts("REDUNDANCY 1", 0, {done(1), done(2), kept(done(3))}) == "OOK");
  CHECK(verdicts("REDUNDANCY 1", 0, {kept(done(1)), done(2), standalone(done(3))}) == "KOK");
  CHECK(verdicts("REDUNDANCY 2", 0, {done(1), failed(done(2)), done(3), failed(done(4)), done(5)}) == "O-V-V");
}

TEST_CASE("only finished backups are judged") {
  auto waiting = done(1);
  waiting.info.status = BackupStatus::waiting_for_wals;
  auto started = done(2);
  started.info.status = BackupStatus::started;
  CHECK(verdicts("REDUNDANCY 0", 0, {waiting, started, failed(done(3)), done(4)}) == "---O");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {waiting, started, failed(done(3)), done(4), done(5)}) == "---OV");
}

TEST_CASE("a window keeps what its beginning needs") {
  const std::vector<CatalogedBackup> plain = {done(1), done(10), done(20), done(30)};
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, plain) == "OOVV");
  CHECK(verdicts("RECOVERY WINDOW OF 11 DAYS", 0, plain) == "OVVV");  // ended just when the window begins: not before
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, plain) == "OOOV");
  CHECK(verdicts("RECOVERY WINDOW OF 1 MONTH", 0, plain) == "VVVV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {done(1)}) == "V");
}

TEST_CASE("in a window, kept backups count and stay") {
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, {done(1), done(10), kept(done(20)), done(30)}) == "OOKV");
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, {kept(done(1)), done(10), done(20), done(30)}) == "KOVV");
}

TEST_CASE("in a window, the minimum redundancy retains obsolete backups") {
  const std::vector<CatalogedBackup> plain = {done(1), done(10), done(20), done(30)};
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 1, plain) == "OOOV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 3, plain) == "OPPV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 9, plain) == "PPPV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), done(10), kept(done(20)), done(30)}) == "OOKV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), kept(done(10)), done(20), done(30)}) == "OKPV");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), failed(done(10)), done(30)}) == "P-V");
}

TEST_CASE("a finished backup without an end is taken for a new one") {
  auto endless = done(1);
  endless.info.end_time.reset();
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {done(1), endless}) == "VV");
}
