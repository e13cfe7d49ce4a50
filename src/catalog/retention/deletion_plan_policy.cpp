// Which backups a retention policy needs.
#include "catalog/retention/deletion_plan.h"

#include <algorithm>

namespace tapster {
namespace {

// Judges backups one after the other, from the newest to the oldest.
class PolicyJudge {
 public:
  PolicyJudge(const RetentionPolicy& policy, int minimum_redundancy, const ZonedTime& now)
      : policy_(policy),
        minimum_(minimum_redundancy),
        redundancy_(std::max<std::int64_t>(policy.redundancy, minimum_redundancy)),
        window_begin_(now.instant - policy.window) {}

  Verdict judge(const CatalogedBackup& backup) {
    if (backup.info.status != BackupStatus::done) return Verdict::not_done;
    return policy_.kind == RetentionPolicy::Kind::redundancy ? by_redundancy(backup) : by_window(backup);
  }

 private:
  // A kept backup takes one of the places.
  Verdict by_redundancy(const CatalogedBackup& backup) {
    const bool within = counted_++ < redundancy_;
    if (backup.keep) return Verdict::kept;
    return within ? Verdict::needed : Verdict::deleted;
  }

  // Recovery to the window's begin needs the newest backup that had ended before: the last one that is needed.
  Verdict by_window(const CatalogedBackup& backup) {
    if (!window_covered_) {
      ++counted_;
      window_covered_ = backup.info.end_time && backup.info.end_time->instant < window_begin_;
      return backup.keep ? Verdict::kept : Verdict::needed;
    }
    const bool wanted = counted_ < minimum_;
    if (wanted) ++counted_;
    if (backup.keep) return Verdict::kept;
    return wanted ? Verdict::minimum_redundancy : Verdict::deleted;
  }

  const RetentionPolicy& policy_;
  const int minimum_;
  const std::int64_t redundancy_;
  const std::chrono::sys_time<std::chrono::microseconds> window_begin_;
  std::int64_t counted_ = 0;
  bool window_covered_ = false;
};

}  // namespace

std::vector<Verdict> judge_by_policy(std::span<const CatalogedBackup> backups, const RetentionPolicy& policy,
                                     int minimum_redundancy, const ZonedTime& now) {
  std::vector<Verdict> verdicts(backups.size());
  PolicyJudge policy_judge(policy, minimum_redundancy, now);
  for (std::size_t at = backups.size(); at-- > 0;) verdicts[at] = policy_judge.judge(backups[at]);
  return verdicts;
}

}  // namespace tapster
