// Hints to the kernel's page cache for files that are read once, from beginning to end. The file is read ahead, and
// pages that were not cached before are dropped afterwards, so that a backup does not displace PostgreSQL's pages.
// Nothing here fails.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace tapster {

// For files of kSmall bytes and more; smaller ones are left alone. The file is divided into windows, and the next
// window is read ahead while one is in use.
class CacheWindows {
 public:
  static constexpr std::uint64_t kSmall = 1 << 20;

  CacheWindows(int file, std::uint64_t size);  // the descriptor is borrowed
  CacheWindows(const CacheWindows&) = delete;
  CacheWindows& operator=(const CacheWindows&) = delete;
  ~CacheWindows();

  void about_to_read(std::uint64_t offset);  // offsets never go back

 private:
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // offset and length
  Ranges request(std::uint64_t begin);
  void drop(const Ranges& ranges) const;

  int file_;
  std::uint64_t size_;
  std::uint64_t begin_ = 0;  // of the window in use
  Ranges current_;           // what was missing from the cache in the window in use, and in the next
  Ranges next_;
};

// For small files: whether the whole file is in the cache, as far as the kernel tells.
bool is_cached(int file, std::uint64_t size);
void drop_from_cache(int file) noexcept;

}  // namespace tapster
