// Pages of relation files and their checksums (PostgreSQL's documentation, "Database Page Layout" and "Data
// Checksums").
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>

namespace tapster {

// The fields that judging a page needs; pages are in the byte order of the host.
struct PageHeader {
  std::uint64_t lsn = 0;
  std::uint16_t checksum = 0;
  std::uint16_t upper = 0;  // 0: the page was never initialised

  bool is_new() const noexcept { return upper == 0; }
};

PageHeader read_page_header(Bytes page);  // at least 24 bytes

// The checksum that `page` must carry at that block of its relation (counted over all segments). The size
// of the page is a multiple of 128; the checksum that it carries is not part of the sum.
std::uint16_t page_checksum(Bytes page, std::uint32_t block);

// Without the instructions that not every processor has: apart for its test.
namespace portable {
std::uint16_t page_checksum(Bytes page, std::uint32_t block);
}  // namespace portable

}  // namespace tapster
