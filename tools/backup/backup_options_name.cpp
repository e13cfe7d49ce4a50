#include "backup/backup_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tapster {
namespace {

// They choose a backup where a name is expected.
constexpr std::string_view kReserved[] = {"latest",      "last",        "oldest",    "first",
                                          "last-failed", "latest-full", "last-full", "auto"};

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

}  // namespace

std::string parse_backup_name(std::string_view text) {
  const auto refuse = [text](std::string_view reason) {
    return BadValue(fmt::format("Backup name '{}' is not allowed: {}", text, reason));
  };
  if (text.empty()) throw BadValue("Backup name cannot be empty");
  if (std::any_of(text.begin(), text.end(), is_control)) throw BadValue("Backup name must not have control characters");
  if (is_backup_id(text)) throw refuse("backup ID");
  // The word is what backup.info has for a name that is not there.
  if (text == "None" || std::find(std::begin(kReserved), std::end(kReserved), text) != std::end(kReserved)) {
    throw refuse("reserved word");
  }
  if (text.front() == ' ' || text.back() == ' ') throw refuse("blank at its beginning or end");
  return std::string(text);
}

}  // namespace tapster
