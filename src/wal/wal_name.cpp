#include <tapster/wal_name.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

constexpr std::size_t kHistoryDigits = 8;
constexpr std::size_t kSegmentDigits = 24;
constexpr std::size_t kOffsetDigits = 8;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

std::uint32_t hex_value(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

// Cuts `count` hex digits off the front of `text`.
bool cut_hex(std::string_view& text, std::size_t count) {
  if (text.size() < count || !is_hex(text.substr(0, count))) return false;
  text.remove_prefix(count);
  return true;
}

}  // namespace

std::optional<WalName> WalName::parse(std::string_view name) {
  WalName result;
  result.text_ = name;
  std::string_view rest = name;
  if (cut_hex(rest, kHistoryDigits) && rest == ".history") {
    result.kind_ = Kind::history;
    result.timeline_ = hex_value(name.substr(0, 8));
    return result;
  }
  rest = name;
  if (!cut_hex(rest, kSegmentDigits)) return std::nullopt;
  result.timeline_ = hex_value(name.substr(0, 8));
  result.log_ = hex_value(name.substr(8, 8));
  result.segment_ = hex_value(name.substr(16, 8));
  if (rest.empty()) {
    result.kind_ = Kind::segment;
  } else if (rest == ".partial") {
    result.kind_ = Kind::partial;
  } else if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (!cut_hex(rest, kOffsetDigits) || rest != ".backup") return std::nullopt;
    result.kind_ = Kind::label;
  } else {
    return std::nullopt;
  }
  return result;
}

std::string WalName::hash_dir() const {
  if (kind_ == Kind::history) return {};
  return fmt::format("{:08X}{:08X}", timeline_, log_);
}

WalName WalName::next(std::uint32_t segment_size) const {
  const auto per_log = static_cast<std::uint32_t>((std::uint64_t{1} << 32U) / segment_size);
  WalName result = *this;
  if (++result.segment_ >= per_log) {
    result.segment_ = 0;
    ++result.log_;
  }
  result.text_ = fmt::format("{:08X}{:08X}{:08X}", result.timeline_, result.log_, result.segment_);
  return result;
}

}  // namespace tapster
