// Which WAL goes with a deleted backup.
#include "catalog/retention/deletion_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::size_t kTimelineDigits = 8;
constexpr std::size_t kFolderDigits = 16;
constexpr std::size_t kSegmentDigits = 24;

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

// A segment's name in upper case; nullopt: there is none, or it is not a segment's.
std::optional<std::string> segment_name_of(const std::optional<std::string>& text) {
  const auto name = text ? WalName::parse(*text) : std::nullopt;
  if (!name || name->kind() != WalName::Kind::segment) return std::nullopt;
  return upper_case(name->text());
}

bool is_standalone(const CatalogedBackup& backup) {
  return backup.keep && backup.keep->target == KeepTarget::standalone;
}

// The WAL without which the backup is inconsistent. nullopt: not known.
std::optional<WalRange> consistency_wal(const CatalogedBackup& backup) {
  auto begin = segment_name_of(backup.info.begin_wal);
  auto end = segment_name_of(backup.info.end_wal);
  if (!begin || !end || *end < *begin) return std::nullopt;
  return WalRange{std::move(*begin), std::move(*end)};
}

std::string_view timeline_digits(std::string_view name) { return name.substr(0, kTimelineDigits); }
std::string_view position_digits(std::string_view name) { return name.substr(kTimelineDigits); }

// Whether recovery that begins with segment `begin` may read segment `name`.
bool may_replay(std::string_view begin, std::string_view name) {
  return timeline_digits(name) >= timeline_digits(begin) && position_digits(name) >= position_digits(begin);
}

WalDeletion no_wal_deletion(std::string reason) {
  WalDeletion plan;
  plan.reason = std::move(reason);
  return plan;
}

class WalPlanner {
 public:
  // `backups`: those that remain and, at `deleted`, the one that goes. Borrowed.
  WalPlanner(std::span<const CatalogedBackup* const> backups, std::size_t deleted, bool by_policy)
      : backups_(backups), deleted_(deleted), by_policy_(by_policy) {}

  WalDeletion plan() {
    if (auto reason = older_backup_reason(); !reason.empty()) return no_wal_deletion(std::move(reason));
    const CatalogedBackup& limit = limiting_backup();
    const auto name = segment_name_of(limit.info.begin_wal);
    if (!name) return no_wal_deletion(fmt::format("backup {} does not say at which WAL it begins", limit.id));
    plan_.limit = *name;
    plan_.limit_timeline = WalName::parse(*name)->timeline();
    for (const CatalogedBackup* backup : backups_) protect_timelines(*backup);
    for (std::size_t at = 0; at < backups_.size(); ++at) {
      if (at == deleted_ || !backups_[at]->info.usable()) continue;
      if (!protect_wal_of(*backups_[at])) {
        return no_wal_deletion(fmt::format("backup {} does not say which WAL it needs", backups_[at]->id));
      }
    }
    std::sort(plan_.protected_timelines.begin(), plan_.protected_timelines.end());
    plan_.allowed = true;
    plan_.reason = fmt::format("backup {} begins at {}", limit.id, *name);
    return std::move(plan_);
  }

 private:
  std::string older_backup_reason() const {
    for (std::size_t at = deleted_; at-- > 0;) {
      const CatalogedBackup& older = *backups_[at];
      if (!older.info.usable() || (by_policy_ && is_standalone(older))) continue;
      return fmt::format("the older backup {} may need it", older.id);
    }
    return {};
  }

  const CatalogedBackup& limiting_backup() const {
    for (std::size_t at = deleted_ + 1; at < backups_.size(); ++at) {
      if (backups_[at]->info.usable()) return *backups_[at];
    }
    return *backups_[deleted_];
  }

  void protect_timeline(std::uint32_t timeline) {
    auto& all = plan_.protected_timelines;
    if (timeline != plan_.limit_timeline && std::find(all.begin(), all.end(), timeline) == all.end())
      all.push_back(timeline);
  }

  void protect_timelines(const CatalogedBackup& backup) {
    if (backup.info.timeline) protect_timeline(static_cast<std::uint32_t>(*backup.info.timeline));
    if (const auto begin = segment_name_of(backup.info.begin_wal)) protect_timeline(WalName::parse(*begin)->timeline());
  }

  // Protects the WAL that a remaining backup needs and that lies before the limit. False: which WAL is not known.
  bool protect_wal_of(const CatalogedBackup& backup) {
    const auto begin = segment_name_of(backup.info.begin_wal);
    if (!begin) return false;
    if (is_standalone(backup)) {
      const auto range = consistency_wal(backup);
      if (!range) return false;
      if (range->begin < plan_.limit) plan_.protected_ranges.push_back(*range);
    } else if (*begin < plan_.limit) {
      plan_.replay_begins.push_back(*begin);
    }
    return true;
  }

  std::span<const CatalogedBackup* const> backups_;
  const std::size_t deleted_;
  const bool by_policy_;
  WalDeletion plan_;
};

}  // namespace

bool WalDeletion::deletes(const WalName& name) const {
  if (!allowed || name.kind() == WalName::Kind::history) return false;
  const std::string first = upper_case(name.text().substr(0, kSegmentDigits));
  const auto contains = [&](const WalRange& range) { return range.begin <= first && first <= range.end; };
  return first < limit &&
         std::find(protected_timelines.begin(), protected_timelines.end(), name.timeline()) ==
             protected_timelines.end() &&
         std::none_of(protected_ranges.begin(), protected_ranges.end(), contains) &&
         std::none_of(replay_begins.begin(), replay_begins.end(),
                      [&](const std::string& begin) { return may_replay(begin, first); });
}

WalFolder WalDeletion::judge_hash_dir(std::string_view hash_dir) const {
  const std::string first = upper_case(hash_dir) + "00000000";
  const std::string last = upper_case(hash_dir) + "FFFFFFFF";
  const auto name = hash_dir.size() == kFolderDigits ? WalName::parse(first) : std::nullopt;
  if (!name) return WalFolder::not_wal;
  if (!allowed || first >= limit) return WalFolder::stays;
  if (std::find(protected_timelines.begin(), protected_timelines.end(), name->timeline()) !=
      protected_timelines.end()) {
    return WalFolder::stays;
  }
  bool mixed = last >= limit || name->timeline() != limit_timeline;
  for (const WalRange& range : protected_ranges) {
    if (range.begin <= first && last <= range.end) return WalFolder::stays;
    if (range.begin <= last && first <= range.end) mixed = true;
  }
  for (const std::string& begin : replay_begins) {
    if (may_replay(begin, first)) return WalFolder::stays;
    if (may_replay(begin, last)) mixed = true;
  }
  return mixed ? WalFolder::mixed : WalFolder::goes;
}

std::vector<WalDeletion> plan_wal_deletion(std::span<const CatalogedBackup> backups,
                                           std::span<const std::string> deleted, bool by_policy) {
  std::vector<const CatalogedBackup*> remaining;
  remaining.reserve(backups.size());
  for (const CatalogedBackup& backup : backups) remaining.push_back(&backup);
  std::vector<WalDeletion> plans;
  plans.reserve(deleted.size());
  for (const std::string& id : deleted) {
    const auto found = std::find_if(remaining.begin(), remaining.end(), [&](const auto* one) { return one->id == id; });
    if (found == remaining.end()) {
      plans.push_back(no_wal_deletion("the backup is not in the catalogue"));
      continue;
    }
    const auto at = static_cast<std::size_t>(found - remaining.begin());
    plans.push_back(WalPlanner(remaining, at, by_policy).plan());
    remaining.erase(found);
  }
  return plans;
}

}  // namespace tapster
