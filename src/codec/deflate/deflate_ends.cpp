#include "codec/deflate/deflate_ends.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tapster {
namespace {

constexpr unsigned kMaxCodeLength = 15;
constexpr std::size_t kLiterals = 288, kDistances = 32, kEndOfBlock = 256;

// Lookup tables are indexed by the next bits of the stream. An entry has the number of bits of the symbol that begins
// there and of the extra bits that follow it, and the kind of the symbol. An entry is 0 where no symbol begins with
// these bits.
using Entry = std::uint16_t;
constexpr Entry kBitsMask = 31, kMatch = 32, kEnd = 64;

class BitReader {
 public:
  explicit BitReader(Bytes data) : data_(data) {}

  // The next bits, 57 at least; zeros where the data have ended.
  std::uint64_t peek() const {
    const std::size_t byte = position_ / 8;
    std::uint64_t word = 0;
    if (byte + sizeof word <= data_.size()) {
      std::memcpy(&word, data_.data() + byte, sizeof word);
      if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    } else {
      for (std::size_t i = byte; i < data_.size(); ++i) {
        word |= static_cast<std::uint64_t>(data_[i]) << (8 * (i - byte));
      }
    }
    return word >> (position_ % 8);
  }
  void skip(std::size_t bits) { position_ += bits; }
  void align() { position_ = (position_ + 7) / 8 * 8; }
  unsigned take(unsigned bits) {
    const auto value = static_cast<unsigned>(peek() & ((1U << bits) - 1));
    skip(bits);
    return value;
  }
  std::size_t position() const { return position_; }
  bool overrun() const { return position_ > data_.size() * 8; }

 private:
  Bytes data_;
  std::size_t position_ = 0;  // in bits
};

unsigned reversed(unsigned code, unsigned length) {
  unsigned result = 0;
  for (unsigned i = 0; i < length; ++i) result |= ((code >> i) & 1U) << (length - 1 - i);
  return result;
}

// The lookup table of a canonical Huffman code.
class CodeTable {
 public:
  // `lengths` are those of the symbols' codes; `meaning` returns the kind of a symbol plus the number of its extra
  // bits. False when there are more codes than their lengths allow.
  template <typename Meaning>
  bool build(std::span<const std::uint8_t> lengths, Meaning meaning) {
    std::array<unsigned, kMaxCodeLength + 1> count{}, next{};
    for (const std::uint8_t length : lengths) ++count[length];
    count[0] = 0;
    unsigned longest = 1, code = 0;
    for (unsigned length = 1; length <= kMaxCodeLength; ++length) {
      code = (code + count[length - 1]) * 2;
      next[length] = code;
      if (code + count[length] > 1U << length) return false;
      if (count[length] != 0) longest = length;
    }
    mask_ = (1U << longest) - 1;
    entries_.assign(std::size_t{1} << longest, 0);
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const unsigned length = lengths[symbol];
      if (length == 0) continue;
      const auto entry = static_cast<Entry>(meaning(symbol) + length);
      for (std::size_t at = reversed(next[length]++, length); at <= mask_; at += std::size_t{1} << length) {
        entries_[at] = entry;
      }
    }
    return true;
  }
  Entry operator[](std::uint64_t bits) const { return entries_[bits & mask_]; }

 private:
  std::vector<Entry> entries_;
  std::uint64_t mask_ = 0;
};

Entry literal_meaning(std::size_t symbol) {
  if (symbol < kEndOfBlock) return 0;
  if (symbol == kEndOfBlock) return kEnd;
  const std::size_t extra = symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4;
  return static_cast<Entry>(kMatch + extra);
}

Entry distance_meaning(std::size_t symbol) { return static_cast<Entry>(symbol < 4 ? 0 : (symbol - 2) / 2); }

class BlockSkipper {
 public:
  explicit BlockSkipper(BitReader& bits) : bits_(bits) {}

  // Skips a block whose first bit has been read. False when it is not a whole block.
  bool skip_block() {
    switch (bits_.take(2)) {
      case 0:
        return skip_stored();
      case 1:
        return use_fixed_codes() && skip_symbols();
      case 2:
        return read_codes() && skip_symbols();
      default:
        return false;
    }
  }

 private:
  bool skip_stored() {
    bits_.align();
    const unsigned size = bits_.take(16), complement = bits_.take(16);
    bits_.skip(std::size_t{size} * 8);
    return (size ^ complement) == 0xffffU && !bits_.overrun();
  }

  bool use_fixed_codes() {
    std::array<std::uint8_t, kLiterals> lengths{};
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    }
    std::array<std::uint8_t, kDistances> distances{};
    distances.fill(5);
    return use(lengths, distances);
  }

  bool use(std::span<const std::uint8_t> literals, std::span<const std::uint8_t> distances) {
    return literals_.build(literals, literal_meaning) && distances_.build(distances, distance_meaning);
  }

  bool read_codes() {
    constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = bits_.take(5) + 257, distances = bits_.take(5) + 1, codes = bits_.take(4) + 4;
    std::array<std::uint8_t, kOrder.size()> code_lengths{};
    for (std::size_t i = 0; i < codes; ++i) code_lengths[kOrder[i]] = static_cast<std::uint8_t>(bits_.take(3));
    // The entries of this table hold the symbol itself above the number of bits.
    if (!literals_.build(code_lengths, [](std::size_t symbol) { return static_cast<Entry>(symbol << 5U); }))
      return false;
    std::array<std::uint8_t, kLiterals + kDistances> lengths{};
    const std::size_t all = literals + distances;
    for (std::size_t at = 0; at < all;) {
      const Entry entry = literals_[bits_.peek()];
      if (entry == 0 || bits_.overrun()) return false;
      bits_.skip(entry & kBitsMask);
      const unsigned symbol = entry >> 5U;
      if (symbol < 16) {
        lengths[at++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      const std::uint8_t repeated = symbol == 16 && at != 0 ? lengths[at - 1] : 0;
      const std::size_t times = symbol == 16   ? 3 + bits_.take(2)
                                : symbol == 17 ? 3 + bits_.take(3)
                                               : 11 + bits_.take(7);
      if (at + times > all) return false;
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), times, repeated);
      at += times;
    }
    const std::span<const std::uint8_t> both(lengths);
    return use(both.first(literals), both.subspan(literals, distances));
  }

  bool skip_symbols() {
    // A match takes at most 15 + 5 bits for its length and 15 + 13 for its distance.
    constexpr unsigned kPeeked = 57, kLongestMatch = 48;
    BitReader bits = bits_;  // a local copy stays in registers
    while (!bits.overrun()) {
      std::uint64_t word = bits.peek();
      unsigned used = 0;
      do {
        const Entry entry = literals_[word];
        if (entry == 0) return false;
        const unsigned count = entry & kBitsMask;
        used += count;
        word >>= count;
        if ((entry & kMatch) != 0) {
          const Entry distance = distances_[word];
          if (distance == 0) return false;
          used += distance;
          break;
        }
        if ((entry & kEnd) != 0) {
          bits.skip(used);
          bits_ = bits;
          return !bits.overrun();
        }
      } while (used <= kPeeked - kLongestMatch);
      bits.skip(used);
    }
    return false;
  }

  BitReader& bits_;
  CodeTable literals_, distances_;
};

}  // namespace

std::optional<DeflateEnds> find_deflate_ends(Bytes stream) {
  BitReader bits(stream);
  BlockSkipper skipper(bits);
  for (;;) {
    const std::size_t block = bits.position();
    const bool last = bits.take(1) != 0;
    if (!skipper.skip_block()) return std::nullopt;
    if (last) return DeflateEnds{block, bits.position()};
  }
}

}  // namespace tapster
