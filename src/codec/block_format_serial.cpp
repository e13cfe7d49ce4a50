// A BlockFormat without threads: each block is packed and delivered when it is full.
#include "codec/block_format.h"
#include "file/page_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tapster {
namespace {

class SerialSink final : public ByteSink {
 public:
  SerialSink(std::unique_ptr<BlockFormat> format, ByteSink& next)
      : format_(std::move(format)),
        next_(next),
        worker_(format_->make_worker()),
        input_(format_->block_size()),
        output_(format_->bound()) {}

  void write(Bytes data) override {
    while (!data.empty()) {
      const std::size_t count = std::min(data.size(), input_.size() - filled_);
      std::memcpy(input_.data() + filled_, data.data(), count);
      data = data.subspan(count);
      filled_ += count;
      if (filled_ == input_.size()) deliver_block();
    }
  }

  void finish() override {
    if (filled_ != 0) deliver_block();
    begin(true);
    next_.write(format_->end());
    next_.finish();
  }

 private:
  void begin(bool empty) {
    if (!std::exchange(begun_, true)) next_.write(format_->begin(empty));
  }

  void deliver_block() {
    begin(false);
    const PackedBlock block =
        worker_->pack({input_.data(), std::exchange(filled_, 0)}, {output_.data(), output_.size()});
    format_->add(block);
    next_.write({output_.data(), block.packed});
  }

  const std::unique_ptr<BlockFormat> format_;
  ByteSink& next_;
  const std::unique_ptr<BlockWorker> worker_;
  PageBuffer input_, output_;
  std::size_t filled_ = 0;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_serial_sink(std::unique_ptr<BlockFormat> format, ByteSink& next) {
  return std::make_unique<SerialSink>(std::move(format), next);
}

}  // namespace tapster
