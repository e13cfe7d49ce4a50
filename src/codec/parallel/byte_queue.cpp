#include "codec/parallel/byte_queue.h"

#include <algorithm>
#include <utility>

namespace tapster {

ByteQueue::ByteQueue(std::size_t pieces, std::size_t piece_size) : piece_size_(piece_size), empty_(pieces - 1) {
  for (Piece& piece : empty_) piece.reserve(piece_size);
  current_.reserve(piece_size);
}

void ByteQueue::write(Bytes data) {
  while (!data.empty()) {
    const Bytes part = data.first(std::min(data.size(), piece_size_ - current_.size()));
    current_.insert(current_.end(), part.begin(), part.end());
    data = data.subspan(part.size());
    if (current_.size() == piece_size_) hand_over();
  }
}

void ByteQueue::hand_over() {
  std::unique_lock lock(mutex_);
  full_.push_back(std::move(current_));
  changed_.notify_all();
  changed_.wait(lock, [this] { return abandoned_ || !empty_.empty(); });
  if (abandoned_) throw Abandoned{};
  current_ = std::move(empty_.back());
  empty_.pop_back();
}

void ByteQueue::finish() {
  if (!current_.empty()) hand_over();
  const std::lock_guard lock(mutex_);
  if (abandoned_) throw Abandoned{};
  finished_ = true;
  changed_.notify_all();
}

void ByteQueue::fail() noexcept {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  changed_.notify_all();
}

void ByteQueue::give_up() noexcept {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

void ByteQueue::drain(ByteSink& sink) {
  try {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return failed_ || finished_ || !full_.empty(); });
      if (failed_) throw Abandoned{};
      if (full_.empty()) break;
      Piece piece = std::move(full_.front());
      full_.pop_front();
      lock.unlock();
      sink.write(piece);
      piece.clear();
      lock.lock();
      empty_.push_back(std::move(piece));
      changed_.notify_all();
    }
    lock.unlock();
    sink.finish();
  } catch (...) {
    give_up();
    throw;
  }
}

}  // namespace tapster
