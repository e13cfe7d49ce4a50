#include "codec/parallel/serial_block_sink.h"

#include "file/page_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tapster {
namespace {

class SerialBlockSink final : public ByteSink {
 public:
  SerialBlockSink(std::unique_ptr<BlockFormat> format, ByteSink& next)
      : format_(std::move(format)),
        next_(next),
        compressor_(format_->make_compressor()),
        input_(format_->block_size()),
        output_(format_->max_compressed_size()) {}

  void write(Bytes data) override {
    while (!data.empty()) {
      const std::size_t count = std::min(data.size(), input_.size() - filled_);
      std::memcpy(input_.data() + filled_, data.data(), count);
      data = data.subspan(count);
      filled_ += count;
      if (filled_ == input_.size()) write_block();
    }
  }

  void finish() override {
    if (filled_ != 0) write_block();
    write_header(true);
    next_.write(format_->trailer());
    next_.finish();
  }

 private:
  void write_header(bool empty) {
    if (!std::exchange(header_written_, true)) next_.write(format_->header(empty));
  }

  void write_block() {
    write_header(false);
    const CompressedBlock block =
        compressor_->compress({input_.data(), std::exchange(filled_, 0)}, {output_.data(), output_.size()});
    format_->add_to_trailer(block);
    next_.write({output_.data(), block.compressed_size});
  }

  const std::unique_ptr<BlockFormat> format_;
  ByteSink& next_;
  const std::unique_ptr<BlockCompressor> compressor_;
  PageBuffer input_, output_;
  std::size_t filled_ = 0;
  bool header_written_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_serial_block_sink(std::unique_ptr<BlockFormat> format, ByteSink& next) {
  return std::make_unique<SerialBlockSink>(std::move(format), next);
}

}  // namespace tapster
