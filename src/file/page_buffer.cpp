#include "file/page_buffer.h"

#include <sys/mman.h>

#include <new>

namespace tapster {

PageBuffer::PageBuffer(std::size_t size) {
  if (size == 0) return;
  void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  span_ = {static_cast<std::byte*>(pages), size};
}

PageBuffer::~PageBuffer() {
  if (!span_.empty()) munmap(span_.data(), span_.size());
}

}  // namespace tapster
