#include "codec/codec_sink.h"

#include <tapster/error.h>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kOutputPiece = 128 * 1024;
constexpr std::size_t kLargestStep = 1 << 30;

}  // namespace

CodecSink::CodecSink(Compression compression, ByteSink& next)
    : compression_(compression), next_(next), buffer_(std::make_unique_for_overwrite<std::byte[]>(kOutputPiece)) {}

void CodecSink::write(Bytes data) {
  for (bool draining = false; draining || !data.empty();) {
    const Progress progress = step(data.first(std::min(data.size(), kLargestStep)), free_output());
    data = data.subspan(progress.consumed);
    draining = produced(progress.produced);
    if (progress.consumed == 0 && progress.produced == 0 && !data.empty()) throw_damaged("the decoder is stuck");
  }
}

void CodecSink::finish() {
  for (bool ended = false; !ended;) {
    const Progress progress = end(free_output());
    produced(progress.produced);
    ended = progress.ended;
  }
  write_out();
  next_.finish();
}

std::span<std::byte> CodecSink::free_output() const { return {buffer_.get() + used_, kOutputPiece - used_}; }

// Returns whether the buffer became full, so that the library may hold more output.
bool CodecSink::produced(std::size_t count) {
  used_ += count;
  if (used_ < kOutputPiece) return false;
  write_out();
  return true;
}

void CodecSink::write_out() {
  const std::size_t count = std::exchange(used_, 0);
  if (count != 0) next_.write({buffer_.get(), count});
}

void CodecSink::throw_damaged(std::string_view reason) const { tapster::throw_damaged(compression_, reason); }

void CodecSink::throw_truncated() const { tapster::throw_truncated(compression_); }

void throw_damaged(Compression compression, std::string_view reason) {
  throw error(ErrorKind::general, "the {} data is damaged: {}", name_of(compression), reason);
}

void throw_truncated(Compression compression) {
  throw error(ErrorKind::general, "the {} data is truncated: its end is missing", name_of(compression));
}

}  // namespace tapster
