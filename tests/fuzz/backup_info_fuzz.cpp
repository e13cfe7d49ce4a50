// Feeds arbitrary bytes to the reader of backup.info: it may refuse them with an Error, nothing else. What it read
// and wrote once, it reads and writes again to the same bytes, and it can be reported.
#include <tapster/backup_report.h>
#include <tapster/error.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(bool condition) {
  if (!condition) std::abort();
}

void check_format(const tapster::BackupInfo& info, tapster::BackupInfoFormat format) {
  const std::string once = tapster::serialise(info, format);
  const auto reread = tapster::BackupInfo::parse(once);
  check(reread.unknown_fields.empty());
  check(tapster::serialise(reread, format) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string text(input, input + size);
  tapster::BackupInfo info;
  try {
    info = tapster::BackupInfo::parse(text);
  } catch (const tapster::Error&) {  // as it should be
    return 0;
  }
  // Beyond this point nothing may fail.
  check_format(info, tapster::BackupInfoFormat::v3_17);
  check_format(info, tapster::BackupInfoFormat::v3_4);
  const std::string id = "20260101T000000";
  check(!tapster::show_as_console(id, info).empty());
  const std::string json = tapster::show_as_json(id, info);
  check(json.find('\n') == json.size() - 1);
  return 0;
}
