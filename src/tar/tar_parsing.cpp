#include "tar/tar_parsing.h"

#include "text/number.h"

#include <tapster/error.h>

#include <charconv>
#include <limits>

namespace tapster {
namespace {

// Offsets and lengths of the fields.
struct Field {
  std::size_t offset, length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 6}, kUser{265, 32}, kGroup{297, 32},
    kPrefix{345, 155};

std::string_view raw(Bytes block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.length};
}

std::string text(Bytes block, Field field) {
  const std::string_view value = raw(block, field);
  return std::string(value.substr(0, value.find('\0')));
}

// A number is octal digits, with spaces before and a space or NUL after them; or, if the first bit is set, GNU tar's
// base 256: two's complement, big-endian.
std::int64_t number(Bytes block, Field field) {
  std::string_view value = raw(block, field);
  const auto first = static_cast<unsigned char>(value.front());
  if ((first & 0x80U) != 0) {
    const bool negative = (first & 0x40U) != 0;
    std::uint64_t result = negative ? std::numeric_limits<std::uint64_t>::max() : 0;
    constexpr std::size_t kLargest = sizeof result;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto byte = static_cast<unsigned char>(i == 0 ? (negative ? first : first & 0x7fU) : value[i]);
      if (i + kLargest < value.size() && byte != (negative ? 0xff : 0)) throw_damaged_tar("a number is out of range");
      result = result << 8U | byte;
    }
    return static_cast<std::int64_t>(result);
  }
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  value = value.substr(0, value.find_first_of(std::string_view("\0 ", 2)));
  if (value.empty()) return 0;
  std::int64_t result = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), result, 8);
  if (problem != std::errc() || end != value.data() + value.size() || result < 0)
    throw_damaged_tar("a header has a malformed number");
  return result;
}

std::uint64_t unsigned_number(Bytes block, Field field) {
  const std::int64_t value = number(block, field);
  if (value < 0) throw_damaged_tar("a size in a header is negative");
  return static_cast<std::uint64_t>(value);
}

// The checksum is the sum of all bytes, its own field counted as spaces. Some old tars added signed bytes.
bool checksum_fits(Bytes block) {
  std::int64_t as_unsigned = 0, as_signed = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.length;
    const auto byte = own ? static_cast<unsigned char>(' ') : std::to_integer<unsigned char>(block[i]);
    as_unsigned += byte;
    as_signed += static_cast<signed char>(byte);
  }
  const std::int64_t recorded = number(block, kChecksum);
  return recorded == as_unsigned || recorded == as_signed;
}

template <typename Number>
Number decimal(std::string_view keyword, std::string_view value) {
  const auto result = parse_decimal<Number>(value);
  if (!result) throw_damaged_tar(fmt::format("the {} of a pax header is no number", keyword));
  return *result;
}

// "1577934245.1234567", "-1.5": any number of digits; those beyond nanoseconds are cut.
std::chrono::sys_time<std::chrono::nanoseconds> pax_time(std::string_view keyword, std::string_view value) {
  const std::size_t point = std::min(value.find('.'), value.size());
  const auto whole = decimal<std::int64_t>(keyword, value.substr(0, point));
  std::string digits(value.substr(std::min(point + 1, value.size())));
  digits.resize(9, '0');
  std::int64_t fraction = decimal<std::uint32_t>(keyword, digits);
  if (value.starts_with('-')) fraction = -fraction;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
  if (whole > kMost || whole < -kMost) throw_damaged_tar("a time is out of range");
  return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(whole * 1'000'000'000 + fraction));
}

}  // namespace

void throw_damaged_tar(std::string_view reason) {
  throw error(ErrorKind::general, "the tar archive is damaged: {}", reason);
}

TarMember parse_tar_header(Bytes block) {
  if (!checksum_fits(block)) throw_damaged_tar("the checksum of a header is wrong");
  TarMember member;
  member.name = text(block, kName);
  const std::string_view magic = raw(block, kMagic);
  if (magic == std::string_view("ustar\0", 6)) {
    const std::string prefix = text(block, kPrefix);
    if (!prefix.empty()) member.name = prefix + "/" + member.name;
  }
  if (magic.starts_with("ustar")) {
    member.user = text(block, kUser);
    member.group = text(block, kGroup);
  }
  member.mode = static_cast<std::uint32_t>(number(block, kMode) & 07777);
  member.uid = unsigned_number(block, kUid);
  member.gid = unsigned_number(block, kGid);
  member.size = unsigned_number(block, kSize);
  const std::int64_t seconds = number(block, kTime);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  if (seconds > kMost || seconds < -kMost) throw_damaged_tar("a time is out of range");
  member.mtime = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  member.link = text(block, kLink);
  // Before ustar, a file had type NUL. (The reader turns a file whose name ends in a slash into a directory.)
  constexpr char kOldFile = '\0', kContiguousFile = '7';
  const char type = raw(block, kType).front();
  member.type = static_cast<TarMember::Type>(type == kOldFile || type == kContiguousFile ? '0' : type);
  return member;
}

void parse_pax_records(std::string_view text, PaxRecords& records) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (problem != std::errc() || length > text.size() || length < digits + 2 || text[digits] != ' ' ||
        text[length - 1] != '\n')
      throw_damaged_tar("a pax header is malformed");
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) throw_damaged_tar("a pax header is malformed");
    records.insert_or_assign(std::string(record.substr(0, equals)), std::string(record.substr(equals + 1)));
    text.remove_prefix(length);
  }
}

void apply_pax_records(const PaxRecords& records, TarMember& member) {
  for (const auto& [keyword, value] : records) {
    if (keyword.starts_with("GNU.sparse."))
      throw error(ErrorKind::general, "{} is a sparse file in GNU's format, which is not supported", member.name);
    if (value.empty()) continue;  // an empty value cancels the record of a global header
    if (keyword == "path")
      member.name = value;
    else if (keyword == "linkpath")
      member.link = value;
    else if (keyword == "size")
      member.size = decimal<std::uint64_t>(keyword, value);
    else if (keyword == "uid")
      member.uid = decimal<std::uint64_t>(keyword, value);
    else if (keyword == "gid")
      member.gid = decimal<std::uint64_t>(keyword, value);
    else if (keyword == "uname")
      member.user = value;
    else if (keyword == "gname")
      member.group = value;
    else if (keyword == "mtime")
      member.mtime = pax_time(keyword, value);
  }
}

}  // namespace tapster
