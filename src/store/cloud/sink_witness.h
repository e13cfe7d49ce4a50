// Whether an answer has begun to reach its receiver.
#pragma once

#include <tapster/byte_sink.h>

namespace tapster {

// Passes everything on, and tells whether anything has come: from then on a repeat of the request would
// write it twice. Borrows the next sink.
class SinkWitness final : public ByteSink {
 public:
  explicit SinkWitness(ByteSink& next) : next_(next) {}
  void write(Bytes data) override {
    touched_ = true;
    next_.write(data);
  }
  void finish() override { next_.finish(); }
  bool touched() const noexcept { return touched_; }

 private:
  ByteSink& next_;
  bool touched_ = false;
};

}  // namespace tapster
