#include "catalog/retention/deletion_plan.h"

#include "support/catalogs.h"
#include "support/catch.h"

using namespace tapster;
using namespace tapster::test;

namespace {

using Backups = std::vector<CatalogedBackup>;

char letter_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::deleted:
      return 'D';
    case Verdict::not_named:
    case Verdict::not_done:
      return '-';
    case Verdict::needed:
      return 'N';
    case Verdict::kept:
      return 'K';
    case Verdict::minimum_redundancy:
      return 'M';
    case Verdict::snapshots:
      return 'S';
  }
  return '?';
}

// One letter per backup, the oldest first, with a '!' behind what is refused.
std::string letters_of(const DeletionRequest& request, const Backups& backups) {
  std::string letters;
  for (const PlannedBackup& backup : plan_deletion(BackupCatalog::of(backups), request)) {
    letters += letter_of(backup.verdict);
    if (backup.refused) letters += '!';
    CHECK_FALSE(backup.reason.empty());
  }
  return letters;
}

DeletionRequest by_policy(const char* policy, int minimum = 0, int today = 31) {
  return {
      .id = {}, .policy = RetentionPolicy::parse(policy).value(), .minimum_redundancy = minimum, .now = on_day(today)};
}

DeletionRequest by_id(const CatalogedBackup& backup, int minimum = 0) {
  return {.id = backup.id, .policy = std::nullopt, .minimum_redundancy = minimum, .now = {}};
}

std::string verdicts(const char* policy, int minimum, const Backups& backups) {
  return letters_of(by_policy(policy, minimum), backups);
}

CatalogedBackup done(int day) { return backup_of(day, segment_name(1, 0, static_cast<std::uint32_t>(day))); }

CatalogedBackup with_status(CatalogedBackup backup, BackupStatus status) {
  backup.info.status = status;
  return backup;
}

CatalogedBackup of_snapshots(CatalogedBackup backup) {
  backup.info.snapshots_info = Literal::parse("{'provider': 'gcp'}");
  return backup;
}

}  // namespace

TEST_CASE("redundancy counts the newest finished backups, kept ones included") {
  const Backups plain = {done(1), done(2), done(3)};
  CHECK(verdicts("REDUNDANCY 2", 0, plain) == "DNN");
  CHECK(verdicts("REDUNDANCY 3", 0, plain) == "NNN");
  CHECK(verdicts("REDUNDANCY 0", 0, plain) == "DDD");
  CHECK(verdicts("REDUNDANCY 1", 2, plain) == "DNN");
  CHECK(verdicts("REDUNDANCY 1", 0, {}) == "");
  CHECK(verdicts("REDUNDANCY 1", 0, {done(1), done(2), kept(done(3))}) == "DDK");
  CHECK(verdicts("REDUNDANCY 1", 0, {kept(done(1)), done(2), standalone(done(3))}) == "KDK");
  CHECK(verdicts("REDUNDANCY 2", 0, {done(1), failed(done(2)), done(3), failed(done(4)), done(5)}) == "D-N-N");
}

TEST_CASE("only finished backups are judged") {
  const auto waiting = with_status(done(1), BackupStatus::waiting_for_wals);
  const auto started = with_status(done(2), BackupStatus::started);
  CHECK(verdicts("REDUNDANCY 0", 0, {waiting, started, failed(done(3)), done(4)}) == "---D");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {waiting, started, failed(done(3)), done(4), done(5)}) == "---DN");
}

TEST_CASE("a window keeps what its beginning needs") {
  const Backups plain = {done(1), done(10), done(20), done(30)};
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, plain) == "DDNN");
  CHECK(verdicts("RECOVERY WINDOW OF 11 DAYS", 0, plain) == "DNNN");  // ended just when the window begins: not before
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, plain) == "DDDN");
  CHECK(verdicts("RECOVERY WINDOW OF 1 MONTH", 0, plain) == "NNNN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {done(1)}) == "N");
}

TEST_CASE("in a window, kept backups count and stay") {
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, {done(1), done(10), kept(done(20)), done(30)}) == "DDKN");
  CHECK(verdicts("RECOVERY WINDOW OF 5 DAYS", 0, {kept(done(1)), done(10), done(20), done(30)}) == "KDNN");
}

TEST_CASE("in a window, the minimum redundancy retains obsolete backups") {
  const Backups plain = {done(1), done(10), done(20), done(30)};
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 1, plain) == "DDDN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 3, plain) == "DMMN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 9, plain) == "MMMN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), done(10), kept(done(20)), done(30)}) == "DDKN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), kept(done(10)), done(20), done(30)}) == "DKMN");
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 2, {done(1), failed(done(10)), done(30)}) == "M-N");
}

TEST_CASE("a backup that is DONE and has no end counts as ended within the window") {
  auto endless = done(2);
  endless.info.end_time.reset();
  CHECK(verdicts("RECOVERY WINDOW OF 0 DAYS", 0, {done(1), endless}) == "NN");
}

TEST_CASE("a named backup goes, whatever its status, and no other") {
  const Backups all = {done(1), failed(done(2)), with_status(done(3), BackupStatus::started)};
  CHECK(letters_of(by_id(all[0]), all) == "D--");
  CHECK(letters_of(by_id(all[1]), all) == "-D-");
  CHECK(letters_of(by_id(all[2]), all) == "--D");
}

TEST_CASE("a named backup is refused while it is kept, or needed for the minimum redundancy") {
  for (const KeepTarget target : {KeepTarget::full, KeepTarget::standalone, KeepTarget::other}) {
    CHECK(letters_of(by_id(done(1)), {kept(done(1), target), done(2)}) == "K!-");
  }
  const Backups two = {done(1), with_status(done(2), BackupStatus::waiting_for_wals), failed(done(3))};
  CHECK(letters_of(by_id(two[0], 1), two) == "D--");
  CHECK(letters_of(by_id(two[0], 2), two) == "M!--");
  CHECK(letters_of(by_id(two[1], 2), two) == "-M!-");
  CHECK(letters_of(by_id(two[2], 2), two) == "--D");  // the usable ones are still there
  CHECK(letters_of(by_id(two[2], 3), two) == "--M!");
}

TEST_CASE("a backup of disk snapshots stays, and that is a refusal only where it was to go") {
  CHECK(letters_of(by_id(done(1)), {of_snapshots(done(1)), done(2)}) == "S!-");
  CHECK(letters_of(by_id(done(2)), {of_snapshots(done(1)), done(2)}) == "-D");
  CHECK(verdicts("REDUNDANCY 1", 0, {of_snapshots(done(1)), done(2), of_snapshots(done(3))}) == "S!DN");
}

TEST_CASE("the plan says why a backup stays") {
  struct Row {
    DeletionRequest request;
    CatalogedBackup backup;
    const char* reason;
  };
  for (const Row& row :
       {Row{by_id(done(1)), kept(done(1), KeepTarget::standalone),
            "is kept (standalone): barman-cloud-backup-keep --release lets it go"},
        Row{by_id(done(1), 2), done(1), "is needed for the minimum redundancy of 2: there are 2 backups"},
        Row{by_policy("RECOVERY WINDOW OF 0 DAYS", 2), done(1),
            "is obsolete, but stays for the minimum redundancy of 2"},
        Row{by_policy("REDUNDANCY 2", 3), done(1), "is one of the newest 3 that are DONE"},
        Row{by_policy("RECOVERY WINDOW OF 1 MONTH"), done(1),
            "is needed for recovery to any moment of the recovery window"},
        Row{by_policy("REDUNDANCY 1"), failed(done(1)),
            "is FAILED, and retention policies delete only backups that are DONE"},
        Row{by_policy("REDUNDANCY 1"), of_snapshots(done(1)),
            "consists of disk snapshots, which cannot be deleted yet"}}) {
    CHECK(plan_deletion(BackupCatalog::of({row.backup, done(2)}), row.request).front().reason == row.reason);
  }
}
