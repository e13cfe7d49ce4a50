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
// Long enough that proofs are rare on a server that archives a segment an hour; short enough that a store which has
// become another behind its name, or a stranger's segments, are noticed.
constexpr std::chrono::hours kProofAge{24};
// What does not heed the condition today hardly will tomorrow, and asking costs an upload.
constexpr std::chrono::hours kRefusalAge{30 * 24};

constexpr std::string_view kConditionWords[] = {"untested", "kept", "ignored"};

// The first words of a context that may be used.
std::string preamble(const ArchiveSubject& subject) {
  return fmt::format("context-1 {} {} {:08X} {}", archive_mark(subject.archive), subject.system_identifier,
                     subject.timeline, name_of(subject.compression));
}

}  // namespace

std::string archive_mark(const std::string& archive) { return fmt::format("{:016x}", crc64nvme(0, as_bytes(archive))); }

bool ArchiveContext::covers(const WalName& name) const {
  const auto proven = WalName::parse(after);
  return proven && proven->hash_dir() == name.hash_dir() && name.text() > after;
}

ArchiveContext read_context(const PrivateFolder& folder, const ArchiveSubject& subject, TimePoint now) {
  ArchiveContext context;
  const auto text = read_note(folder, kContextName);
  if (!text) return context;
  const std::string known = preamble(subject) + " ";
  if (!text->starts_with(known)) {
    log::debug("{}/{} is of another cluster, timeline or compression", folder.path(), kContextName);
    return context;
  }
  const std::vector<std::string_view> words = words_of(std::string_view(*text).substr(known.size()));
  if (words.size() != 4) return context;
  if (is_recent(words[1], now, kProofAge)) {
    context.after = words[0];
    context.listed = words[1];
  }
  using enum ArchiveContext::Condition;
  for (const ArchiveContext::Condition condition : {kept, ignored}) {
    if (words[2] != kConditionWords[static_cast<int>(condition)]) continue;
    if (!is_recent(words[3], now, condition == kept ? kProofAge : kRefusalAge)) continue;
    context.condition = condition;
    context.tested = words[3];
  }
  return context;
}

void write_context(const PrivateFolder& folder, const ArchiveSubject& subject, const ArchiveContext& context) {
  const std::string_view after = context.after.empty() ? "-" : std::string_view(context.after);
  write_note(folder, kContextName,
             fmt::format("{} {} {} {} {}", preamble(subject), after, context.listed,
                         kConditionWords[static_cast<int>(context.condition)], context.tested));
}

void forget_context(const PrivateFolder& folder) { remove_note(folder, kContextName); }

}  // namespace tapster
