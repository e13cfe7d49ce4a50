// Pages of a relation, with checksums.
#pragma once

#include "backup/copy/page_checksum.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace tapster::test {

inline Bytes view_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

// A page of 8 KiB that is right as that block of its relation.
inline std::string good_page(std::uint32_t block, std::uint64_t lsn = 0) {
  std::string page(8192, '\0');
  for (std::size_t i = 24; i < page.size(); ++i) page[i] = static_cast<char>(i * 31 + block);
  const std::uint32_t halves[] = {static_cast<std::uint32_t>(lsn >> 32), static_cast<std::uint32_t>(lsn)};
  const std::uint16_t upper = 8192;
  std::memcpy(page.data(), halves, sizeof halves);
  std::memcpy(page.data() + 14, &upper, sizeof upper);
  const std::uint16_t checksum = page_checksum(view_of(page), block);
  std::memcpy(page.data() + 8, &checksum, sizeof checksum);
  return page;
}

inline std::string bad_page(std::uint32_t block, std::uint64_t lsn = 0) {
  std::string page = good_page(block, lsn);
  page[5000] = static_cast<char>(page[5000] ^ 1);
  return page;
}

}  // namespace tapster::test
