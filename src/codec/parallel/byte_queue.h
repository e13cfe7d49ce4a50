// A bounded queue of bytes between two threads: one writes into it, the other reads from it.
#pragma once

#include <tapster/byte_sink.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace tapster {

// One thread calls write() and finish() or fail(), the other one drain(). Memory: `pieces` buffers of `piece_size`
// bytes, which are used again and again.
class ByteQueue final : public ByteSink {
 public:
  ByteQueue(std::size_t pieces, std::size_t piece_size);

  // The writer's side. write() waits for a free buffer; it and finish() throw Abandoned when drain() has failed.
  void write(Bytes data) override;
  void finish() override;  // all bytes were written
  void fail() noexcept;    // the writer has failed: drain() throws, whatever it has read

  // The reader's side: writes everything into `sink` and finishes it. Throws Abandoned after fail(), and whatever
  // `sink` throws; the writer then gets Abandoned.
  void drain(ByteSink& sink);

  struct Abandoned {};

 private:
  using Piece = std::vector<std::byte>;
  void hand_over();
  void give_up() noexcept;

  const std::size_t piece_size_;
  Piece current_;     // the writer's
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Piece> full_;
  std::vector<Piece> empty_;
  bool finished_ = false, failed_ = false, abandoned_ = false;
};

}  // namespace tapster
