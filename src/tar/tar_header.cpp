#include "tar/tar_header.h"

#include "text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace tapster {
namespace {

// Numbers from these on do not fit into the octal digits of a field, which ends in NUL.
constexpr std::uint64_t kSmallLimit = 1ULL << 21;  // 8 bytes: mode, uid, gid
constexpr std::uint64_t kLargeLimit = 1ULL << 33;  // 12 bytes: size, mtime

constexpr std::string_view kExtendedHeaderName = "././@PaxHeader";

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

template <std::size_t Size>
void put_text(char (&field)[Size], std::string_view text) {
  std::size_t used = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (used == Size) break;
    if ((byte & 0xc0) == 0x80) continue;  // a character of several bytes becomes one question mark
    field[used++] = byte < 0x80 ? c : '?';
  }
}

template <std::size_t Size>
void put_number(char (&field)[Size], std::uint64_t value) {
  field[Size - 1] = '\0';
  for (std::size_t digit = Size - 1; digit-- > 0; value >>= 3) field[digit] = static_cast<char>('0' + (value & 7));
}

void append_block(std::string& out, TarHeaderBlock& block) {
  std::memcpy(block.magic, "ustar", 6);
  std::memcpy(block.version, "00", 2);
  const std::uint32_t sum = tar_checksum(block);
  fmt::format_to_n(block.checksum, 6, "{:06o}", sum);
  block.checksum[6] = '\0';
  block.checksum[7] = ' ';
  out.append(reinterpret_cast<const char*>(&block), sizeof block);
}

void pad(std::string& out, std::size_t from) { out.append(tar_padded(out.size() - from) - (out.size() - from), '\0'); }

// "LENGTH KEY=VALUE\n". The length includes its own digits.
void append_record(std::string& out, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + fmt::formatted_size("{}", length) != length) ++length;
  fmt::format_to(std::back_inserter(out), "{} {}={}\n", length, key, value);
}

// A double, because Python's tarfile has times as doubles.
double seconds_of(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return static_cast<double>(seconds.time_since_epoch().count()) + 1e-9 * static_cast<double>((time - seconds).count());
}

// The shortest decimal number that reads back as the same double.
std::string time_record(double seconds) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), seconds, std::chars_format::fixed).ptr;
  std::string text(buffer.data(), end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

// Collects the pax records of one member.
class Records {
 public:
  void text(std::string_view key, std::string_view value, std::size_t room) {
    if (value.size() <= room && is_ascii(value)) return;
    binary_ = binary_ || !is_utf8(value);
    append_record(records_, key, value);
  }
  void number(std::string_view key, std::uint64_t value, std::uint64_t limit) {
    if (value >= limit) append_record(records_, key, fmt::format("{}", value));
  }
  void time(std::string_view key, double value) { append_record(records_, key, time_record(value)); }
  // When a text is not UTF-8, a first record says that all are bytes, because readers would decode them.
  std::string take() { return (binary_ ? "21 hdrcharset=BINARY\n" : "") + std::move(records_); }

 private:
  std::string records_;
  bool binary_ = false;
};

}  // namespace

std::uint32_t tar_checksum(const TarHeaderBlock& block) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&block);
  std::uint32_t sum = sizeof block.checksum * ' ';
  for (std::size_t i = 0; i < sizeof block; ++i) sum += bytes[i];
  for (const char c : block.checksum) sum -= static_cast<unsigned char>(c);
  return sum;
}

void append_tar_header(std::string& out, const TarMember& member) {
  const std::string name = member.type == TarMember::Type::directory ? member.name + "/" : member.name;
  TarHeaderBlock block{};
  Records records;
  records.text("path", name, sizeof block.name);
  records.text("linkpath", member.link, sizeof block.link);
  records.text("uname", member.user, sizeof block.user);
  records.text("gname", member.group, sizeof block.group);
  records.number("uid", member.uid, kSmallLimit);
  records.number("gid", member.gid, kSmallLimit);
  records.number("size", member.size, kLargeLimit);
  const double mtime = seconds_of(member.mtime);
  records.time("mtime", mtime);
  const std::string extended = records.take();

  put_text(block.name, kExtendedHeaderName);
  put_number(block.mode, 0);
  put_number(block.uid, 0);
  put_number(block.gid, 0);
  put_number(block.size, extended.size());
  put_number(block.mtime, 0);
  block.type = 'x';
  append_block(out, block);
  const std::size_t begin = out.size();
  out += extended;
  pad(out, begin);

  block = TarHeaderBlock{};
  put_text(block.name, name);
  put_text(block.link, member.link);
  put_text(block.user, member.user);
  put_text(block.group, member.group);
  put_number(block.mode, member.mode & 07777);
  put_number(block.uid, member.uid < kSmallLimit ? member.uid : 0);
  put_number(block.gid, member.gid < kSmallLimit ? member.gid : 0);
  put_number(block.size, member.size < kLargeLimit ? member.size : 0);
  // Rounded half to even. A time before 1970 or after 2242 is in the pax record only.
  const double rounded = std::nearbyint(mtime);
  const bool fits = rounded >= 0 && rounded < static_cast<double>(kLargeLimit);
  put_number(block.mtime, fits ? static_cast<std::uint64_t>(rounded) : 0);
  block.type = static_cast<char>(member.type);
  append_block(out, block);
}

std::uint64_t tar_member_bound(const TarMember& member) {
  constexpr std::uint64_t kNumbersAndKeys = 512;
  const std::uint64_t texts = member.name.size() + member.link.size() + member.user.size() + member.group.size();
  return 2 * kTarBlock + tar_padded(texts + kNumbersAndKeys) + tar_padded(member.size);
}

}  // namespace tapster
