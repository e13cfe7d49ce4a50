// The snappy framing format (framing_format.txt of the snappy project): a stream identifier,
// then chunks of a type (1 byte), a length (3 bytes, little-endian) and the masked CRC-32C of
// at most 64 KiB of data, which follow compressed or stored. An empty input gives an empty
// output without an identifier, as the original writes it, and is read as such.
#include "codec/block_format.h"
#include "codec/codec.h"
#include "codec/crc.h"

#include <snappy.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10U;  // of data, at most
constexpr std::size_t kHeader = 4, kCrc = 4;
constexpr unsigned kCompressed = 0x00, kStored = 0x01, kFirstSkippable = 0x80, kIdentifier = 0xff;
constexpr std::string_view kStreamIdentifier("\xff\x06\x00\x00sNaPpY", 10);

std::uint32_t masked_crc(Bytes data) {
  const std::uint32_t crc = crc32c(0, data);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

const char* chars(const std::byte* bytes) { return reinterpret_cast<const char*>(bytes); }
char* chars(std::byte* bytes) { return reinterpret_cast<char*>(bytes); }

template <std::size_t Size>
void store_little(std::byte* to, std::uint32_t value) {
  for (std::size_t i = 0; i < Size; ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}

template <std::size_t Size>
std::uint32_t load_little(const std::byte* from) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < Size; ++i) value |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  return value;
}

// Makes a chunk of `data` (at most kChunk bytes) in `out`, which has room for largest_chunk(); returns its size.
std::size_t largest_chunk() { return kHeader + kCrc + snappy::MaxCompressedLength(kChunk); }

std::size_t make_chunk(Bytes data, std::byte* out) {
  std::byte* const body = out + kHeader + kCrc;
  std::size_t size = 0;
  snappy::RawCompress(chars(data.data()), data.size(), chars(body), &size);
  // The rule of the format's other writers: a saving of less than an eighth is not worth it.
  const bool stored = size > data.size() - data.size() / 8;
  if (stored) {
    size = data.size();
    std::memcpy(body, data.data(), size);
  }
  out[0] = static_cast<std::byte>(stored ? kStored : kCompressed);
  store_little<3>(out + 1, static_cast<std::uint32_t>(kCrc + size));
  store_little<4>(out + kHeader, masked_crc(data));
  return kHeader + kCrc + size;
}

class SnappyCompressor final : public ByteSink {
 public:
  explicit SnappyCompressor(ByteSink& next) : next_(next) {
    input_.reserve(kChunk);
    output_.resize(largest_chunk());
  }

  void write(Bytes data) override {
    while (!data.empty()) {
      const Bytes part = data.first(std::min(data.size(), kChunk - input_.size()));
      data = data.subspan(part.size());
      input_.insert(input_.end(), part.begin(), part.end());
      if (input_.size() == kChunk) write_chunk();
    }
  }

  void finish() override {
    if (!input_.empty()) write_chunk();
    next_.finish();
  }

 private:
  void write_chunk() {
    if (!std::exchange(begun_, true)) next_.write(std::as_bytes(std::span(kStreamIdentifier)));
    next_.write({output_.data(), make_chunk(input_, output_.data())});
    input_.clear();
  }

  ByteSink& next_;
  std::vector<std::byte> input_, output_;
  bool begun_ = false;
};

// For several threads: blocks of many chunks.
class SnappyWorker final : public BlockWorker {
 public:
  PackedBlock pack(Bytes block, std::span<std::byte> out) override {
    std::size_t packed = 0;
    for (std::size_t begin = 0; begin < block.size(); begin += kChunk) {
      packed += make_chunk(block.subspan(begin, std::min(kChunk, block.size() - begin)), out.data() + packed);
    }
    return {block.size(), packed, 0};
  }
};

class SnappyBlocks final : public BlockFormat {
 public:
  std::size_t block_size() const override { return kChunks * kChunk; }
  std::size_t bound() const override { return kChunks * largest_chunk(); }
  std::unique_ptr<BlockWorker> make_worker() const override { return std::make_unique<SnappyWorker>(); }
  std::vector<std::byte> begin(bool empty) override {
    const auto identifier = std::as_bytes(std::span(kStreamIdentifier));
    return empty ? std::vector<std::byte>() : std::vector<std::byte>(identifier.begin(), identifier.end());
  }
  std::vector<std::byte> end() override { return {}; }

 private:
  static constexpr std::size_t kChunks = 16;
};

class SnappyDecompressor final : public ByteSink {
 public:
  explicit SnappyDecompressor(ByteSink& next) : next_(next), output_(kChunk) {
    chunk_.reserve(kHeader + kCrc + snappy::MaxCompressedLength(kChunk));
  }

  void write(Bytes data) override {
    while (!data.empty()) {
      if (to_skip_ != 0) {
        const std::size_t count = std::min(data.size(), to_skip_);
        to_skip_ -= count;
        data = data.subspan(count);
        continue;
      }
      const Bytes part = data.first(std::min(data.size(), wanted_ - chunk_.size()));
      data = data.subspan(part.size());
      chunk_.insert(chunk_.end(), part.begin(), part.end());
      if (chunk_.size() < wanted_) return;
      if (wanted_ == kHeader)
        begin_chunk();
      else
        end_chunk();
    }
  }

  void finish() override {
    if (!chunk_.empty() || to_skip_ != 0) throw_truncated(Compression::snappy);
    next_.finish();
  }

 private:
  [[noreturn]] static void damaged(std::string_view reason) { throw_damaged(Compression::snappy, reason); }

  // Judges a header, so that no length is believed that a valid stream cannot have.
  void begin_chunk() {
    const auto type = std::to_integer<unsigned>(chunk_[0]);
    const std::size_t length = load_little<3>(chunk_.data() + 1);
    if (!identified_ && type != kIdentifier) damaged("not a snappy framing stream");
    if (type == kIdentifier) {
      if (length != kStreamIdentifier.size() - kHeader) damaged("its stream identifier is wrong");
    } else if (type >= kFirstSkippable) {
      to_skip_ = length;
      chunk_.clear();
      return;
    } else if (type > kStored) {
      damaged("it has chunks of an unknown type");
    } else if (length < kCrc || length > kCrc + (type == kStored ? kChunk : snappy::MaxCompressedLength(kChunk))) {
      damaged("a chunk has an impossible length");
    }
    wanted_ = kHeader + length;
  }

  void end_chunk() {
    const auto type = std::to_integer<unsigned>(chunk_[0]);
    if (type == kIdentifier) {
      if (std::memcmp(chunk_.data(), kStreamIdentifier.data(), kStreamIdentifier.size()) != 0)
        damaged("its stream identifier is wrong");
      identified_ = true;
    } else {
      const Bytes body = Bytes(chunk_).subspan(kHeader + kCrc);
      const Bytes content = type == kStored ? body : uncompress(body);
      if (load_little<4>(chunk_.data() + kHeader) != masked_crc(content)) damaged("a chunk's checksum is wrong");
      next_.write(content);
    }
    chunk_.clear();
    wanted_ = kHeader;
  }

  Bytes uncompress(Bytes body) {
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(chars(body.data()), body.size(), &size) || size > kChunk ||
        !snappy::RawUncompress(chars(body.data()), body.size(), chars(output_.data())))
      damaged("a chunk cannot be uncompressed");
    return {output_.data(), size};
  }

  ByteSink& next_;
  std::vector<std::byte> chunk_;  // the current one, as far as it came
  std::vector<std::byte> output_;
  std::size_t wanted_ = kHeader;  // bytes of chunk_ before it can be looked at
  std::size_t to_skip_ = 0;
  bool identified_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_snappy_compressor(ByteSink& next) { return std::make_unique<SnappyCompressor>(next); }

std::unique_ptr<BlockFormat> make_snappy_blocks() { return std::make_unique<SnappyBlocks>(); }

std::unique_ptr<ByteSink> make_snappy_decompressor(ByteSink& next) {
  return std::make_unique<SnappyDecompressor>(next);
}

}  // namespace tapster
