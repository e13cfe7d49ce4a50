#include "backup/copy/page_checksum.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tapster {
namespace {

// 32 FNV-1a hashes side by side, each of every 32nd word, with a shift that lets the high bits reach the low ones;
// in the end they are folded together. Vectors of the compiler: its loops are only vectorised at -O3.
constexpr std::uint32_t kPrime = 16777619;
constexpr std::size_t kLanes = 32;
constexpr std::size_t kRow = kLanes * sizeof(std::uint32_t);
constexpr std::size_t kChecksumOffset = 8;

constexpr std::array<std::uint32_t, kLanes> kBasis = {
    0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
    0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
    0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
    0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756};

using Sums = std::array<std::uint32_t, kLanes>;
using Mix = void(Sums& sums, const std::byte* row, std::size_t rows);

void mix_portable(Sums& sums, const std::byte* row, std::size_t rows) {
  using Vector = std::uint32_t __attribute__((vector_size(16)));
  constexpr std::size_t kVectors = kRow / sizeof(Vector);
  Vector lanes[kVectors];
  std::memcpy(lanes, sums.data(), kRow);
  for (; rows != 0; --rows, row += kRow) {
    Vector words[kVectors];
    std::memcpy(words, row, kRow);
    for (std::size_t i = 0; i < kVectors; ++i) {
      const Vector value = lanes[i] ^ words[i];
      lanes[i] = (value * kPrime) ^ (value >> 17);
    }
  }
  std::memcpy(sums.data(), lanes, kRow);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void mix_avx2(Sums& sums, const std::byte* row, std::size_t rows) {
  const __m256i prime = _mm256_set1_epi32(kPrime);
  auto* const stored = reinterpret_cast<__m256i*>(sums.data());
  __m256i lanes[4];
  for (std::size_t i = 0; i < 4; ++i) lanes[i] = _mm256_loadu_si256(stored + i);
  for (; rows != 0; --rows, row += kRow) {
    const auto* const words = reinterpret_cast<const __m256i*>(row);
    for (std::size_t i = 0; i < 4; ++i) {
      const __m256i value = _mm256_xor_si256(lanes[i], _mm256_loadu_si256(words + i));
      lanes[i] = _mm256_xor_si256(_mm256_mullo_epi32(value, prime), _mm256_srli_epi32(value, 17));
    }
  }
  for (std::size_t i = 0; i < 4; ++i) _mm256_storeu_si256(stored + i, lanes[i]);
}
#endif

std::uint16_t checksum_by(Mix* mix, Bytes page, std::uint32_t block) {
  Sums sums = kBasis;
  std::array<std::byte, 2 * kRow> rows{};
  std::memcpy(rows.data(), page.data(), kRow);
  std::memset(rows.data() + kChecksumOffset, 0, sizeof(std::uint16_t));
  mix(sums, rows.data(), 1);
  mix(sums, page.data() + kRow, page.size() / kRow - 1);
  rows.fill(std::byte{0});
  mix(sums, rows.data(), 2);
  std::uint32_t sum = block;
  for (const std::uint32_t lane : sums) sum ^= lane;
  return static_cast<std::uint16_t>(sum % 65535 + 1);  // never 0, which means that there is none
}

}  // namespace

PageHeader read_page_header(Bytes page) {
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  PageHeader header;
  std::memcpy(&high, page.data(), sizeof high);
  std::memcpy(&low, page.data() + 4, sizeof low);
  std::memcpy(&header.checksum, page.data() + kChecksumOffset, sizeof header.checksum);
  std::memcpy(&header.upper, page.data() + 14, sizeof header.upper);
  header.lsn = (std::uint64_t{high} << 32) | low;
  return header;
}

std::uint16_t page_checksum(Bytes page, std::uint32_t block) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return checksum_by(mix_avx2, page, block);
#endif
  return portable::page_checksum(page, block);
}

std::uint16_t portable::page_checksum(Bytes page, std::uint32_t block) {
  return checksum_by(mix_portable, page, block);
}

}  // namespace tapster
