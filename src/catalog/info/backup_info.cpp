#include "catalog/info/backup_info_fields.h"

#include <tapster/backup_info.h>
#include <tapster/error.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tapster {
namespace {

// Fields that some versions write and no reader needs.
constexpr std::array<std::string_view, 3> kIgnored = {"backup_id", "backup_version", "filename"};

std::string_view stripped(std::string_view text) noexcept {
  static constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

void read_line(BackupInfo& info, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == line.npos) throw error(ErrorKind::general, "{:.100}: there is no = in it", line);
  const std::string_view name = stripped(line.substr(0, equals));
  if (name.empty()) throw error(ErrorKind::general, "{:.100}: there is no name before the =", line);
  const auto fields = backup_info_fields();
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& item) { return item.name == name; });
  if (field == fields.end()) {
    auto& unknown = info.unknown_fields;
    const bool known = std::find(kIgnored.begin(), kIgnored.end(), name) != kIgnored.end();
    if (!known && std::find(unknown.begin(), unknown.end(), name) == unknown.end()) unknown.emplace_back(name);
    return;
  }
  try {
    field->read(info, stripped(line.substr(equals + 1)));
  } catch (const Error& failure) {
    throw error(ErrorKind::general, "{} {}", name, failure.what());
  }
}

}  // namespace

std::string_view name_of(BackupStatus status) noexcept {
  switch (status) {
    case BackupStatus::empty:
      return "EMPTY";
    case BackupStatus::started:
      return "STARTED";
    case BackupStatus::failed:
      return "FAILED";
    case BackupStatus::waiting_for_wals:
      return "WAITING_FOR_WALS";
    case BackupStatus::done:
      return "DONE";
    case BackupStatus::syncing:
      return "SYNCING";
  }
  return "";
}

BackupInfo BackupInfo::parse(std::string_view text) {
  BackupInfo info;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    try {
      read_line(info, line);
    } catch (const Error& failure) {
      throw tapster::error(ErrorKind::general, "line {}: {}", number, failure.what());
    }
  }
  return info;
}

std::optional<BackupInfoFormat> parse_backup_info_format(std::string_view text) noexcept {
  if (text == "3.17") return BackupInfoFormat::v3_17;
  if (text == "3.4") return BackupInfoFormat::v3_4;
  return std::nullopt;
}

std::string serialise(const BackupInfo& info, BackupInfoFormat format) {
  std::string text;
  for (const BackupInfoField& field : backup_info_fields()) {
    if (format == BackupInfoFormat::v3_4 && !field.since_3_4) continue;
    const std::string value = field.written(info);
    if (field.hidden_when_unset && value == "None") continue;
    text.append(field.name).append("=").append(value).append("\n");
  }
  return text;
}

bool is_backup_id(std::string_view text) noexcept {
  static constexpr std::string_view kPattern = "00000000T000000";
  return std::equal(text.begin(), text.end(), kPattern.begin(), kPattern.end(), [](char character, char wanted) {
    return wanted == '0' ? character >= '0' && character <= '9' : character == wanted;
  });
}

std::optional<std::uint64_t> parse_lsn(std::string_view text) noexcept {
  const auto half = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint32_t value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value, 16);
    if (digits.empty() || digits.size() > 8 || result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return value;
  };
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto high = half(text.substr(0, slash));
  const auto low = half(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return *high << 32 | *low;
}

std::string lsn_text(std::uint64_t lsn) { return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xFFFFFFFF); }

}  // namespace tapster
