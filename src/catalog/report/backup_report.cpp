#include "catalog/info/backup_info_fields.h"
#include "catalog/report/human_text.h"
#include "catalog/report/python_json.h"

#include <tapster/backup_report.h>

#include <algorithm>

namespace tapster {
namespace {

// The JSON object of one backup: all fields of backup.info, then its id and its times in ISO 8601.
Literal report_of(const std::string& id, const BackupInfo& info) {
  Literal::Dict report;
  const auto fields = backup_info_fields();
  report.items.reserve(fields.size() + 3);
  for (const BackupInfoField& field : fields) {
    Literal value = field.reported(info);
    if (field.hidden_when_unset && value.get<Literal::None>() != nullptr) continue;
    report.items.emplace_back(field.name, std::move(value));
  }
  report.items.emplace_back("backup_id", id);
  if (info.begin_time) report.items.emplace_back("begin_time_iso", to_iso(*info.begin_time));
  if (info.end_time) report.items.emplace_back("end_time_iso", to_iso(*info.end_time));
  return report;
}

std::string list_line(std::string_view id, std::string_view end_time, std::string_view begin_wal,
                      std::string_view status, std::string_view name) {
  return padded(id, 20) + padded(end_time, 25) + padded(begin_wal, 30) + padded(status, 17) + padded(name, 20) + "\n";
}

std::string upper(std::string text) {
  for (char& character : text) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  return text;
}

// Builds the text of backup-show from rows, and sections of rows.
class Page {
 public:
  void title(std::string_view text) { text_.append(text).append(":\n"); }
  void row(std::string_view label, std::string_view value) { add(2, 23, label, value); }
  void section(std::string_view name) { text_.append("  ").append(name).append(":\n"); }
  void nested(std::string_view label, std::string_view value) { add(4, 21, label, value); }
  void blank() { text_ += '\n'; }
  std::string text() && { return std::move(text_); }

 private:
  void add(std::size_t indent, std::size_t width, std::string_view label, std::string_view value) {
    text_.append(indent, ' ').append(padded(label, width)).append(": ").append(value).append("\n");
  }
  std::string text_;
};

std::string shown(const std::optional<std::string>& value) { return value.value_or("None"); }
std::string shown(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : "None"; }
std::string shown(const std::optional<ZonedTime>& value) { return value ? to_text(*value) : "None"; }
std::string shown(const Literal& value) {
  const auto* text = value.get<std::string>();
  return text != nullptr ? *text : value.text();
}

void add_general(Page& page, const BackupInfo& info) {
  if (info.backup_name) page.row("Backup Name", *info.backup_name);
  page.row("Server Name", shown(info.server_name));
  if (info.systemid) page.row("System Id", *info.systemid);
  page.row("Status", name_of(info.status));
  if (!info.usable()) return;
  page.row("PostgreSQL Version", shown(info.version));
  page.row("PGDATA directory", shown(info.pgdata));
  if (info.cluster_size.value_or(0) != 0) page.row("Estimated Cluster Size", human_size(*info.cluster_size));
}

bool has_server_information(const BackupInfo& info) { return info.data_checksums || info.summarize_wal; }

void add_server_information(Page& page, const BackupInfo& info) {
  if (!has_server_information(info)) return;
  page.section("Server information");
  if (info.data_checksums) page.nested("Checksums", *info.data_checksums);
  if (info.summarize_wal) page.nested("WAL summarizer", *info.summarize_wal);
  page.blank();
}

const Literal::Dict* dict_at(const Literal::Dict& dict, std::string_view key) {
  const Literal* value = dict.find(key);
  return value != nullptr ? value->get<Literal::Dict>() : nullptr;
}

void add_snapshot(Page& page, const Literal::Dict& snapshot) {
  if (const auto* provider = dict_at(snapshot, "provider")) {
    auto fields = provider->items;
    std::sort(fields.begin(), fields.end(),
              [](const auto& a, const auto& b) { return shown(a.first).compare(shown(b.first)) < 0; });
    for (const auto& [key, value] : fields) page.nested(shown(key), shown(value));
  }
  const auto* mount = dict_at(snapshot, "mount");
  const auto mounted = [&](std::string_view key) {
    const Literal* value = mount != nullptr ? mount->find(key) : nullptr;
    return shown(value != nullptr ? *value : Literal());
  };
  page.nested("Mount point", mounted("mount_point"));
  page.nested("Mount options", mounted("mount_options"));
  page.blank();
}

void add_snapshots(Page& page, const BackupInfo& info) {
  const auto* snapshots = info.snapshots_info ? info.snapshots_info->get<Literal::Dict>() : nullptr;
  if (snapshots == nullptr) return;
  page.section("Snapshot information");
  const Literal* provider = snapshots->find("provider");
  page.nested("provider", shown(provider != nullptr ? *provider : Literal()));
  if (const auto* details = dict_at(*snapshots, "provider_info")) {
    for (const auto& [key, value] : details->items) page.nested(shown(key), shown(value));
  }
  page.blank();
  const Literal* all = snapshots->find("snapshots");
  const auto* list = all != nullptr ? all->get<Literal::List>() : nullptr;
  if (list == nullptr) return;
  for (const Literal& item : list->items) {
    if (const auto* snapshot = item.get<Literal::Dict>()) add_snapshot(page, *snapshot);
  }
}

void add_tablespaces(Page& page, const BackupInfo& info) {
  if (info.tablespaces.empty()) return;
  page.section("Tablespaces");
  for (const Tablespace& item : info.tablespaces) {
    page.nested(item.name, fmt::format("{} (oid: {})", item.location, item.oid));
  }
  page.blank();
}

double copy_time(const BackupInfo& info) {
  const auto* stats = info.copy_stats ? info.copy_stats->get<Literal::Dict>() : nullptr;
  const Literal* value = stats != nullptr ? stats->find("copy_time") : nullptr;
  if (value == nullptr) return 0;
  if (const auto* seconds = value->get<double>()) return *seconds;
  const auto* seconds = value->get<std::int64_t>();
  return seconds != nullptr ? static_cast<double>(*seconds) : 0;
}

void add_base_backup(Page& page, const BackupInfo& info) {
  page.section("Base backup information");
  if (info.mode) page.nested("Backup Method", *info.mode);
  if (info.encryption) page.nested("Encryption", *info.encryption);
  if (info.deduplicated_size.value_or(0) != 0) page.nested("Backup Size", human_size(*info.deduplicated_size));
  if (info.compression && *info.compression != "none") page.nested("Backup Compression", *info.compression);
  page.nested("Timeline", shown(info.timeline));
  page.nested("Begin WAL", shown(info.begin_wal));
  page.nested("End WAL", shown(info.end_wal));
  page.nested("Begin time", shown(info.begin_time));
  page.nested("End time", shown(info.end_time));
  if (const double seconds = copy_time(info); seconds != 0) page.nested("Copy time", human_duration(seconds));
  page.nested("Begin Offset", shown(info.begin_offset));
  page.nested("End Offset", shown(info.end_offset));
  page.nested("Begin LSN", shown(info.begin_xlog));
  page.nested("End LSN", shown(info.end_xlog));
  page.blank();
}

}  // namespace

std::string list_as_console(const BackupCatalog& catalog) {
  std::string text = list_line("Backup ID", "End Time", "Begin Wal", "Archival Status", "Name");
  for (const CatalogedBackup& backup : catalog.backups()) {
    const BackupInfo& info = backup.info;
    if (info.status != BackupStatus::done) continue;
    text.append(list_line(backup.id, info.end_time ? to_seconds_text(*info.end_time) : "", info.begin_wal.value_or(""),
                          backup.keep ? "KEEP:" + upper(backup.keep->text) : "", info.backup_name.value_or("")));
  }
  return text;
}

std::string list_as_json(const BackupCatalog& catalog) {
  Literal::List list;
  list.items.reserve(catalog.backups().size());
  for (const CatalogedBackup& backup : catalog.backups()) list.items.push_back(report_of(backup.id, backup.info));
  return json_text(Literal::Dict{{{"backups_list", std::move(list)}}}) + "\n";
}

std::string show_as_console(const std::string& id, const BackupInfo& info) {
  Page page;
  page.title("Backup " + id);
  add_general(page, info);
  if (info.usable() || has_server_information(info)) page.blank();
  add_server_information(page, info);
  if (info.usable()) {
    add_snapshots(page, info);
    add_tablespaces(page, info);
    add_base_backup(page, info);
  } else if (info.error) {
    page.row("Error", *info.error);
  }
  return std::move(page).text();
}

std::string show_as_json(const std::string& id, const BackupInfo& info) {
  const Literal server = info.server_name ? Literal(*info.server_name) : Literal();
  return json_text(Literal::Dict{{{server, report_of(id, info)}}}) + "\n";
}

}  // namespace tapster
