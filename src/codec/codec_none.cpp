// No compression: bytes pass as they are.
#include "codec/codec.h"

namespace tapster {
namespace {

class PassThrough final : public ByteSink {
 public:
  explicit PassThrough(ByteSink& next) : next_(next) {}
  void write(Bytes data) override { next_.write(data); }
  std::span<std::byte> room() override { return next_.room(); }
  void filled(std::size_t count) override { next_.filled(count); }
  void finish() override { next_.finish(); }

 private:
  ByteSink& next_;
};

}  // namespace

std::unique_ptr<ByteSink> make_none_compressor(int /*level*/, ByteSink& next, ContentSize) {
  return std::make_unique<PassThrough>(next);
}

std::unique_ptr<ByteSink> make_none_decompressor(ByteSink& next) { return std::make_unique<PassThrough>(next); }

}  // namespace tapster
