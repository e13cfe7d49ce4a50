// The snappy framing format (framing_format.txt of the snappy project): a stream identifier,
// then chunks of a type (1 byte), a length (3 bytes, little-endian) and the masked CRC-32C of
// at most 64 KiB of data, which follow compressed or stored. An empty input gives an empty
// output without an identifier, as the original writes it; reading accepts it.
#include "base/little_endian.h"
#include "codec/codec.h"
#include "codec/codec_sink.h"
#include "codec/crc.h"
#include "codec/parallel/parallel_block_sink.h"

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

std::size_t largest_chunk() { return kHeader + kCrc + snappy::MaxCompressedLength(kChunk); }

// Makes a chunk of `data` (at most kChunk bytes) in `out`, which has room for largest_chunk(); returns its size.
std::size_t make_chunk(Bytes data, std::byte* out) {
  std::byte* const body = out + kHeader + kCrc;
  std::size_t size = 0;
  snappy::RawCompress(chars(data.data()), data.size(), chars(body), &size);
  // As the format's other writers do: what saves less than an eighth is stored uncompressed.
  const bool stored = size > data.size() - data.size() / 8;
  if (stored) {
    size = data.size();
    std::memcpy(body, data.data(), size);
  }
  out[0] = static_cast<std::byte>(stored ? kStored : kCompressed);
  store_little_endian<3>(out + 1, static_cast<std::uint32_t>(kCrc + size));
  store_little_endian<4>(out + kHeader, masked_crc(data));
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

// For several threads. A block is many chunks.
class SnappyBlockCompressor final : public BlockCompressor {
 public:
  CompressedBlock compress(Bytes block, std::span<std::byte> out) override {
    std::size_t size = 0;
    for (std::size_t begin = 0; begin < block.size(); begin += kChunk) {
      size += make_chunk(block.subspan(begin, std::min(kChunk, block.size() - begin)), out.data() + size);
    }
    return {block.size(), size, 0};
  }
};

class SnappyBlocks final : public BlockFormat {
 public:
  std::size_t block_size() const override { return kChunks * kChunk; }
  std::size_t max_compressed_size() const override { return kChunks * largest_chunk(); }
  std::unique_ptr<BlockCompressor> make_compressor() const override {
    return std::make_unique<SnappyBlockCompressor>();
  }
  std::vector<std::byte> header(bool empty) override {
    const auto identifier = std::as_bytes(std::span(kStreamIdentifier));
    return empty ? std::vector<std::byte>() : std::vector<std::byte>(identifier.begin(), identifier.end());
  }
  std::vector<std::byte> trailer() override { return {}; }

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

  // Refuses a length that a valid stream cannot have, before memory is used for it.
  void begin_chunk() {
    const auto type = std::to_integer<unsigned>(chunk_[0]);
    const std::size_t length = load_little_endian<3>(chunk_.data() + 1);
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
      if (load_little_endian<4>(chunk_.data() + kHeader) != masked_crc(content)) damaged("a chunk's checksum is wrong");
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
  std::vector<std::byte> chunk_;  // the current one, as far as it has arrived
  std::vector<std::byte> output_;
  std::size_t wanted_ = kHeader;  // bytes that chunk_ needs before its next step: its header, then all of it
  std::size_t to_skip_ = 0;       // bytes left of a skippable chunk
  bool identified_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_snappy_compressor(int /*level*/, ByteSink& next, ContentSize) {
  return std::make_unique<SnappyCompressor>(next);
}

std::unique_ptr<ByteSink> make_parallel_snappy_compressor(int /*level*/, int threads, ByteSink& next) {
  return make_parallel_block_sink(std::make_unique<SnappyBlocks>(), threads, kSpareBlocks, next);
}

std::unique_ptr<ByteSink> make_snappy_decompressor(ByteSink& next) {
  return std::make_unique<SnappyDecompressor>(next);
}

}  // namespace tapster
