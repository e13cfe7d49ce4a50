#include "backup/copy/page_checksum.h"

#include "support/catch.h"
#include "unit/backup/copy/pages.h"

#include <vector>

using namespace tapster;
using namespace tapster::test;

// Slow and simple, lane by lane, from the algorithm's description.
static std::uint16_t reference(std::string page, std::uint32_t block) {
  static const std::uint32_t basis[32] = {
      0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
      0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
      0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
      0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756};
  page[8] = page[9] = 0;
  page.append(2 * 128, '\0');  // two more rounds
  std::uint32_t sum = block;
  for (std::size_t lane = 0; lane < 32; ++lane) {
    std::uint32_t hash = basis[lane];
    for (std::size_t at = 4 * lane; at < page.size(); at += 128) {
      std::uint32_t word = 0;
      std::memcpy(&word, page.data() + at, sizeof word);
      const std::uint32_t value = hash ^ word;
      hash = (value * 16777619U) ^ (value >> 17);
    }
    sum ^= hash;
  }
  return static_cast<std::uint16_t>(sum % 65535 + 1);
}

TEST_CASE("page checksums are the same with every set of instructions, for every size of page") {
  for (const std::size_t size : {1024, 2048, 8192, 16384, 32768})
    for (std::uint32_t block = 0; block < 20; ++block) {
      std::string page(size, '\0');
      for (std::size_t i = 0; i < size; ++i) page[i] = static_cast<char>(i * (block + 7) >> 3);
      const std::uint16_t expected = reference(page, block * 1000003);
      CHECK(page_checksum(view_of(page), block * 1000003) == expected);
      CHECK(portable::page_checksum(view_of(page), block * 1000003) == expected);
    }
}

TEST_CASE("a page checksum depends on content and block, but not on the checksum in the page") {
  std::string page = good_page(7);
  const std::uint16_t right = page_checksum(view_of(page), 7);
  CHECK(right != 0);
  CHECK(read_page_header(view_of(page)).checksum == right);
  page[8] = 'x';
  CHECK(page_checksum(view_of(page), 7) == right);
  CHECK(page_checksum(view_of(page), 8) != right);
  page[8191] = static_cast<char>(page[8191] ^ 1);
  CHECK(page_checksum(view_of(page), 7) != right);
}

TEST_CASE("a page header tells the LSN, the checksum and whether the page is new") {
  const PageHeader header = read_page_header(view_of(good_page(3, 0x12'3456789a)));
  CHECK(header.lsn == 0x12'3456789a);
  CHECK_FALSE(header.is_new());
  CHECK(read_page_header(view_of(std::string(8192, '\0'))).is_new());
}
