#include "catalog/retention/deletion_plan.h"
#include "support/catalogs.h"
#include "support/catch.h"

using namespace tapster;
using namespace tapster::test;

namespace {

using Backups = std::vector<CatalogedBackup>;

WalDeletion plan_one(const Backups& backups, const std::string& id, bool by_policy) {
  const std::string ids[] = {id};
  auto plans = plan_wal_deletion(backups, ids, by_policy);
  REQUIRE(plans.size() == 1);
  return std::move(plans.front());
}

const std::string& id_of(const CatalogedBackup& backup) { return backup.id; }

bool goes(const WalDeletion& plan, const std::string& name) {
  const auto parsed = WalName::parse(name);
  REQUIRE(parsed);
  return plan.deletes(*parsed);
}

std::string wal(std::uint32_t timeline, std::uint32_t log, std::uint32_t segment) {
  return segment_name(timeline, log, segment);
}

}  // namespace

TEST_CASE("WAL before the next backup goes, but only with the oldest backup") {
  const Backups all = {backup_of(1, wal(1, 0, 16)), backup_of(2, wal(1, 1, 16)), backup_of(3, wal(1, 3, 0))};
  for (const bool by_policy : {false, true}) {
    const WalDeletion first = plan_one(all, id_of(all[0]), by_policy);
    CHECK(first.allowed);
    CHECK(first.limit == wal(1, 1, 16));
    CHECK(first.limit_timeline == 1);
    CHECK_FALSE(plan_one(all, id_of(all[1]), by_policy).allowed);
    CHECK_FALSE(plan_one(all, id_of(all[2]), by_policy).allowed);
  }
}

TEST_CASE("without a next backup the deleted one's own WAL stays") {
  const Backups all = {backup_of(1, wal(1, 2, 7))};
  const WalDeletion plan = plan_one(all, id_of(all[0]), false);
  CHECK(goes(plan, wal(1, 2, 6)));
  CHECK_FALSE(goes(plan, wal(1, 2, 7)));
  CHECK_FALSE(goes(plan, wal(1, 2, 8)));
}

TEST_CASE("names of every kind go or stay with their segment") {
  const Backups all = {backup_of(1, wal(1, 2, 7))};
  const WalDeletion plan = plan_one(all, id_of(all[0]), false);
  CHECK(goes(plan, wal(1, 2, 6) + ".partial"));
  CHECK(goes(plan, wal(1, 2, 6) + ".00000028.backup"));
  CHECK_FALSE(goes(plan, wal(1, 2, 7) + ".partial"));
  CHECK_FALSE(goes(plan, wal(1, 2, 7) + ".00000028.backup"));
  CHECK_FALSE(goes(plan, "00000001.history"));
  CHECK_FALSE(goes(plan, "00000000.history"));
  CHECK(goes(plan, "000000010000000000000fff"));  // lower case
  CHECK_FALSE(goes(plan, "000000010000000a00000000"));
}

TEST_CASE("failed backups do not count, except for their timelines") {
  const Backups all = {failed(backup_of(1, wal(1, 0, 1))), backup_of(2, wal(2, 0, 16)),
                       failed(backup_of(3, wal(2, 1, 0))), backup_of(4, wal(2, 2, 0))};
  const WalDeletion plan = plan_one(all, id_of(all[1]), false);
  CHECK(plan.limit == wal(2, 2, 0));
  CHECK(plan.protected_timelines == std::vector<std::uint32_t>{1});
  CHECK_FALSE(goes(plan, wal(1, 0, 0)));
  CHECK(goes(plan, wal(2, 1, 5)));
}

TEST_CASE("a backup that waits for WAL counts like a finished one") {
  Backups all = {backup_of(1, wal(1, 0, 1)), backup_of(2, wal(1, 1, 0)), backup_of(3, wal(1, 2, 0))};
  all[0].info.status = BackupStatus::waiting_for_wals;
  CHECK_FALSE(plan_one(all, id_of(all[1]), true).allowed);
  all[0].info.status = BackupStatus::started;
  CHECK(plan_one(all, id_of(all[1]), true).allowed);
}

TEST_CASE("WAL of lower timelines goes once no backup is on them") {
  // As in the original, the deleted backup's own timeline is protected once more.
  const Backups all = {backup_of(1, wal(1, 3, 0)), backup_of(2, wal(2, 4, 0)), backup_of(3, wal(2, 5, 0))};
  const WalDeletion first = plan_one(all, id_of(all[0]), true);
  CHECK(first.limit == wal(2, 4, 0));
  CHECK_FALSE(goes(first, wal(1, 0, 1)));
  CHECK(goes(first, wal(2, 3, 255)));
  const Backups rest(all.begin() + 1, all.end());
  const WalDeletion second = plan_one(rest, id_of(all[1]), true);
  CHECK(goes(second, wal(1, 0, 1)));
  CHECK(goes(second, wal(1, 9, 0)));
  CHECK(goes(second, wal(2, 4, 255)));
  CHECK_FALSE(goes(second, wal(3, 0, 0)));  // a higher one
}

TEST_CASE("an older standalone backup keeps all WAL with -b, and only its own by policy") {
  const Backups all = {standalone(backup_of(1, wal(1, 1, 4), wal(1, 1, 6))), backup_of(2, wal(1, 3, 0)),
                       backup_of(3, wal(1, 4, 16))};
  CHECK_FALSE(plan_one(all, id_of(all[1]), false).allowed);
  const WalDeletion plan = plan_one(all, id_of(all[1]), true);
  CHECK(plan.protected_ranges == std::vector<WalRange>{{wal(1, 1, 4), wal(1, 1, 6)}});
  CHECK(goes(plan, wal(1, 1, 3)));
  for (const std::uint32_t needed : {4, 5, 6}) CHECK_FALSE(goes(plan, wal(1, 1, needed)));
  CHECK_FALSE(goes(plan, wal(1, 1, 4) + ".00000028.backup"));
  CHECK_FALSE(goes(plan, wal(1, 1, 6) + ".partial"));
  CHECK(goes(plan, wal(1, 1, 7)));
  CHECK(plan.judge_hash_dir("0000000100000000") == WalFolder::goes);
  CHECK(plan.judge_hash_dir("0000000100000001") == WalFolder::mixed);
  CHECK(plan.judge_hash_dir("0000000100000002") == WalFolder::goes);
  CHECK(plan.judge_hash_dir("0000000100000004") == WalFolder::mixed);
  CHECK(plan.judge_hash_dir("0000000100000005") == WalFolder::stays);
}

TEST_CASE("an older backup that is kept in full, or by an unknown text, keeps all WAL") {
  const KeepTarget target = GENERATE(KeepTarget::full, KeepTarget::other);
  const bool by_policy = GENERATE(false, true);
  const Backups all = {kept(backup_of(1, wal(1, 1, 4)), target), standalone(backup_of(2, wal(1, 2, 0))),
                       backup_of(3, wal(1, 3, 0)), backup_of(4, wal(1, 4, 0))};
  CHECK_FALSE(plan_one(all, id_of(all[2]), by_policy).allowed);
}

TEST_CASE("folders of WAL are judged by the names that they may hold") {
  const Backups all = {backup_of(1, wal(2, 1, 0)), backup_of(2, wal(3, 5, 8)), backup_of(3, wal(3, 9, 0))};
  const WalDeletion plan = plan_one(Backups(all.begin() + 1, all.end()), id_of(all[1]), false);
  CHECK(plan.judge_hash_dir("0000000300000008") == WalFolder::goes);
  CHECK(plan.judge_hash_dir("0000000300000009") == WalFolder::stays);  // the limit is its first name
  CHECK(plan.judge_hash_dir("0000000400000000") == WalFolder::stays);
  CHECK(plan.judge_hash_dir("0000000100000005") == WalFolder::mixed);  // of a lower timeline only WAL goes
  CHECK(plan.judge_hash_dir("000000030000000") == WalFolder::not_wal);
  CHECK(plan.judge_hash_dir("00000003000000088") == WalFolder::not_wal);
  CHECK(plan.judge_hash_dir("000000030000000g") == WalFolder::not_wal);
  CHECK(plan.judge_hash_dir("") == WalFolder::not_wal);
  const WalDeletion with_older = plan_one(all, id_of(all[0]), false);
  CHECK(with_older.judge_hash_dir("0000000200000000") == WalFolder::stays);
}

TEST_CASE("without a known limit no WAL goes") {
  auto lost = failed(backup_of(1, wal(1, 0, 1)));
  lost.info.begin_wal.reset();
  const Backups alone = {lost};
  CHECK_FALSE(plan_one(alone, lost.id, false).allowed);
  auto odd = backup_of(2, wal(1, 0, 1));
  odd.info.begin_wal = "garbage";
  const Backups two = {backup_of(1, wal(1, 0, 0)), odd};
  CHECK_FALSE(plan_one(two, two[0].id, false).allowed);
  CHECK_FALSE(plan_one(two, "20200101T000000", false).allowed);
  CHECK_FALSE(plan_one({}, "20200101T000000", false).allowed);
}

TEST_CASE("a remaining backup that does not say which WAL it needs keeps all WAL") {
  auto vague = backup_of(3, wal(1, 5, 0));
  SECTION("it does not begin") { vague.info.begin_wal.reset(); }
  SECTION("standalone, it does not end") {
    vague = standalone(vague);
    vague.info.end_wal.reset();
  }
  const Backups all = {backup_of(1, wal(1, 0, 0)), backup_of(2, wal(1, 4, 0)), vague};
  CHECK_FALSE(plan_one(all, all[0].id, true).allowed);
}

TEST_CASE("a newer backup that begins before the limit keeps what it replays") {
  // The old primary went on on timeline 1 and was backed up after the new one.
  const Backups all = {backup_of(1, wal(1, 1, 0)), backup_of(2, wal(2, 5, 0)), backup_of(3, wal(1, 3, 0))};
  const WalDeletion plan = plan_one(all, all[0].id, true);
  CHECK(plan.allowed);
  CHECK(goes(plan, wal(2, 2, 255)));
  CHECK_FALSE(goes(plan, wal(2, 3, 0)));  // from timeline 1 recovery may go over to 2
  CHECK_FALSE(goes(plan, wal(2, 4, 9)));
  CHECK(plan.judge_hash_dir("0000000200000002") == WalFolder::goes);
  CHECK(plan.judge_hash_dir("0000000200000004") == WalFolder::stays);
}

TEST_CASE("a newer standalone backup that begins before the limit keeps its own WAL") {
  const Backups all = {backup_of(1, wal(1, 1, 0)), backup_of(2, wal(1, 5, 0)),
                       standalone(backup_of(3, wal(1, 2, 0), wal(1, 2, 1)))};
  const WalDeletion plan = plan_one(all, all[0].id, true);
  CHECK_FALSE(goes(plan, wal(1, 2, 0)));
  CHECK(goes(plan, wal(1, 2, 2)));
}

TEST_CASE("several deletions are planned one after the other, each for what those before it have left") {
  const Backups all = {backup_of(1, wal(1, 1, 0)), backup_of(2, wal(1, 2, 0)), backup_of(3, wal(1, 3, 0))};
  const std::string both[] = {all[0].id, all[1].id};
  const auto plans = plan_wal_deletion(all, both, true);
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].limit == wal(1, 2, 0));
  CHECK(plans[1].limit == wal(1, 3, 0));
  const std::string newer_first[] = {all[1].id, all[0].id};
  const auto other = plan_wal_deletion(all, newer_first, true);
  CHECK_FALSE(other[0].allowed);  // the oldest is still there
  CHECK(other[1].limit == wal(1, 3, 0));
}

TEST_CASE("a plan says why no WAL goes, or whose WAL is the limit") {
  const Backups all = {backup_of(1, wal(1, 1, 0)), backup_of(2, wal(1, 2, 0))};
  CHECK(plan_one(all, all[0].id, false).reason == "backup 20260102T120000 begins at " + wal(1, 2, 0));
  CHECK(plan_one(all, all[1].id, false).reason == "the older backup 20260101T120000 may need it");
}
