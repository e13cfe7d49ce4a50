// The names of files in pg_wal that PostgreSQL archives (src/include/access/xlog_internal.h
// there): segments, partial segments, backup label files, timeline histories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

class WalName {
 public:
  enum class Kind {
    segment,  // TTTTTTTTLLLLLLLLSSSSSSSS, 24 hex digits of either case
    partial,  // segment + ".partial"
    label,    // segment + "." + 8 hex digits + ".backup"
    history,  // 8 hex digits + ".history"
  };

  // nullopt unless the whole of `name` (no directory part) is one of the four. ASCII only.
  static std::optional<WalName> parse(std::string_view name);

  Kind kind() const noexcept { return kind_; }
  const std::string& text() const noexcept { return text_; }  // as given
  std::uint32_t timeline() const noexcept { return timeline_; }
  // The 16 upper-case hex digits of the folder in the archive; empty for a history file.
  std::string hash_dir() const;

  // The segment after this one on the same timeline, for segments of `segment_size` bytes
  // (a power of two between 1 MiB and 1 GiB). Only for Kind::segment.
  WalName next(std::uint32_t segment_size) const;

 private:
  WalName() = default;
  Kind kind_ = Kind::segment;
  std::string text_;
  std::uint32_t timeline_ = 0;
  std::uint32_t log_ = 0;      // the high 32 bits of the LSN
  std::uint32_t segment_ = 0;  // the segment's number within them
};

}  // namespace tapster
