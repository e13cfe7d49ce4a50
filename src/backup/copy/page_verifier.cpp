#include "backup/copy/page_verifier.h"

#include "file/file.h"

#include <tapster/log.h>

namespace tapster {
namespace {

constexpr std::size_t kMostSuspects = 1024;  // read again together, after one pause
constexpr std::uint64_t kMostWarnings = 5;
constexpr Duration kPause{10};

}  // namespace

PageVerifier::PageVerifier(const PageChecks& checks, int file, const std::string& path, std::uint32_t segment)
    : checks_(checks), file_(file), path_(path), segment_(segment) {}

void PageVerifier::check(std::uint64_t offset, Bytes data) {
  std::uint64_t number = offset / checks_.page_size;
  for (; data.size() >= checks_.page_size; data = data.subspan(checks_.page_size), ++number) {
    if (!looks_damaged(data.first(checks_.page_size), block_of(number))) continue;
    suspects_.push_back(number);
    if (suspects_.size() == kMostSuspects) read_suspects_again();
  }
}

std::uint64_t PageVerifier::finish() {
  if (!suspects_.empty()) read_suspects_again();
  if (damaged_ > kMostWarnings) log::warning("{}: {} pages are damaged in all", path_, damaged_);
  return damaged_;
}

bool PageVerifier::looks_damaged(Bytes page, std::uint32_t block) const {
  const PageHeader header = read_page_header(page);
  if (header.is_new() || header.lsn >= checks_.start_lsn) return false;
  return header.checksum != page_checksum(page, block);
}

void PageVerifier::read_suspects_again() {
  if (checks_.clock != nullptr) checks_.clock->sleep(kPause);
  std::vector<std::byte> page(checks_.page_size);
  for (const std::uint64_t number : suspects_) {
    // Less than a page: it was cut off meanwhile.
    if (read_at(file_, number * checks_.page_size, page, path_) != page.size()) continue;
    const std::uint32_t block = block_of(number);
    if (!looks_damaged(page, block)) continue;
    if (++damaged_ > kMostWarnings) continue;
    log::warning("{}: page {} is damaged: it carries the checksum {:04X}, its content has {:04X}", path_, number,
                 read_page_header(page).checksum, page_checksum(page, block));
  }
  suspects_.clear();
}

std::uint32_t PageVerifier::block_of(std::uint64_t page) const {
  return segment_ * checks_.pages_per_segment + static_cast<std::uint32_t>(page);
}

}  // namespace tapster
