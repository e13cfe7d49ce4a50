#include "file/page_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace tapster {
namespace {

constexpr std::uint64_t kWindow = 8 << 20;  // a multiple of the page size
constexpr std::uint64_t kWorthACall = 64 << 10;

std::uint64_t page_size() noexcept {
  static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// The parts of [begin, end) that are not in the cache; none when the kernel does not tell. mincore needs a mapping, so
// the file is mapped for that call. Since Linux 5.2 it answers only the file's owner, and reports everything as present
// to others.
std::vector<std::pair<std::uint64_t, std::uint64_t>> missing_parts(int file, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t page = page_size();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  const std::size_t length = end - begin;
  void* const map = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file, static_cast<off_t>(begin));
  if (map == MAP_FAILED) return parts;
  std::vector<unsigned char> present((length + page - 1) / page);
  const bool known = ::mincore(map, length, present.data()) == 0;
  ::munmap(map, length);
  if (!known) return parts;
  const auto is_missing = [](unsigned char state) { return (state & 1) == 0; };
  for (auto from = present.begin(); from != present.end();) {
    from = std::find_if(from, present.end(), is_missing);
    const auto to = std::find_if_not(from, present.end(), is_missing);
    const std::uint64_t first = static_cast<std::uint64_t>(from - present.begin()) * page;
    const std::uint64_t size = static_cast<std::uint64_t>(to - from) * page;
    if (size >= kWorthACall || (size != 0 && to == present.end())) parts.emplace_back(begin + first, size);
    from = to;
  }
  return parts;
}

// nullopt: the kernel does not tell. Uses cachestat(2) of Linux 6.5, which the C library does not name yet: one system
// call, where mincore needs three.
std::optional<bool> all_present(int file, std::uint64_t begin, std::uint64_t end) {
  constexpr long kCachestat = 451;
  const struct { std::uint64_t offset, length; } range{begin, end - begin};
  struct {
    std::uint64_t present, dirty, writeback, evicted, recently_evicted;  // pages
  } found{};
  if (::syscall(kCachestat, file, &range, &found, 0U) != 0) return std::nullopt;
  return found.present * page_size() >= range.length;
}

}  // namespace

CacheWindows::CacheWindows(int file, std::uint64_t size) : file_(file), size_(size) {
  if (size_ < kSmall) return;
  ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  current_ = request(0);
  next_ = request(kWindow);
}

CacheWindows::~CacheWindows() {
  drop(current_);
  drop(next_);
}

void CacheWindows::about_to_read(std::uint64_t offset) {
  if (size_ < kSmall || offset < begin_ + kWindow) return;
  drop(current_);
  begin_ += kWindow;
  current_ = std::move(next_);
  next_ = request(begin_ + kWindow);
}

CacheWindows::Ranges CacheWindows::request(std::uint64_t begin) {
  const std::uint64_t end = std::min(begin + kWindow, size_);
  if (begin >= size_ || all_present(file_, begin, end).value_or(false)) return {};
  Ranges missing = missing_parts(file_, begin, end);
  for (const auto& [offset, length] : missing)
    ::posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
  return missing;
}

void CacheWindows::drop(const Ranges& ranges) const {
  for (const auto& [offset, length] : ranges)
    ::posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
}

bool is_cached(int file, std::uint64_t size) {
  const std::optional<bool> present = all_present(file, 0, size);
  return present ? *present : missing_parts(file, 0, size).empty();
}

void drop_from_cache(int file) noexcept { ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace tapster
