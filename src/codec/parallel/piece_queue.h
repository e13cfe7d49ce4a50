// A bounded queue of bytes between two threads: what one writes, the other hands on.
#pragma once

#include <tapster/byte_sink.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace tapster {

// One thread writes and finishes, another one drains. Pieces are collected to `piece_size` bytes in buffers
// that are used again and again: `pieces` of them are all the memory it takes.
class PieceQueue final : public ByteSink {
 public:
  PieceQueue(std::size_t pieces, std::size_t piece_size);

  // The writer's side. Throws Abandoned when the other side has given up.
  void write(Bytes data) override;
  void finish() override;  // no more will come
  void fail() noexcept;    // no more will come, and what came is worth nothing

  // The reader's side: writes everything into `sink` and finishes it. Throws Abandoned after fail(); when `sink`
  // throws, the writer is told and the exception comes out.
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
