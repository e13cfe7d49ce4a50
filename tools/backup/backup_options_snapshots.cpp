// Options of disk snapshots, and what must not go together.
#include "backup/backup_options.h"
#include "grammar/values.h"

#include <tapster/error.h>

#include <fmt/format.h>

#include <set>

namespace tapster {
namespace {

constexpr std::string_view kLockModes[] = {"compliance", "governance"};
constexpr std::size_t kMostTags = 10;
constexpr int kLongestCoolOff = 72;      // hours
constexpr int kLongestDuration = 36500;  // days

Setter ranged(std::optional<int>& target, int largest, std::string_view what) {
  return [&target, largest, what](std::string_view text) {
    const auto value = parse_integer(text);
    if (!value || *value < 1 || *value > largest) {
      throw BadValue(fmt::format("invalid {} value: {}", what, python_repr(text)));
    }
    target = static_cast<int>(*value);
  };
}

// YYYY-MM-DDThh:mm:ss.fZ, with one to six digits of a second.
bool is_expiration_date(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.";
  if (text.size() < kForm.size() + 2 || text.size() > kForm.size() + 7 || text.back() != 'Z') return false;
  text.remove_suffix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char form = i < kForm.size() ? kForm[i] : '0';
    if (form == '0' ? !is_digit(text[i]) : text[i] != form) return false;
  }
  return parse_zoned_time(text).has_value();
}

void declare_aws(CommandLine& command, SnapshotArguments& snapshot) {
  command.section("Extra options for disk snapshots on AWS (not supported yet)");
  command.text({"--aws-region"}, "AWS_REGION", snapshot.aws_region, "region of the instance (default: the profile's)");
  const auto await = [&snapshot](std::string_view text) {
    std::optional<std::uint32_t> value;
    positive_setter(value)(text);
    snapshot.aws_await_timeout = *value;
  };
  command.value({"--aws-await-snapshots-timeout"}, "SECONDS", await,
                "how long to wait until the snapshots are complete (default: 3600)");
  command.choice({"--aws-snapshot-lock-mode"}, "{compliance,governance}", kLockModes, snapshot.aws_lock_mode,
                 "lock of the snapshots (default: none)");
  command.value({"--aws-snapshot-lock-cool-off-period"}, "HOURS",
                ranged(snapshot.aws_lock_cool_off, kLongestCoolOff, "cool-off period"),
                "1 to 72: how long a lock in compliance mode may still be changed (default: none)");
  const int group = command.exclusive_group();
  const auto expiration = [&snapshot](std::string_view text) {
    if (!is_expiration_date(text)) {
      throw BadValue(fmt::format("Invalid date: {}. Expected format is YYYY-MM-DDThh:mm:ss.fZ", python_repr(text)));
    }
    snapshot.aws_lock_expiration_date = text;
  };
  command
      .value({"--aws-snapshot-lock-expiration-date"}, "DATE", expiration,
             "YYYY-MM-DDThh:mm:ss.fZ: when the lock ends (default: none)")
      .group = group;
  command
      .value({"--aws-snapshot-lock-duration"}, "DAYS",
             ranged(snapshot.aws_lock_duration, kLongestDuration, "lock duration"),
             "1 to 36500: how long the lock lasts (default: none)")
      .group = group;
}

}  // namespace

void declare_snapshots(CommandLine& command, SnapshotArguments& snapshot) {
  command.section("Extra options for disk snapshots (not supported yet)");
  command.text({"--snapshot-instance"}, "INSTANCE", snapshot.instance,
               "virtual machine whose disks to snapshot (default: none)");
  const auto disk = [&snapshot](std::string_view text) { snapshot.disks.emplace_back(text); };
  command.value({"--snapshot-disk"}, "NAME", disk, "a disk to snapshot; may be repeated (default: none)");
  command.section("Extra options for disk snapshots on Google Cloud (not supported yet)");
  command.text({"--gcp-zone"}, "GCP_ZONE", snapshot.gcp_zone, "zone of the instance (default: none)");
  command.text({"--snapshot-zone"}, "GCP_ZONE", snapshot.gcp_zone, "deprecated spelling of --gcp-zone (default: none)");
  command.text({"--gcp-project"}, "GCP_PROJECT", snapshot.gcp_project, "project of the instance (default: none)");
  command.text({"--snapshot-gcp-project"}, "GCP_PROJECT", snapshot.gcp_project,
               "deprecated spelling of --gcp-project (default: none)");
  declare_aws(command, snapshot);
  command.section("Extra options for disk snapshots on Azure (not supported yet)");
  command.text({"--azure-subscription-id"}, "ID", snapshot.azure_subscription_id,
               "subscription of the instance (default: none)");
  command.text({"--azure-resource-group"}, "GROUP", snapshot.azure_resource_group,
               "resource group of the instance (default: none)");
  command.section("options");
}

void check_arguments(const BackupArguments& arguments) {
  const SnapshotArguments& snapshot = arguments.snapshot;
  if (snapshot.wanted() && arguments.options.compression != Compression::none) {
    throw Error(ErrorKind::general, "Compression options cannot be used with --snapshot-instance or --snapshot-disk");
  }
  if (snapshot.aws_lock_mode == "governance" && snapshot.aws_lock_cool_off) {
    throw Error(ErrorKind::general,
                "--aws-snapshot-lock-cool-off-period cannot be used with --aws-snapshot-lock-mode governance");
  }
  if (!snapshot.instance.empty() && !arguments.store.kms_key_name.empty()) {
    throw Error(ErrorKind::general, "--kms-key-name cannot be used with --snapshot-instance");
  }
  if (!arguments.options.tags) return;
  if (arguments.options.tags->size() > kMostTags) {
    throw error(ErrorKind::general, "a backup can have {} tags at most, not {}", kMostTags,
                arguments.options.tags->size());
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : *arguments.options.tags) {
    if (!keys.insert(key).second) throw error(ErrorKind::general, "the tag {} is given twice", key);
  }
}

}  // namespace tapster
