// Thousands of catalogues, sane and insane: whatever is planned, no remaining backup loses WAL that it needs.
#include "support/catalogs.h"
#include "support/catch.h"

#include <tapster/retention.h>

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
std::size_t check_plan(const WalCleanup& plan, const Backups& remaining, const std::vector<Named>& wal) {
  std::size_t count = 0;
  for (const Named& one : wal) {
    if (one.segment.empty()) {
      if (plan.deletable(one.name)) FAIL("a history file");
      continue;
    }
    const bool goes = plan.deletable(one.name);
    count += goes ? 1 : 0;
    const WalFolder folder = plan.folder(one.segment.substr(0, 16));
    if (folder == WalFolder::unreadable) FAIL("a folder that is not read: " << one.segment);
    if (goes && folder == WalFolder::needed) FAIL(one.segment << " goes out of a folder that is needed");
    if (!goes && folder == WalFolder::deletable) FAIL(one.segment << " stays in a folder that goes");
    if (!goes) continue;
    for (const CatalogedBackup& backup : remaining) {
      if (needs(backup, one)) FAIL(one.name.text() << " is needed by " << backup.id << ", limit " << plan.limit);
    }
  }
  return count;
}

}  // namespace

TEST_CASE("no random deletion of one backup takes WAL from another") {
  const auto wal = all_wal();
  std::size_t plans = 0;
  std::size_t gone = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    Generator generator(seed);
    const Backups all = generator.catalog();
    if (all.empty()) continue;
    const auto deleted = static_cast<std::size_t>(generator.below(static_cast<int>(all.size())));
    Backups remaining = all;
    remaining.erase(remaining.begin() + static_cast<std::ptrdiff_t>(deleted));
    const WalCleanup plan = plan_wal_cleanup(all, all[deleted].id, generator.one_in(2));
    gone += check_plan(plan, remaining, wal);
    plans += plan.anything ? 1 : 0;
  }
  CHECK(plans > 500);  // the generator makes catalogues in which something goes
  CHECK(gone > 10'000);
}

TEST_CASE("no random retention run takes WAL, or too many backups") {
  const auto wal = all_wal();
  std::size_t deleted = 0;
  std::size_t gone = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    Generator generator(seed);
    Backups all = generator.catalog();
    const RetentionPolicy policy = generator.policy();
    const int minimum = generator.below(3);
    const ZonedTime now = on_day(10);
    const auto verdicts = apply_retention(policy, minimum, all, now);
    REQUIRE(verdicts.size() == all.size());

    std::vector<std::string> obsolete;
    std::int64_t stays = 0;
    std::int64_t finished = 0;
    for (std::size_t at = 0; at < all.size(); ++at) {
      const bool is_done = all[at].info.status == BackupStatus::done;
      finished += is_done ? 1 : 0;
      stays += is_done && verdicts[at] != Retention::obsolete ? 1 : 0;
      REQUIRE((verdicts[at] == Retention::none) == !is_done);
      if (is_done) REQUIRE((verdicts[at] == Retention::kept) == all[at].keep.has_value());
      if (verdicts[at] == Retention::obsolete) obsolete.push_back(all[at].id);
    }
    const bool by_window = policy.kind == RetentionPolicy::Kind::recovery_window;
    const std::int64_t wanted = std::max<std::int64_t>(by_window ? 1 : policy.redundancy, minimum);
    REQUIRE(stays >= std::min(finished, wanted));

    Backups last = all;  // what remains when all is done
    const auto goes = [&](const auto& backup) { return std::count(obsolete.begin(), obsolete.end(), backup.id) != 0; };
    last.erase(std::remove_if(last.begin(), last.end(), goes), last.end());
    for (const std::string& id : obsolete) {
      gone += check_plan(plan_wal_cleanup(all, id, true), last, wal);
      all.erase(std::find_if(all.begin(), all.end(), [&](const auto& backup) { return backup.id == id; }));
      ++deleted;
    }
    // Again, on what is left: the same policy finds nothing more.
    const auto again = apply_retention(policy, minimum, all, now);
    REQUIRE(std::count(again.begin(), again.end(), Retention::obsolete) == 0);
  }
  CHECK(deleted > 1000);
  CHECK(gone > 10'000);
}
