// The kernel's page cache, for files that are read once from beginning to end: reads ahead, and afterwards drops
// what was not there before, so that a backup does not push PostgreSQL's pages out. Only hints: nothing fails.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace tapster {

// For files of kSmall bytes and more. Works in windows, one of which is read ahead of the one in use.
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

// For small files: whether all of it is in the cache, as far as the kernel tells.
bool is_cached(int file, std::uint64_t size);
void drop_from_cache(int file) noexcept;

}  // namespace tapster
