// Thousands of catalogues, sane and insane: whatever is planned, no remaining backup loses WAL that it needs.
#include "catalog/retention/deletion_plan.h"
#include "support/catalogs.h"
#include "support/catch.h"

#include <algorithm>
#include <random>

using namespace tapster;
using namespace tapster::test;

namespace {

using Backups = std::vector<CatalogedBackup>;

constexpr std::uint32_t kTimelines = 4;
constexpr std::uint32_t kLogs = 4;
constexpr std::uint32_t kSegments[] = {0, 1, 2, 9, 10, 254, 255};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed), sane_(seed % 2 == 0) {}

  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }
  bool one_in(int n) { return below(n) == 0; }

  Backups catalog() {
    Backups all;
    const int count = below(8);
    for (int day = 1; day <= count; ++day) {
      advance();
      CatalogedBackup backup = backup_of(day, name(), end_name());
      if (one_in(5)) backup = failed(std::move(backup));
      if (one_in(12)) backup.info.status = BackupStatus::waiting_for_wals;
      if (one_in(4)) backup = kept(std::move(backup), static_cast<KeepTarget>(below(3)));
      if (!sane_ && one_in(20)) backup.info.begin_wal.reset();
      if (!sane_ && one_in(20)) backup.info.end_wal.reset();
      if (!sane_ && one_in(20)) backup.info.timeline.reset();
      if (one_in(12)) backup.info.snapshots_info = Literal::parse("{'provider': 'gcp'}");
      all.push_back(std::move(backup));
    }
    return all;
  }

  RetentionPolicy policy() {
    RetentionPolicy policy;
    if (one_in(2)) {
      policy.redundancy = below(4);
    } else {
      policy.kind = RetentionPolicy::Kind::recovery_window;
      policy.window = std::chrono::days(below(9));
    }
    return policy;
  }

 private:
  // Sane: forward, and now and then over to the next timeline. Insane: anywhere.
  void advance() {
    if (!sane_) {
      timeline_ = 1 + static_cast<std::uint32_t>(below(kTimelines));
      position_ = static_cast<std::size_t>(below(static_cast<int>(kLogs * std::size(kSegments))));
      return;
    }
    position_ = std::min(position_ + static_cast<std::size_t>(1 + below(5)), kLogs * std::size(kSegments) - 1);
    if (one_in(4) && timeline_ < kTimelines) ++timeline_;
  }
  std::string at(std::size_t position) const {
    return segment_name(timeline_, static_cast<std::uint32_t>(position / std::size(kSegments)),
                        kSegments[position % std::size(kSegments)]);
  }
  std::string name() const { return at(position_); }
  std::string end_name() {
    return at(std::min(position_ + static_cast<std::size_t>(below(3)), kLogs * 7 - std::size_t{1}));
  }

  std::mt19937 random_;
  bool sane_;
  std::uint32_t timeline_ = 1;
  std::size_t position_ = 0;
};

struct Named {
  std::string segment;
  WalName name;
};

std::vector<Named> all_wal() {
  std::vector<Named> all;
  for (std::uint32_t timeline = 1; timeline <= kTimelines; ++timeline) {
    all.push_back({"", *WalName::parse(fmt::format("{:08X}.history", timeline))});
    for (std::uint32_t log = 0; log < kLogs; ++log) {
      for (const std::uint32_t segment : kSegments) {
        const std::string name = segment_name(timeline, log, segment);
        for (const char* rest : {"", ".partial", ".00000028.backup"})
          all.push_back({name, *WalName::parse(name + rest)});
      }
    }
  }
  return all;
}

// The demand, put differently than the plan puts it: by numbers.
bool needs(const CatalogedBackup& backup, const Named& wal) {
  if (!backup.info.usable() || !backup.info.begin_wal) return false;
  const auto number = [](const std::string& text) {
    return std::stoull(text.substr(8, 8) + text.substr(16), nullptr, 16);
  };
  const auto timeline = [](const std::string& text) { return std::stoul(text.substr(0, 8), nullptr, 16); };
  const std::string& begin = *backup.info.begin_wal;
  const bool from_begin = number(wal.segment) >= number(begin);
  if (!backup.keep || backup.keep->target != KeepTarget::standalone) {
    return from_begin && timeline(wal.segment) >= timeline(begin);
  }
  return from_begin && timeline(wal.segment) == timeline(begin) &&
         (!backup.info.end_wal || number(wal.segment) <= number(*backup.info.end_wal));
}

// Returns how many names may go.
std::size_t check_plan(const WalDeletion& plan, const Backups& remaining, const std::vector<Named>& wal) {
  std::size_t count = 0;
  for (const Named& one : wal) {
    if (one.segment.empty()) {
      if (plan.deletes(one.name)) FAIL("a history file");
      continue;
    }
    const bool goes = plan.deletes(one.name);
    count += goes ? 1 : 0;
    const WalFolder folder = plan.judge_hash_dir(one.segment.substr(0, 16));
    if (folder == WalFolder::not_wal) FAIL("a folder that is not read: " << one.segment);
    if (goes && folder == WalFolder::stays) FAIL(one.segment << " goes out of a folder that is needed");
    if (!goes && folder == WalFolder::goes) FAIL(one.segment << " stays in a folder that goes");
    if (!goes) continue;
    for (const CatalogedBackup& backup : remaining) {
      if (needs(backup, one)) FAIL(one.name.text() << " is needed by " << backup.id << ", limit " << plan.limit);
    }
  }
  return count;
}

bool is_usable(const CatalogedBackup& backup) { return backup.info.usable(); }
bool is_done(const CatalogedBackup& backup) { return backup.info.status == BackupStatus::done; }

// What must hold of any plan: nothing that is kept or consists of snapshots goes, and enough remains.
void check_verdicts(const std::vector<PlannedBackup>& plan, const Backups& all, const DeletionRequest& request) {
  REQUIRE(plan.size() == all.size());
  Backups stays;
  for (std::size_t at = 0; at < all.size(); ++at) {
    REQUIRE(plan[at].id == all[at].id);
    if (plan[at].verdict != Verdict::deleted) {
      stays.push_back(all[at]);
      continue;
    }
    REQUIRE_FALSE(all[at].keep);
    REQUIRE_FALSE(all[at].info.snapshots_info);
    if (request.policy) REQUIRE(is_done(all[at]));
    if (!request.policy) REQUIRE(all[at].id == request.id);
  }
  const auto counted = request.policy ? is_done : is_usable;
  const auto before = std::count_if(all.begin(), all.end(), counted);
  const auto after = std::count_if(stays.begin(), stays.end(), counted);
  const bool by_window = request.policy && request.policy->kind == RetentionPolicy::Kind::recovery_window;
  const std::int64_t by_policy = !request.policy ? 0 : by_window ? 1 : request.policy->redundancy;
  REQUIRE(after >= std::min<std::int64_t>(before, std::max<std::int64_t>(by_policy, request.minimum_redundancy)));
}

}  // namespace

TEST_CASE("no random deletion takes a backup that must stay, or WAL that a remaining backup needs") {
  const auto wal = all_wal();
  std::size_t deleted = 0;
  std::size_t plans = 0;
  std::size_t gone = 0;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    INFO("seed " << seed);
    Generator generator(seed);
    const Backups all = generator.catalog();
    DeletionRequest request{.id = {}, .policy = {}, .minimum_redundancy = generator.below(3), .now = on_day(10)};
    if (generator.one_in(2)) {
      request.policy = generator.policy();
    } else if (!all.empty()) {
      request.id = all[static_cast<std::size_t>(generator.below(static_cast<int>(all.size())))].id;
    }
    const auto plan = plan_deletion(BackupCatalog::of(all), request);
    check_verdicts(plan, all, request);

    std::vector<std::string> emptied;  // some archives cannot be deleted: then their backup remains
    for (const PlannedBackup& backup : plan) {
      if (backup.verdict == Verdict::deleted && !generator.one_in(6)) emptied.push_back(backup.id);
    }
    Backups remaining = all;
    std::erase_if(remaining, [&](const auto& backup) {
      return std::find(emptied.begin(), emptied.end(), backup.id) != emptied.end();
    });
    for (const WalDeletion& one : plan_wal_deletion(all, emptied, request.policy.has_value())) {
      gone += check_plan(one, remaining, wal);
      plans += one.allowed ? 1 : 0;
    }
    deleted += emptied.size();

    // The same policy finds nothing more in what is left, once everything that was to go is gone.
    if (!request.policy) continue;
    Backups last;
    for (std::size_t at = 0; at < all.size(); ++at) {
      if (plan[at].verdict != Verdict::deleted) last.push_back(all[at]);
    }
    for (const PlannedBackup& backup : plan_deletion(BackupCatalog::of(last), request)) {
      REQUIRE(backup.verdict != Verdict::deleted);
    }
  }
  CHECK(deleted > 2000);  // the generator makes catalogues in which something goes
  CHECK(plans > 1000);
  CHECK(gone > 20'000);
}
