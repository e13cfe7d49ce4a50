#include "wal/archive/archive_context.h"

#include "codec/crc.h"
#include "crypto/digest.h"
#include "wal/private_note.h"

#include <tapster/log.h>

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace tapster {
namespace {

constexpr const char* kContextName = "context";
// How long a listing and a heeded condition are believed. A server that archives a segment an hour lists and tests
// rarely; another store behind the same name, or another server's segments, are noticed within a day.
constexpr std::chrono::hours kProofAge{24};
// A store that ignored the condition will hardly heed it the next day, and each test costs an upload.
constexpr std::chrono::hours kIgnoredAge{30 * 24};

constexpr std::string_view kTestWords[] = {"untested", "kept", "ignored"};  // by ConditionTest

// How a context for this subject begins.
std::string preamble(const ArchiveSubject& subject) {
  return fmt::format("context-1 {} {} {:08X} {}", archive_mark(subject.archive), subject.system_identifier,
                     subject.timeline, name_of(subject.compression));
}

}  // namespace

std::string archive_mark(const std::string& archive) { return fmt::format("{:016x}", crc64nvme(0, as_bytes(archive))); }

bool ArchiveContext::rules_out_other_forms(const WalName& name) const {
  const auto last = WalName::parse(nothing_stored_after);
  return last && last->hash_dir() == name.hash_dir() && name.text() > nothing_stored_after;
}

ArchiveContext read_context(const PrivateFolder& folder, const ArchiveSubject& subject, TimePoint now) {
  ArchiveContext context;
  const auto text = read_note(folder, kContextName);
  if (!text) return context;
  const std::string expected = preamble(subject) + " ";
  if (!text->starts_with(expected)) {
    log::debug("{}/{} is of another cluster, timeline or compression", folder.path(), kContextName);
    return context;
  }
  const std::vector<std::string_view> words = words_of(std::string_view(*text).substr(expected.size()));
  if (words.size() != 4) return context;
  if (is_recent(words[1], now, kProofAge)) {
    context.nothing_stored_after = words[0];
    context.listed_at = words[1];
  }
  for (const ConditionTest test : {ConditionTest::heeded, ConditionTest::ignored}) {
    if (words[2] != kTestWords[static_cast<int>(test)]) continue;
    if (!is_recent(words[3], now, test == ConditionTest::heeded ? kProofAge : kIgnoredAge)) continue;
    context.condition_test = test;
    context.tested_at = words[3];
  }
  return context;
}

void write_context(const PrivateFolder& folder, const ArchiveSubject& subject, const ArchiveContext& context) {
  const std::string& after = context.nothing_stored_after;
  write_note(folder, kContextName,
             fmt::format("{} {} {} {} {}", preamble(subject), after.empty() ? "-" : after, context.listed_at,
                         kTestWords[static_cast<int>(context.condition_test)], context.tested_at));
}

void forget_context(const PrivateFolder& folder) { remove_note(folder, kContextName); }

}  // namespace tapster
