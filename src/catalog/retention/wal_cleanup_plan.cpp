// Which WAL may go with a backup.
#include <tapster/retention.h>

#include <fmt/format.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::size_t kTimelineDigits = 8;
constexpr std::size_t kFolderDigits = 16;
constexpr std::size_t kSegmentDigits = 24;

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

// A segment's name in upper case; nullopt when it is missing or something else.
std::optional<std::string> segment(const std::optional<std::string>& text) {
  const auto name = text ? WalName::parse(*text) : std::nullopt;
  if (!name || name->kind() != WalName::Kind::segment) return std::nullopt;
  return upper(name->text());
}

bool is_standalone(const CatalogedBackup& backup) {
  return backup.keep && backup.keep->target == KeepTarget::standalone;
}

// The WAL that the backup is inconsistent without. nullopt: unknown.
std::optional<WalRange> own_wal(const CatalogedBackup& backup) {
  auto begin = segment(backup.info.begin_wal);
  auto end = segment(backup.info.end_wal);
  if (!begin || !end || *end < *begin) return std::nullopt;
  return WalRange{std::move(*begin), std::move(*end)};
}

std::string_view timeline_digits(std::string_view name) { return name.substr(0, kTimelineDigits); }
std::string_view position_digits(std::string_view name) { return name.substr(kTimelineDigits); }

// Whether a backup whose replay begins there may read the segment.
bool replays(std::string_view begin, std::string_view name) {
  return timeline_digits(name) >= timeline_digits(begin) && position_digits(name) >= position_digits(begin);
}

class Plan {
 public:
  Plan(std::span<const CatalogedBackup> backups, std::string_view id, bool by_policy)
      : backups_(backups), by_policy_(by_policy) {
    const auto found =
        std::find_if(backups.begin(), backups.end(), [&](const auto& backup) { return backup.id == id; });
    deleted_ = static_cast<std::size_t>(found - backups.begin());
  }

  WalCleanup make() {
    if (deleted_ == backups_.size()) return nothing("the backup is not in the catalogue");
    if (auto reason = needed_by_older(); !reason.empty()) return nothing(std::move(reason));
    const CatalogedBackup& limit = limiting();
    const auto name = segment(limit.info.begin_wal);
    if (!name) return nothing(fmt::format("backup {} does not say at which WAL it begins", limit.id));
    plan_.limit = *name;
    plan_.timeline = WalName::parse(*name)->timeline();
    for (const CatalogedBackup& backup : backups_) protect_timelines(backup);
    for (std::size_t at = 0; at < backups_.size(); ++at) {
      if (at == deleted_ || !backups_[at].info.usable()) continue;
      if (!protect(backups_[at])) {
        return nothing(fmt::format("backup {} does not say which WAL it needs", backups_[at].id));
      }
    }
    std::sort(plan_.protected_timelines.begin(), plan_.protected_timelines.end());
    plan_.anything = true;
    plan_.reason = fmt::format("backup {} begins at {}", limit.id, *name);
    return std::move(plan_);
  }

 private:
  static WalCleanup nothing(std::string reason) {
    WalCleanup plan;
    plan.reason = std::move(reason);
    return plan;
  }

  std::string needed_by_older() const {
    for (std::size_t at = deleted_; at-- > 0;) {
      const CatalogedBackup& older = backups_[at];
      if (!older.info.usable() || (by_policy_ && is_standalone(older))) continue;
      return fmt::format("the older backup {} may need it", older.id);
    }
    return {};
  }

  const CatalogedBackup& limiting() const {
    for (std::size_t at = deleted_ + 1; at < backups_.size(); ++at) {
      if (backups_[at].info.usable()) return backups_[at];
    }
    return backups_[deleted_];
  }

  void protect_timeline(std::uint32_t timeline) {
    auto& all = plan_.protected_timelines;
    if (timeline != plan_.timeline && std::find(all.begin(), all.end(), timeline) == all.end()) all.push_back(timeline);
  }

  // Of every backup: also of a failed one, and of the deleted one.
  void protect_timelines(const CatalogedBackup& backup) {
    if (backup.info.timeline) protect_timeline(static_cast<std::uint32_t>(*backup.info.timeline));
    if (const auto begin = segment(backup.info.begin_wal)) protect_timeline(WalName::parse(*begin)->timeline());
  }

  // What of a remaining backup's WAL the limit does not protect. False: unknown.
  bool protect(const CatalogedBackup& backup) {
    const auto begin = segment(backup.info.begin_wal);
    if (!begin) return false;
    if (is_standalone(backup)) {
      const auto range = own_wal(backup);
      if (!range) return false;
      if (range->begin < plan_.limit) plan_.protected_ranges.push_back(*range);
    } else if (*begin < plan_.limit) {
      plan_.replay_begins.push_back(*begin);
    }
    return true;
  }

  std::span<const CatalogedBackup> backups_;
  const bool by_policy_;
  std::size_t deleted_ = 0;
  WalCleanup plan_;
};

}  // namespace

bool WalCleanup::deletable(const WalName& name) const {
  if (!anything || name.kind() == WalName::Kind::history) return false;
  const std::string first = upper(name.text().substr(0, kSegmentDigits));
  const auto contains = [&](const WalRange& range) { return range.begin <= first && first <= range.end; };
  return first < limit &&
         std::find(protected_timelines.begin(), protected_timelines.end(), name.timeline()) ==
             protected_timelines.end() &&
         std::none_of(protected_ranges.begin(), protected_ranges.end(), contains) &&
         std::none_of(replay_begins.begin(), replay_begins.end(),
                      [&](const std::string& begin) { return replays(begin, first); });
}

WalFolder WalCleanup::folder(std::string_view hash_dir) const {
  const std::string first = upper(hash_dir) + "00000000";
  const std::string last = upper(hash_dir) + "FFFFFFFF";
  const auto name = hash_dir.size() == kFolderDigits ? WalName::parse(first) : std::nullopt;
  if (!name) return WalFolder::unreadable;
  if (!anything || first >= limit) return WalFolder::needed;
  if (std::find(protected_timelines.begin(), protected_timelines.end(), name->timeline()) !=
      protected_timelines.end()) {
    return WalFolder::needed;
  }
  bool mixed = last >= limit || name->timeline() != timeline;
  for (const WalRange& range : protected_ranges) {
    if (range.begin <= first && last <= range.end) return WalFolder::needed;
    if (range.begin <= last && first <= range.end) mixed = true;
  }
  for (const std::string& begin : replay_begins) {
    if (replays(begin, first)) return WalFolder::needed;
    if (replays(begin, last)) mixed = true;
  }
  return mixed ? WalFolder::mixed : WalFolder::deletable;
}

WalCleanup plan_wal_cleanup(std::span<const CatalogedBackup> backups, std::string_view id, bool by_policy) {
  return Plan(backups, id, by_policy).make();
}

}  // namespace tapster
