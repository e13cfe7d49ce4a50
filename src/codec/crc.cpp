#include "codec/crc.h"

#include <libdeflate.h>

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace tapster {
namespace {

constexpr std::uint32_t kCrc32Polynomial = 0xedb88320;              // 0x04c11db7, reflected
constexpr std::uint32_t kCrc32cPolynomial = 0x82f63b78;             // 0x1edc6f41, reflected
constexpr std::uint64_t kCrc64NvmePolynomial = 0x9a6c9329ac4bc9b5;  // 0xad93d23594c93659, reflected

std::uint64_t load64(const std::byte* from) {  // little-endian
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

// Slicing by eight: tables[k][b] is the effect of byte b followed by k zero bytes.
template <typename Crc>
using Tables = std::array<std::array<Crc, 256>, 8>;

template <typename Crc, Crc Polynomial>
constexpr Tables<Crc> make_tables() {
  Tables<Crc> tables{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    Crc crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? Polynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t zeros = 1; zeros < 8; ++zeros)
    for (unsigned byte = 0; byte < 256; ++byte) {
      const Crc crc = tables[zeros - 1][byte];
      tables[zeros][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  return tables;
}

constexpr Tables<std::uint32_t> kCrc32cTables = make_tables<std::uint32_t, kCrc32cPolynomial>();
constexpr Tables<std::uint64_t> kCrc64NvmeTables = make_tables<std::uint64_t, kCrc64NvmePolynomial>();

template <typename Crc>
Crc by_table(const Tables<Crc>& tables, Crc crc, Bytes data) {
  for (; data.size() >= 8; data = data.subspan(8)) {
    const std::uint64_t word = load64(data.data()) ^ crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (const std::byte byte : data) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<Crc>(byte)) & 0xff];
  return crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::uint32_t crc, Bytes data) {
  std::uint64_t wide = crc;
  for (; data.size() >= 8; data = data.subspan(8)) wide = _mm_crc32_u64(wide, load64(data.data()));
  crc = static_cast<std::uint32_t>(wide);
  for (const std::byte byte : data) crc = _mm_crc32_u8(crc, std::to_integer<unsigned char>(byte));
  return crc;
}

// x^power modulo the polynomial, reflected: bit 63 is the coefficient of x^0.
template <typename Crc, Crc Polynomial>
constexpr std::uint64_t power_of_x(unsigned power) {
  constexpr unsigned kBits = 8 * sizeof(Crc);
  Crc value = Crc{1} << (kBits - 1);
  while (power-- != 0) value = (value >> 1) ^ ((value & 1) != 0 ? Polynomial : 0);
  return std::uint64_t{value} << (64 - kBits);
}

// Folding by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction", Intel 2009): moves 128 bits of remainder `Bits` bits ahead and adds `next`.
// The product of reflected factors is shifted by one bit, so the powers are one less.
template <typename Crc, Crc Polynomial, unsigned Bits>
__attribute__((target("pclmul"))) inline __m128i fold(__m128i remainder, __m128i next) {
  constexpr auto kNear = static_cast<long long>(power_of_x<Crc, Polynomial>(Bits - 1));
  constexpr auto kFar = static_cast<long long>(power_of_x<Crc, Polynomial>(Bits + 64 - 1));
  const __m128i factors = _mm_set_epi64x(kNear, kFar);
  const __m128i first = _mm_clmulepi64_si128(remainder, factors, 0x00);
  const __m128i second = _mm_clmulepi64_si128(remainder, factors, 0x11);
  return _mm_xor_si128(next, _mm_xor_si128(first, second));
}

__m128i load128(const std::byte* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

using Folded = std::array<std::byte, 16>;
constexpr std::size_t kWorthFolding = 128;

// Reduces `data`, a multiple of 64 bytes, to 16 bytes whose remainder, computed from 0, is the same.
template <typename Crc, Crc Polynomial>
__attribute__((target("pclmul"))) Folded folded(Crc crc, Bytes data) {
  // Not an array: compilers may keep an array in memory, which halves the speed.
  __m128i a = load128(data.data());
  __m128i b = load128(data.data() + 16);
  __m128i c = load128(data.data() + 32);
  __m128i d = load128(data.data() + 48);
  a = _mm_xor_si128(a, _mm_set_epi64x(0, static_cast<long long>(crc)));
  for (data = data.subspan(64); !data.empty(); data = data.subspan(64)) {
    a = fold<Crc, Polynomial, 512>(a, load128(data.data()));
    b = fold<Crc, Polynomial, 512>(b, load128(data.data() + 16));
    c = fold<Crc, Polynomial, 512>(c, load128(data.data() + 32));
    d = fold<Crc, Polynomial, 512>(d, load128(data.data() + 48));
  }
  b = fold<Crc, Polynomial, 128>(a, b);
  c = fold<Crc, Polynomial, 128>(b, c);
  d = fold<Crc, Polynomial, 128>(c, d);
  Folded rest;
  std::memcpy(rest.data(), &d, rest.size());
  return rest;
}

// The same with AVX-512, which does four of these multiplications at once.
#define TAPSTER_WIDE __attribute__((target("avx512f,vpclmulqdq,pclmul")))

template <typename Crc, Crc Polynomial, unsigned Bits>
TAPSTER_WIDE inline __m512i fold_wide(__m512i remainder, __m512i next) {
  constexpr auto kNear = static_cast<long long>(power_of_x<Crc, Polynomial>(Bits - 1));
  constexpr auto kFar = static_cast<long long>(power_of_x<Crc, Polynomial>(Bits + 64 - 1));
  const __m512i factors = _mm512_set_epi64(kNear, kFar, kNear, kFar, kNear, kFar, kNear, kFar);
  const __m512i first = _mm512_clmulepi64_epi128(remainder, factors, 0x00);
  const __m512i second = _mm512_clmulepi64_epi128(remainder, factors, 0x11);
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(next, first, second, kXorOfThree);
}

constexpr std::size_t kWide = 256;  // bytes of one step
constexpr std::size_t kWorthFoldingWide = 4 * kWide;

// As folded(), for a multiple of kWide bytes.
template <typename Crc, Crc Polynomial>
TAPSTER_WIDE Folded folded_wide(Crc crc, Bytes data) {
  const auto load = [&](std::size_t at) TAPSTER_WIDE { return _mm512_loadu_si512(data.data() + at); };
  __m512i a = load(0);
  __m512i b = load(64);
  __m512i c = load(128);
  __m512i d = load(192);
  a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_set_epi64x(0, static_cast<long long>(crc))));
  for (data = data.subspan(kWide); !data.empty(); data = data.subspan(kWide)) {
    a = fold_wide<Crc, Polynomial, 2048>(a, load(0));
    b = fold_wide<Crc, Polynomial, 2048>(b, load(64));
    c = fold_wide<Crc, Polynomial, 2048>(c, load(128));
    d = fold_wide<Crc, Polynomial, 2048>(d, load(192));
  }
  b = fold_wide<Crc, Polynomial, 512>(a, b);
  c = fold_wide<Crc, Polynomial, 512>(b, c);
  d = fold_wide<Crc, Polynomial, 512>(c, d);
  std::array<std::byte, 64> lanes;
  _mm512_storeu_si512(lanes.data(), d);
  __m128i rest = load128(lanes.data());
  for (std::size_t at = 16; at < lanes.size(); at += 16) {
    rest = fold<Crc, Polynomial, 128>(rest, load128(lanes.data() + at));
  }
  Folded bytes;
  std::memcpy(bytes.data(), &rest, bytes.size());
  return bytes;
}

bool has_wide_multiplication() {
  static const bool has = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0 &&
                          __builtin_cpu_supports("pclmul") != 0;
  return has;
}

// Processes whole steps of `data` with AVX-512, if it has enough of them, and removes them from `data`. Returns the
// remainder; `finish` computes it from the folded bytes.
template <typename Crc, Crc Polynomial, typename Finish>
Crc remainder_wide(Crc crc, Bytes& data, const Finish& finish) {
  if (data.size() < kWorthFoldingWide || !has_wide_multiplication()) return crc;
  const std::size_t whole = data.size() / kWide * kWide;
  crc = finish(folded_wide<Crc, Polynomial>(crc, data.first(whole)));
  data = data.subspan(whole);
  return crc;
}

#endif

std::uint32_t crc32c_remainder(std::uint32_t crc, Bytes data) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  static const bool has_pclmul = __builtin_cpu_supports("pclmul") != 0;
  crc = remainder_wide<std::uint32_t, kCrc32cPolynomial>(
      crc, data, [](const Folded& rest) { return by_table<std::uint32_t>(kCrc32cTables, 0, rest); });
  if (has_sse42 && has_pclmul &&
      data.size() >= kWorthFolding) {  // folding is faster than the CRC instruction, which takes three cycles a word
    const std::size_t whole = data.size() / 64 * 64;
    crc = crc32c_sse42(0, folded<std::uint32_t, kCrc32cPolynomial>(crc, data.first(whole)));
    data = data.subspan(whole);
  }
  if (has_sse42) return crc32c_sse42(crc, data);
#elif defined(__ARM_FEATURE_CRC32)
  for (; data.size() >= 8; data = data.subspan(8)) crc = __crc32cd(crc, load64(data.data()));
#endif
  return by_table(kCrc32cTables, crc, data);
}

std::uint64_t crc64nvme_remainder(std::uint64_t crc, Bytes data) {
#if defined(__x86_64__)
  static const bool has_pclmul = __builtin_cpu_supports("pclmul") != 0;
  crc = remainder_wide<std::uint64_t, kCrc64NvmePolynomial>(
      crc, data, [](const Folded& rest) { return by_table<std::uint64_t>(kCrc64NvmeTables, 0, rest); });
  if (has_pclmul && data.size() >= kWorthFolding) {
    const std::size_t whole = data.size() / 64 * 64;
    const Folded rest = folded<std::uint64_t, kCrc64NvmePolynomial>(crc, data.first(whole));
    crc = by_table<std::uint64_t>(kCrc64NvmeTables, 0, rest);
    data = data.subspan(whole);
  }
#endif
  return by_table(kCrc64NvmeTables, crc, data);
}

// The product of two polynomials modulo CRC-32C's, reflected: bit 31 is the coefficient of x^0.
std::uint32_t multiply_crc32c(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = std::uint32_t{1} << 31; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kCrc32cPolynomial : 0);
  }
  return product;
}

}  // namespace

std::uint32_t crc32(std::uint32_t crc, Bytes data) {
#if defined(__x86_64__)
  crc = ~remainder_wide<std::uint32_t, kCrc32Polynomial>(
      ~crc, data, [](const Folded& rest) { return ~libdeflate_crc32(~0U, rest.data(), rest.size()); });
#endif
  return libdeflate_crc32(crc, data.data(), data.size());
}

std::uint32_t crc32c(std::uint32_t crc, Bytes data) { return ~crc32c_remainder(~crc, data); }

// Multiplies the remainder of the first bytes by x^8 for each of the second bytes.
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  std::uint32_t shift = std::uint32_t{1} << 31;         // x^0
  std::uint32_t power = std::uint32_t{1} << (31 - 8U);  // x^8, then its squares
  for (; second_size != 0; second_size >>= 1) {
    if ((second_size & 1) != 0) shift = multiply_crc32c(power, shift);
    power = multiply_crc32c(power, power);
  }
  return multiply_crc32c(shift, first) ^ second;
}

std::uint64_t crc64nvme(std::uint64_t crc, Bytes data) { return ~crc64nvme_remainder(~crc, data); }

namespace crc_by_table {

std::uint32_t crc32c(std::uint32_t crc, Bytes data) { return ~by_table(kCrc32cTables, ~crc, data); }

std::uint64_t crc64nvme(std::uint64_t crc, Bytes data) { return ~by_table(kCrc64NvmeTables, ~crc, data); }

}  // namespace crc_by_table
}  // namespace tapster
