#include "codec/parallel/parallel_block_sink.h"

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

// One block, on its way through the ring.
struct Slot {
  PageBuffer input, output;
  std::size_t filled = 0;  // bytes of `input`
  CompressedBlock block;   // what `output` holds, when `compressed`
  bool compressed = false;
};

// The slots are a ring: the writer fills them in turn, the compressing threads compress them in any order, and the
// writing thread writes them into `next` in turn.
class ParallelBlockSink final : public ByteSink {
 public:
  ParallelBlockSink(std::unique_ptr<BlockFormat> format, int threads, int spare, ByteSink& next)
      : format_(std::move(format)), next_(next), block_size_(format_->block_size()) {
    const auto workers = static_cast<std::size_t>(std::max(threads, 1));
    slots_.resize(workers + static_cast<std::size_t>(std::max(spare, 1)));
    for (Slot& slot : slots_) {
      slot.input = PageBuffer(block_size_);
      slot.output = PageBuffer(format_->max_compressed_size());
    }
    threads_.reserve(workers + 1);
    try {
      for (std::size_t i = 0; i < workers; ++i) start(&ParallelBlockSink::compress_blocks);
      start(&ParallelBlockSink::write_blocks);
    } catch (...) {
      stop();
      throw;
    }
  }
  ParallelBlockSink(const ParallelBlockSink&) = delete;
  ParallelBlockSink& operator=(const ParallelBlockSink&) = delete;
  ~ParallelBlockSink() override { stop(); }

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
    changed_.wait(lock, [&] { return failure_ || written_all_; });
    if (failure_) std::rethrow_exception(failure_);
    lock.unlock();
    next_.finish();
  }

 private:
  void start(void (ParallelBlockSink::*run)()) {
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

  bool must_stop() const { return stopped_ || failure_; }
  Slot& slot(std::uint64_t number) { return slots_[static_cast<std::size_t>(number % slots_.size())]; }

  Slot& free_slot() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || queued_ - written_ < slots_.size(); });
    if (failure_) std::rethrow_exception(failure_);
    Slot& free = slot(queued_);
    free.filled = 0;
    free.compressed = false;
    return free;
  }

  void queue_block() {
    const std::lock_guard lock(mutex_);
    current_ = nullptr;
    ++queued_;
    changed_.notify_all();
  }

  void compress_blocks() {
    const std::unique_ptr<BlockCompressor> compressor = format_->make_compressor();
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return must_stop() || started_ < queued_ || ended_; });
      if (must_stop() || started_ == queued_) return;
      Slot& mine = slot(started_++);
      lock.unlock();
      mine.block =
          compressor->compress({mine.input.data(), mine.filled}, std::span(mine.output.data(), mine.output.size()));
      lock.lock();
      mine.compressed = true;
      changed_.notify_all();
    }
  }

  void write_blocks() {
    std::unique_lock lock(mutex_);
    const auto write_next = [&](Bytes data) {
      lock.unlock();
      if (!data.empty()) next_.write(data);
      lock.lock();
    };
    changed_.wait(lock, [&] { return must_stop() || queued_ != 0 || ended_; });
    if (must_stop()) return;
    write_next(format_->header(queued_ == 0));
    for (;;) {
      changed_.wait(lock, [&] { return must_stop() || (written_ < queued_ ? slot(written_).compressed : ended_); });
      if (must_stop()) return;
      if (written_ == queued_) break;
      const Slot& ready = slot(written_);
      format_->add_to_trailer(ready.block);
      write_next({ready.output.data(), ready.block.compressed_size});
      ++written_;
      changed_.notify_all();
    }
    write_next(format_->trailer());
    written_all_ = true;
    changed_.notify_all();
  }

  const std::unique_ptr<BlockFormat> format_;
  ByteSink& next_;
  const std::size_t block_size_;
  std::vector<Slot> slots_;
  Slot* current_ = nullptr;  // being filled; the writer's thread alone uses it
  std::mutex mutex_;         // guards what follows
  std::condition_variable changed_;
  // Numbers of blocks, counted from the first one of the stream: filled, of which a thread compresses or has
  // compressed, of which are written into next_.
  std::uint64_t queued_ = 0, started_ = 0, written_ = 0;
  bool ended_ = false;          // finish() was called: no more blocks will be queued
  bool stopped_ = false;        // the sink is being destroyed
  bool written_all_ = false;    // the trailer, too
  std::exception_ptr failure_;  // the first of any thread
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<ByteSink> make_parallel_block_sink(std::unique_ptr<BlockFormat> format, int threads, int spare,
                                                   ByteSink& next) {
  return std::make_unique<ParallelBlockSink>(std::move(format), threads, spare, next);
}

}  // namespace tapster
