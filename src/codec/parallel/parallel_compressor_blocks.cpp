// The threads around a BlockFormat: a ring of slots that the writer fills, workers pack in any order, and
// one thread delivers in order.
#include "codec/block_format.h"
#include "file/page_buffer.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace tapster {
namespace {

struct Slot {
  PageBuffer input, output;
  std::size_t filled = 0;
  PackedBlock block;
  bool packed = false;
};

class ParallelSink final : public ByteSink {
 public:
  ParallelSink(std::unique_ptr<BlockFormat> format, int threads, int spare, ByteSink& next)
      : format_(std::move(format)), next_(next), block_size_(format_->block_size()) {
    const auto workers = static_cast<std::size_t>(std::max(threads, 1));
    slots_.resize(workers + static_cast<std::size_t>(std::max(spare, 1)));
    for (Slot& slot : slots_) {
      slot.input = PageBuffer(block_size_);
      slot.output = PageBuffer(format_->bound());
    }
    threads_.reserve(workers + 1);
    try {
      for (std::size_t i = 0; i < workers; ++i) start(&ParallelSink::pack_blocks);
      start(&ParallelSink::deliver_blocks);
    } catch (...) {
      stop();
      throw;
    }
  }
  ParallelSink(const ParallelSink&) = delete;
  ParallelSink& operator=(const ParallelSink&) = delete;
  ~ParallelSink() override { stop(); }

  void write(Bytes data) override {
    while (!data.empty()) {
      const std::span<std::byte> free = room();
      const std::size_t count = std::min(data.size(), free.size());
      std::memcpy(free.data(), data.data(), count);
      data = data.subspan(count);
      filled(count);
    }
  }

  std::span<std::byte> room() override {
    if (current_ == nullptr) current_ = &free_slot();
    return {current_->input.data() + current_->filled, block_size_ - current_->filled};
  }

  void filled(std::size_t count) override {
    current_->filled += count;
    if (current_->filled == block_size_) queue_block();
  }

  void finish() override {
    if (current_ != nullptr) queue_block();
    std::unique_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return failure_ || delivered_all_; });
    if (failure_) std::rethrow_exception(failure_);
    lock.unlock();
    next_.finish();
  }

 private:
  void start(void (ParallelSink::*run)()) {
    threads_.emplace_back([this, run] {
      try {
        (this->*run)();
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        changed_.notify_all();
      }
    });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  bool over() const { return stopped_ || failure_; }
  Slot& slot(std::uint64_t number) { return slots_[static_cast<std::size_t>(number % slots_.size())]; }

  Slot& free_slot() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || queued_ - delivered_ < slots_.size(); });
    if (failure_) std::rethrow_exception(failure_);
    Slot& free = slot(queued_);
    free.filled = 0;
    free.packed = false;
    return free;
  }

  void queue_block() {
    const std::lock_guard lock(mutex_);
    current_ = nullptr;
    ++queued_;
    changed_.notify_all();
  }

  void pack_blocks() {
    const std::unique_ptr<BlockWorker> worker = format_->make_worker();
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return over() || taken_ < queued_ || ended_; });
      if (over() || taken_ == queued_) return;
      Slot& mine = slot(taken_++);
      lock.unlock();
      mine.block = worker->pack({mine.input.data(), mine.filled}, std::span(mine.output.data(), mine.output.size()));
      lock.lock();
      mine.packed = true;
      changed_.notify_all();
    }
  }

  void deliver_blocks() {
    std::unique_lock lock(mutex_);
    const auto deliver = [&](Bytes data) {
      lock.unlock();
      if (!data.empty()) next_.write(data);
      lock.lock();
    };
    changed_.wait(lock, [&] { return over() || queued_ != 0 || ended_; });
    if (over()) return;
    deliver(format_->begin(queued_ == 0));
    for (;;) {
      changed_.wait(lock, [&] { return over() || (delivered_ < queued_ ? slot(delivered_).packed : ended_); });
      if (over()) return;
      if (delivered_ == queued_) break;
      const Slot& ready = slot(delivered_);
      format_->add(ready.block);
      deliver({ready.output.data(), ready.block.packed});
      ++delivered_;
      changed_.notify_all();
    }
    deliver(format_->end());
    delivered_all_ = true;
    changed_.notify_all();
  }

  const std::unique_ptr<BlockFormat> format_;
  ByteSink& next_;
  const std::size_t block_size_;
  std::vector<Slot> slots_;
  Slot* current_ = nullptr;  // being filled, by the writer's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t queued_ = 0, taken_ = 0, delivered_ = 0;  // blocks, counted from the first
  bool ended_ = false, stopped_ = false, delivered_all_ = false;
  std::exception_ptr failure_;  // the first
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<ByteSink> make_parallel_sink(std::unique_ptr<BlockFormat> format, int threads, int spare,
                                             ByteSink& next) {
  return std::make_unique<ParallelSink>(std::move(format), threads, spare, next);
}

}  // namespace tapster
