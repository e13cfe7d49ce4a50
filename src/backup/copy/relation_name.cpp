#include "backup/copy/relation_name.h"

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

using Fork = RelationName::Fork;

struct ForkSuffix {
  std::string_view text;
  Fork fork;
};
constexpr ForkSuffix kForkSuffixes[] = {{"_fsm", Fork::fsm}, {"_vm", Fork::vm}, {"_init", Fork::init}};

// Takes the digits in front of `text`; nullopt when there are none, or too many for 32 bits.
std::optional<std::uint32_t> take_number(std::string_view& text) noexcept {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<RelationName> parse_relation_name(std::string_view name) noexcept {
  RelationName result;
  const auto number = take_number(name);
  if (!number) return std::nullopt;
  result.number = *number;
  for (const ForkSuffix& suffix : kForkSuffixes)
    if (name.starts_with(suffix.text)) {
      result.fork = suffix.fork;
      name.remove_prefix(suffix.text.size());
      break;
    }
  if (name.empty()) return result;
  if (name.front() != '.') return std::nullopt;
  name.remove_prefix(1);
  const auto segment = take_number(name);
  if (!segment || !name.empty()) return std::nullopt;
  result.segment = *segment;
  return result;
}

bool is_temporary_relation(std::string_view name) noexcept {
  if (!name.starts_with('t')) return false;
  name.remove_prefix(1);
  if (!take_number(name) || !name.starts_with('_')) return false;
  name.remove_prefix(1);
  return parse_relation_name(name).has_value();
}

}  // namespace tapster
