#include "store/transfer/upload_queue.h"

#include "base/linked_stop.h"
#include "file/page_buffer.h"
#include "store/transfer/transfer_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace tapster {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

struct Part {
  int number = 0;
  PageBuffer buffer;
  std::size_t size = 0;
  SteadyTime queued_at = {};
};

// The state of one object's upload that its writer and the uploading threads share. The queue's mutex guards it.
struct Progress {
  explicit Progress(const std::stop_token& all) : interruption(all) {}

  LinkedStop interruption;         // of this object's requests
  std::optional<UploadId> upload;  // set before the first part is queued
  std::vector<UploadedPart> stored;
  int unfinished = 0;  // parts queued or on their way
  UploadStatistics statistics;
};

}  // namespace

class UploadQueue::State {
 public:
  State(ObjectStore& store, int uploaders, RateLimit* limit, std::stop_token stop, int most)
      : store_(store),
        limit_(limit),
        on_stop_(std::move(stop), [this] { fail(std::make_exception_ptr(Interrupted())); }),
        uploaders_(uploaders, most, [this](TransferPool::Thread& thread) { upload_parts(thread); }) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      uploaders_.close();
    }
    changed_.notify_all();
    uploaders_.join();
  }

  ObjectStore& store() const noexcept { return store_; }
  std::stop_token interrupted() const { return interruption_.get_token(); }

  void throw_failure() {
    const std::lock_guard lock(mutex_);
    throw_failure_locked();
  }

  // A failure elsewhere in the queue interrupts the writers' requests, or comes before what the store then answers
  // them: that failure is what they are to report.
  template <typename Request>
  auto or_first_failure(const Request& request) {
    try {
      return request();
    } catch (...) {
      throw_failure();
      throw;
    }
  }

  PageBuffer buffer_of(std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      while (!spare_.empty()) {
        PageBuffer buffer = std::move(spare_.back());
        spare_.pop_back();
        if (buffer.size() == size) return buffer;  // others are of a size that is not written now
      }
    }
    return PageBuffer(size);
  }

  void keep_buffer(PageBuffer buffer) {
    const std::lock_guard lock(mutex_);
    if (buffer.size() != 0) spare_.push_back(std::move(buffer));
  }

  void queue(Progress& object, Part part) {
    std::unique_lock lock(mutex_);
    const auto may_go_on = [&] { return failure_ || unfinished_ < uploaders_.at_once(); };
    if (!may_go_on()) {
      const TransferPool::Waiting waiting(uploaders_);
      changed_.wait(lock, may_go_on);
    }
    throw_failure_locked();
    ++unfinished_;
    ++object.unfinished;
    part.queued_at = steady_now();
    queue_.emplace_back(&object, std::move(part));
    lock.unlock();
    changed_.notify_all();
  }

  void wait_until_stored(Progress& object) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || object.unfinished == 0; });
    throw_failure_locked();
  }

  // Drops the object's queued parts, interrupts those on their way, and waits until no thread uses the object.
  void cancel(Progress& object) {
    object.interruption.request_stop();
    std::unique_lock lock(mutex_);
    std::erase_if(queue_, [&](const auto& entry) {
      if (entry.first != &object) return false;
      --unfinished_;
      --object.unfinished;
      return true;
    });
    changed_.notify_all();
    changed_.wait(lock, [&] { return object.unfinished == 0; });
  }

 private:
  void throw_failure_locked() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  void fail(std::exception_ptr failure) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::move(failure);
    }
    interruption_.request_stop();  // without the lock: it calls back
    changed_.notify_all();
  }

  void upload_parts(TransferPool::Thread& thread) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      Progress* const object = queue_.front().first;
      Part part = std::move(queue_.front().second);
      queue_.pop_front();
      lock.unlock();
      std::optional<UploadedPart> stored;
      std::exception_ptr failure;
      try {
        stored = upload(*object, part);
      } catch (...) {
        failure = std::current_exception();
      }
      // That one object was cancelled is no failure of the others.
      if (failure && !object->interruption.stop_requested()) fail(failure);
      lock.lock();
      --unfinished_;
      --object->unfinished;
      if (stored) {
        object->stored.push_back(std::move(*stored));
        object->statistics.busy += steady_now() - part.queued_at;
        object->statistics.bytes += part.size;
        uploaders_.done(thread, part.size);
      }
      spare_.push_back(std::move(part.buffer));
      changed_.notify_all();
    }
  }

  UploadedPart upload(const Progress& object, const Part& part) {
    const std::stop_token stop = object.interruption.token();
    if (stop.stop_requested()) throw Interrupted();
    MemoryBody body(Bytes(part.buffer.data(), part.size));
    if (limit_ == nullptr) return store_.upload_part(*object.upload, part.number, body, stop);
    PacedBody paced(body, *limit_, stop);
    return store_.upload_part(*object.upload, part.number, paced, stop);
  }

  ObjectStore& store_;
  RateLimit* limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Progress*, Part>> queue_;
  std::vector<PageBuffer> spare_;
  int unfinished_ = 0;  // parts queued or on their way, of all objects
  bool closing_ = false;
  std::exception_ptr failure_;  // the first
  std::stop_source interruption_;
  std::stop_callback<std::function<void()>> on_stop_;
  TransferPool uploaders_;  // last: its threads use all of the above
};

class UploadQueue::Upload final : public ObjectUpload {
 public:
  Upload(State& state, std::string key, std::uint64_t part_size, PutOptions options)
      : state_(state),
        key_(std::move(key)),
        part_size_(static_cast<std::size_t>(part_size)),
        options_(std::move(options)),
        progress_(state.interrupted()) {
    options_.stop = progress_.interruption.token();
  }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  ~Upload() override {
    state_.cancel(progress_);
    if (!complete_ && progress_.upload) state_.store().abort_upload(*progress_.upload);
    state_.keep_buffer(std::move(buffer_));
  }

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
    state_.throw_failure();
    if (buffer_.size() == 0) buffer_ = state_.buffer_of(part_size_);
    return {buffer_.data() + used_, part_size_ - used_};
  }

  void filled(std::size_t count) override {
    used_ += count;
    written_.store(written_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    if (used_ == part_size_) queue_part();
  }

  void finish() override {
    if (publish() == PutResult::already_exists) {
      throw error(ErrorKind::operation, "{} exists already", state_.store().describe(key_));
    }
  }

  PutResult publish() override {
    if (used_ != 0 || parts_ == 0) queue_part();
    state_.wait_until_stored(progress_);
    std::vector<UploadedPart>& parts = progress_.stored;
    std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    const PutResult result =
        state_.or_first_failure([&] { return state_.store().complete_upload(*progress_.upload, parts, options_); });
    complete_ = result == PutResult::created;
    return result;
  }

  std::uint64_t written() const noexcept override { return written_.load(std::memory_order_relaxed); }
  UploadStatistics statistics() const override { return progress_.statistics; }

 private:
  void queue_part() {
    const int limit = state_.store().limits().max_parts;
    if (parts_ >= limit) {
      throw error(ErrorKind::general, "{} is larger than the {} parts of {} bytes that it may have",
                  state_.store().describe(key_), limit, part_size_);
    }
    if (!progress_.upload) {
      progress_.upload =
          state_.or_first_failure([&] { return state_.store().begin_upload(key_, part_size_, options_); });
    }
    state_.queue(progress_,
                 {.number = ++parts_, .buffer = std::exchange(buffer_, {}), .size = std::exchange(used_, 0)});
  }

  State& state_;
  const std::string key_;
  const std::size_t part_size_;
  PutOptions options_;
  Progress progress_;
  PageBuffer buffer_;     // being filled
  std::size_t used_ = 0;  // bytes in it
  std::atomic<std::uint64_t> written_ = 0;
  int parts_ = 0;
  bool complete_ = false;
};

UploadQueue::UploadQueue(ObjectStore& store, int uploaders, RateLimit* limit, std::stop_token stop, int most)
    : state_(std::make_unique<State>(store, uploaders, limit, std::move(stop), most)) {}

UploadQueue::~UploadQueue() = default;

std::unique_ptr<ObjectUpload> UploadQueue::open(const std::string& key, std::uint64_t part_size,
                                                const PutOptions& options) {
  if (part_size == 0) throw error(ErrorKind::general, "{}: parts of 0 bytes", state_->store().describe(key));
  return std::make_unique<Upload>(*state_, key, part_size, options);
}

}  // namespace tapster
