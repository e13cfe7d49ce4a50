#include "catalog/info/backup_info_fields.h"

#include "catalog/info/literal_number.h"

#include <tapster/error.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace tapster {
namespace {

constexpr std::string_view kNone = "None";

Error bad_value(std::string_view wanted, std::string_view value) {
  return error(ErrorKind::general, "is not {}: {:.100}", wanted, value);
}

// --- read_value, report and write: one of each for each type of a field -------------------------------------------

void read_value(std::optional<std::string>& target, std::string_view value) { target = value; }

void read_value(std::optional<std::int64_t>& target, std::string_view value) {
  target = parse_int(value);
  if (!target) throw bad_value("an integer", value);
}

void read_value(std::optional<ZonedTime>& target, std::string_view value) {
  target = parse_zoned_time(value);
  if (!target) target = parse_ctime(value);
  if (!target) throw bad_value("a time", value);
}

Literal literal_of(std::string_view value) {
  auto literal = Literal::parse(value);
  if (!literal) throw bad_value("a literal", value);
  return std::move(*literal);
}

void read_value(std::optional<Literal>& target, std::string_view value) {
  target.reset();
  Literal literal = literal_of(value);
  if (literal.get<Literal::None>() != nullptr) return;
  const auto* dict = literal.get<Literal::Dict>();
  if (dict == nullptr) throw bad_value("a dictionary", value);
  if (!dict->items.empty()) target = std::move(literal);
}

const Literal::Items* items_of(const Literal& literal) noexcept {
  if (const auto* list = literal.get<Literal::List>()) return &list->items;
  if (const auto* tuple = literal.get<Literal::Tuple>()) return &tuple->items;
  return nullptr;
}

void read_value(std::vector<std::string>& target, std::string_view value) {
  target.clear();
  const Literal literal = literal_of(value);
  if (literal.get<Literal::None>() != nullptr) return;
  const auto* items = items_of(literal);
  if (items == nullptr) throw bad_value("a list", value);
  target.reserve(items->size());
  for (const Literal& item : *items) {
    const auto* text = item.get<std::string>();
    if (text == nullptr) throw bad_value("a list of texts", value);
    target.push_back(*text);
  }
}

void read_value(std::vector<Tablespace>& target, std::string_view value) {
  target.clear();
  const Literal literal = literal_of(value);
  if (literal.get<Literal::None>() != nullptr) return;
  const auto* items = items_of(literal);
  if (items == nullptr) throw bad_value("a list of tablespaces", value);
  target.reserve(items->size());
  for (const Literal& item : *items) {
    const auto* parts = items_of(item);
    const bool three = parts != nullptr && parts->size() == 3;
    const auto* name = three ? (*parts)[0].get<std::string>() : nullptr;
    const auto* oid = three ? (*parts)[1].get<std::int64_t>() : nullptr;
    const auto* location = three ? (*parts)[2].get<std::string>() : nullptr;
    if (name == nullptr || oid == nullptr || location == nullptr || *oid < 0 ||
        *oid > std::numeric_limits<std::uint32_t>::max()) {
      throw bad_value("a list of (name, OID, location)", value);
    }
    target.push_back({*name, static_cast<std::uint32_t>(*oid), *location});
  }
}

constexpr BackupStatus kStatuses[] = {BackupStatus::empty,  BackupStatus::started,
                                      BackupStatus::failed, BackupStatus::waiting_for_wals,
                                      BackupStatus::done,   BackupStatus::syncing};

void read_value(BackupStatus& target, std::string_view value) {
  const auto* const found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                         [&](BackupStatus status) { return name_of(status) == value; });
  if (found == std::end(kStatuses)) throw bad_value("the status of a backup", value);
  target = *found;
}

// A field as reports show it. backup.info differs: its times have a zone, and its texts no quotes.
template <typename T>
Literal report(const std::optional<T>& value) {
  return value ? Literal(*value) : Literal();
}
Literal report(const std::optional<Literal>& value) { return value ? *value : Literal(); }
Literal report(const std::optional<ZonedTime>& value) { return value ? Literal(to_ctime(*value)) : Literal(); }
Literal report(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  return Literal::List{Literal::Items(texts.begin(), texts.end())};
}
Literal report(const std::vector<Tablespace>& tablespaces) {
  if (tablespaces.empty()) return {};
  Literal::List list;
  list.items.reserve(tablespaces.size());
  for (const Tablespace& item : tablespaces) {
    list.items.emplace_back(Literal::Tuple{{item.name, item.oid, item.location}});
  }
  return list;
}
Literal report(BackupStatus status) { return std::string(name_of(status)); }

template <typename T>
std::string write(const T& value) {
  return report(value).text();
}
std::string write(const std::optional<std::string>& value) {
  std::string text = value.value_or(std::string(kNone));
  std::replace_if(
      text.begin(), text.end(), [](char character) { return character == '\n' || character == '\r'; }, ' ');
  return text;
}
std::string write(const std::optional<ZonedTime>& value) { return value ? to_text(*value) : std::string(kNone); }
std::string write(BackupStatus status) { return std::string(name_of(status)); }

// --- the table ------------------------------------------------------------------------------------------------------

template <auto Member>
constexpr BackupInfoField field(std::string_view name) {
  return {.name = name,
          .read =
              [](BackupInfo& info, std::string_view value) {
                if (value == kNone) {
                  info.*Member = {};
                } else {
                  read_value(info.*Member, value);
                }
              },
          .written = [](const BackupInfo& info) { return write(info.*Member); },
          .reported = [](const BackupInfo& info) { return report(info.*Member); }};
}

constexpr BackupInfoField newer(BackupInfoField field) {
  field.since_3_4 = false;
  return field;
}

constexpr BackupInfoField hidden(BackupInfoField field) {
  field.hidden_when_unset = true;
  return field;
}

// backup.info and reports both quote the label, because it has several lines.
std::string written_label(const BackupInfo& info) {
  const auto& label = info.backup_label;
  return label && !label->empty() ? literal_text(*label) : std::string(kNone);
}

constexpr BackupInfoField kLabel = {
    .name = "backup_label",
    .read =
        [](BackupInfo& info, std::string_view value) {
          const Literal literal = literal_of(value);
          info.backup_label.reset();
          if (literal.get<Literal::None>() != nullptr) return;
          const auto* text = literal.get<std::string>();
          if (text == nullptr) throw bad_value("a quoted text", value);
          if (!text->empty()) info.backup_label = *text;
        },
    .written = written_label,
    .reported = [](const BackupInfo& info) { return info.backup_label ? Literal(written_label(info)) : Literal(); }};

constexpr BackupInfoField kFields[] = {
    kLabel,
    hidden(field<&BackupInfo::backup_name>("backup_name")),
    field<&BackupInfo::begin_offset>("begin_offset"),
    field<&BackupInfo::begin_time>("begin_time"),
    field<&BackupInfo::begin_wal>("begin_wal"),
    field<&BackupInfo::begin_xlog>("begin_xlog"),
    newer(field<&BackupInfo::children_backup_ids>("children_backup_ids")),
    newer(field<&BackupInfo::cluster_size>("cluster_size")),
    field<&BackupInfo::compression>("compression"),
    field<&BackupInfo::config_file>("config_file"),
    field<&BackupInfo::copy_stats>("copy_stats"),
    newer(field<&BackupInfo::data_checksums>("data_checksums")),
    field<&BackupInfo::deduplicated_size>("deduplicated_size"),
    newer(field<&BackupInfo::encryption>("encryption")),
    field<&BackupInfo::end_offset>("end_offset"),
    field<&BackupInfo::end_time>("end_time"),
    field<&BackupInfo::end_wal>("end_wal"),
    field<&BackupInfo::end_xlog>("end_xlog"),
    field<&BackupInfo::error>("error"),
    field<&BackupInfo::hba_file>("hba_file"),
    field<&BackupInfo::ident_file>("ident_file"),
    field<&BackupInfo::included_files>("included_files"),
    field<&BackupInfo::mode>("mode"),
    newer(field<&BackupInfo::parent_backup_id>("parent_backup_id")),
    field<&BackupInfo::pgdata>("pgdata"),
    field<&BackupInfo::server_name>("server_name"),
    field<&BackupInfo::size>("size"),
    hidden(field<&BackupInfo::snapshots_info>("snapshots_info")),
    field<&BackupInfo::status>("status"),
    newer(field<&BackupInfo::summarize_wal>("summarize_wal")),
    field<&BackupInfo::systemid>("systemid"),
    field<&BackupInfo::tablespaces>("tablespaces"),
    field<&BackupInfo::timeline>("timeline"),
    field<&BackupInfo::version>("version"),
    field<&BackupInfo::xlog_segment_size>("xlog_segment_size"),
};

}  // namespace

std::span<const BackupInfoField> backup_info_fields() noexcept { return kFields; }

}  // namespace tapster
