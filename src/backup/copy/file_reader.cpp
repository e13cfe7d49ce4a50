#include "backup/copy/file_reader.h"

#include "file/file.h"

#include <algorithm>

namespace tapster {

FileReader::FileReader(int file, const std::string& path, std::uint64_t size)
    : file_(file), path_(path), size_(size), windows_(file, size) {}

FileReader::~FileReader() {
  if (came_from_disk_) drop_from_cache(file_);
}

std::size_t FileReader::read(std::span<std::byte> out) {
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset_)));
  if (offset_ == 0 && !out.empty() && size_ < CacheWindows::kSmall) came_from_disk_ = !is_cached(file_, size_);
  std::size_t filled = 0;
  while (filled < out.size() && !shrank_) {
    windows_.about_to_read(offset_ + filled);
    const std::size_t count = read_at(file_, offset_ + filled, out.subspan(filled), path_);
    shrank_ = count == 0;
    filled += count;
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), std::byte{0});
  offset_ += out.size();
  return out.size();
}

}  // namespace tapster
