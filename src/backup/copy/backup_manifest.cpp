#include "backup/copy/backup_manifest.h"

#include "text/encoding.h"
#include "text/utf8.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace tapster {
namespace {

constexpr int kFirstOfVersion2 = 170000;
constexpr std::size_t kManifestPiece = 64 << 10;
constexpr std::uint64_t kLow = 0xffffffff;  // the half of an LSN behind the slash

// RFC 8259, section 7.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string gmt(std::chrono::sys_seconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} GMT", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

// PostgreSQL writes the checksum's bytes as they lie in memory.
std::string checksum_text(std::uint32_t crc) {
  std::array<std::byte, sizeof crc> bytes;
  std::memcpy(bytes.data(), &crc, sizeof crc);
  return hex_encode(bytes);
}

}  // namespace

ManifestWriter::ManifestWriter(ByteSink& next, int server_version, const std::string& system_identifier) : next_(next) {
  pending_.reserve(kManifestPiece + 4096);
  const bool is_version_2 = server_version >= kFirstOfVersion2;
  pending_ += is_version_2 ? "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n"
                           : "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n";
  if (is_version_2) fmt::format_to(std::back_inserter(pending_), "\"System-Identifier\": {},\n", system_identifier);
  pending_ += "\"Files\": [";
}

void ManifestWriter::add(const CopiedFile& file) {
  pending_ += first_ ? "\n{ " : ",\n{ ";
  first_ = false;
  if (is_utf8(file.path)) {
    pending_ += "\"Path\": " + json_string(file.path);
  } else {
    pending_ += "\"Encoded-Path\": \"" + hex_encode(as_bytes(file.path)) + "\"";
  }
  fmt::format_to(
      std::back_inserter(pending_),
      ", \"Size\": {}, \"Last-Modified\": \"{}\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{}\" }}",
      file.size, gmt(file.mtime), checksum_text(file.crc32c));
  if (pending_.size() >= kManifestPiece) flush();
}

void ManifestWriter::finish(std::uint32_t timeline, std::uint64_t begin_lsn, std::uint64_t end_lsn) {
  pending_ += "\n],\n\"WAL-Ranges\": [\n";
  fmt::format_to(std::back_inserter(pending_),
                 "{{ \"Timeline\": {}, \"Start-LSN\": \"{:X}/{:X}\", \"End-LSN\": \"{:X}/{:X}\" }}\n],\n", timeline,
                 begin_lsn >> 32, begin_lsn & kLow, end_lsn >> 32, end_lsn & kLow);
  flush();
  const std::string last = fmt::format("\"Manifest-Checksum\": \"{}\"}}\n", hex_encode(digest_.finish()));
  next_.write(as_bytes(last));
  next_.finish();
}

void ManifestWriter::flush() {
  digest_.update(as_bytes(pending_));
  next_.write(as_bytes(pending_));
  pending_.clear();
}

}  // namespace tapster
