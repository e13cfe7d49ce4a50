#include "store/transfer/upload_queue.h"

#include "file/page_buffer.h"
#include "store/transfer/transfer_count.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
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

// Of one object, shared with the uploaders; guarded by the queue's mutex but for what never changes.
struct Progress {
  explicit Progress(const std::stop_token& all) : with_all(all, std::bind_front(&Progress::interrupt, this)) {}
  void interrupt() { interruption.request_stop(); }

  std::stop_source interruption;
  std::stop_callback<std::function<void()>> with_all;
  std::optional<UploadId> upload;  // set before the first part is queued
  std::vector<UploadedPart> stored;
  int unsettled = 0;  // parts queued or on their way
  UploadStatistics statistics;
};

constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t divide_up(std::uint64_t number, std::uint64_t by) { return number / by + (number % by != 0); }

}  // namespace

std::uint64_t choose_part_size(const StoreLimits& limits, std::optional<int> max_parts, std::uint64_t largest,
                               std::uint64_t wanted_minimum) {
  const int parts = std::max(std::min(max_parts.value_or(limits.max_parts), limits.max_parts), 1);
  const std::uint64_t needed = divide_up(largest, static_cast<std::uint64_t>(parts));
  const std::uint64_t size = std::max({needed, limits.min_part_size, wanted_minimum, std::uint64_t{1}});
  if (size > limits.max_part_size) {
    throw error(ErrorKind::general, "{} bytes in {} parts need parts of {} bytes, but the store takes {} at most",
                largest, parts, size, limits.max_part_size);
  }
  return std::min(divide_up(size, kPage) * kPage, limits.max_part_size);
}

class UploadQueue::State {
 public:
  State(ObjectStore& store, int uploaders, RateLimit* limit, std::stop_token stop, int most)
      : store_(store),
        limit_(limit),
        uploaders_(std::max(uploaders, 1), std::max({uploaders, most, 1})),
        on_stop_(std::move(stop), [this] { fail(std::make_exception_ptr(Interrupted())); }) {
    try {
      for (int i = 0; i < uploaders_.count(); ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      close();
      throw;
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() { close(); }

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

  PageBuffer take_buffer(std::size_t size) {
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

  void give_back(PageBuffer buffer) {
    const std::lock_guard lock(mutex_);
    if (buffer.size() != 0) spare_.push_back(std::move(buffer));
  }

  void queue(Progress& object, Part part) {
    std::unique_lock lock(mutex_);
    const auto may_go_on = [&] { return failure_ || busy_ < uploaders_.count(); };
    if (!may_go_on()) {
      uploaders_.wait_begins(steady_now());
      changed_.wait(lock, may_go_on);
      uploaders_.wait_ends(steady_now());
    }
    throw_failure_locked();
    ++busy_;
    ++object.unsettled;
    part.queued_at = steady_now();
    queue_.emplace_back(&object, std::move(part));
    lock.unlock();
    changed_.notify_all();
  }

  // Until all parts of the object are stored.
  void settle(Progress& object) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || object.unsettled == 0; });
    throw_failure_locked();
  }

  // Until no uploader knows the object any more.
  void withdraw(Progress& object) {
    object.interrupt();
    std::unique_lock lock(mutex_);
    std::erase_if(queue_, [&](const auto& entry) {
      if (entry.first != &object) return false;
      --busy_;
      --object.unsettled;
      return true;
    });
    changed_.notify_all();
    changed_.wait(lock, [&] { return object.unsettled == 0; });
  }

 private:
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

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

  void work() {
    std::unique_lock lock(mutex_);
    for (bool first = true;;) {
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
      // A withdrawn object's interruption is nobody else's failure.
      if (failure && !object->interruption.stop_requested()) fail(failure);
      lock.lock();
      --busy_;
      --object->unsettled;
      if (stored) {
        object->stored.push_back(std::move(*stored));
        object->statistics.busy += steady_now() - part.queued_at;
        object->statistics.bytes += part.size;
        warm_ += std::exchange(first, false) ? 1 : 0;
        uploaders_.done(steady_now(), part.size, warm_);
        start_missing_uploaders();
      }
      spare_.push_back(std::move(part.buffer));
      changed_.notify_all();
    }
  }

  void start_missing_uploaders() {
    if (closing_) return;
    try {
      while (threads_.size() < static_cast<std::size_t>(uploaders_.count())) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // No thread to be had: a part more waits instead.
    }
  }

  UploadedPart upload(const Progress& object, const Part& part) {
    const std::stop_token stop = object.interruption.get_token();
    if (stop.stop_requested()) throw Interrupted();
    MemoryBody body(Bytes(part.buffer.data(), part.size));
    if (limit_ == nullptr) return store_.upload_part(*object.upload, part.number, body, stop);
    PacedBody paced(body, *limit_, stop);
    return store_.upload_part(*object.upload, part.number, paced, stop);
  }

  ObjectStore& store_;
  RateLimit* limit_;
  std::mutex mutex_;
  TransferCount uploaders_;
  std::condition_variable changed_;
  std::deque<std::pair<Progress*, Part>> queue_;
  std::vector<PageBuffer> spare_;
  int busy_ = 0;  // parts queued or on their way, of all objects
  int warm_ = 0;  // uploaders that have stored something
  bool closing_ = false;
  std::exception_ptr failure_;  // the first
  std::stop_source interruption_;
  std::vector<std::thread> threads_;
  std::stop_callback<std::function<void()>> on_stop_;
};

class UploadQueue::Upload final : public ObjectUpload {
 public:
  Upload(State& state, std::string key, std::uint64_t part_size, PutOptions options)
      : state_(state),
        key_(std::move(key)),
        part_size_(static_cast<std::size_t>(part_size)),
        options_(std::move(options)),
        progress_(state.interrupted()) {
    options_.stop = progress_.interruption.get_token();
  }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  ~Upload() override {
    state_.withdraw(progress_);
    if (!complete_ && progress_.upload) state_.store().abort_upload(*progress_.upload);
    state_.give_back(std::move(buffer_));
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
    if (buffer_.size() == 0) buffer_ = state_.take_buffer(part_size_);
    return {buffer_.data() + used_, part_size_ - used_};
  }

  void filled(std::size_t count) override {
    used_ += count;
    written_ += count;
    if (used_ == part_size_) queue_part();
  }

  void finish() override {
    if (publish() == PutResult::already_exists) {
      throw error(ErrorKind::operation, "{} exists already", state_.store().describe(key_));
    }
  }

  PutResult publish() override {
    if (used_ != 0 || parts_ == 0) queue_part();
    state_.settle(progress_);
    std::vector<UploadedPart>& parts = progress_.stored;
    std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    const PutResult result =
        state_.or_first_failure([&] { return state_.store().complete_upload(*progress_.upload, parts, options_); });
    complete_ = result == PutResult::created;
    return result;
  }

  std::uint64_t written() const noexcept override { return written_; }
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
  std::size_t used_ = 0;  // of it
  std::uint64_t written_ = 0;
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
