#include "store/transfer/ranged_download.h"

#include "base/linked_stop.h"
#include "codec/crc.h"
#include "store/transfer/transfer_pool.h"

#include <tapster/error.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace tapster {
namespace {

// Large enough that a request's own cost is small, small enough that several connections share the memory.
constexpr std::uint64_t kLargestRange = 4 << 20;
constexpr std::uint64_t kSmallestRange = 256 << 10;

using Buffer = std::unique_ptr<std::byte[]>;

// A range that is being fetched, or was fetched and not delivered yet; its Reading owns it.
struct Range {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  Buffer buffer;
  bool arrived = false;
  std::exception_ptr failure;
};

// One object that is being read. Guarded by the state's mutex.
struct Reading {
  Reading(const std::string& object, std::uint64_t object_size, const std::stop_token& stop_all)
      : key(object), size(object_size), stop(stop_all) {}

  const std::string& key;
  const std::uint64_t size;
  LinkedStop stop;                            // of its requests
  std::uint64_t requested = 0;                // bytes for which ranges exist or existed
  std::deque<std::unique_ptr<Range>> ranges;  // in order; the first is the next to be delivered
  std::size_t in_flight = 0;
  bool failed = false;  // nothing more is to be fetched
  // The version that is read. The first range that arrives sets both; later requests ask for that version.
  std::optional<std::string> etag;
  std::optional<std::uint32_t> crc32c;
};

// Fills a buffer of the size that was asked for. Throws Error (general) when the store sends more.
class BufferSink final : public ByteSink {
 public:
  BufferSink(std::byte* to, std::size_t size) : to_(to), room_(size) {}

  void write(Bytes data) override {
    if (data.size() > room_) throw error(ErrorKind::general, "the store sent more than was asked for");
    std::memcpy(to_, data.data(), data.size());
    to_ += data.size();
    room_ -= data.size();
  }
  void finish() override {}
  std::size_t missing() const { return room_; }

 private:
  std::byte* to_;
  std::size_t room_;
};

}  // namespace

struct RangedDownloads::State {
  State(ObjectStore& store, int connections, std::uint64_t memory, std::stop_token stop, bool more)
      : store_(store),
        stop_(std::move(stop)),
        range_size_(std::clamp(memory / (2 * static_cast<std::uint64_t>(connections)), kSmallestRange, kLargestRange)),
        free_(std::max<std::uint64_t>(memory / range_size_, 1)),
        connections_(connections, more ? static_cast<int>(free_) : connections,
                     [this](TransferPool::Thread& thread) { fetch_ranges(thread); }) {}
  ~State() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      connections_.close();
    }
    work_.notify_all();
    connections_.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void read(const std::string& key, std::uint64_t size, ByteSink& sink);
  std::uint64_t range_size() const noexcept { return range_size_; }

 private:
  void fetch_ranges(TransferPool::Thread& thread);
  Reading* next_reading();
  void fetch(Reading& reading, Range& range, std::unique_lock<std::mutex>& lock);
  ObjectStat get(const Reading& reading, const Range& range, std::string etag);
  const Range& first_range(Reading& reading);
  void release_first(Reading& reading);
  void end(Reading& reading);
  Error changed(const std::string& key) const {
    return error(ErrorKind::general, "{} was replaced while it was read: try again", store_.describe(key));
  }

  ObjectStore& store_;
  std::stop_token stop_;
  std::uint64_t range_size_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable_any work_, arrival_;
  std::uint64_t free_;           // ranges that may still be taken
  std::vector<Buffer> buffers_;  // of those that have been used
  std::vector<Reading*> readings_;
  int in_flight_ = 0;  // ranges, of all readings
  bool ended_ = false;
  TransferPool connections_;  // last: its threads use all of the above
};

// The object that has the fewest ranges, so that all objects share the memory evenly. Ranges are requested in order, so
// an object that holds memory always holds the range that is to be delivered next, and can go on.
Reading* RangedDownloads::State::next_reading() {
  if (free_ == 0 || in_flight_ >= connections_.at_once()) return nullptr;
  Reading* best = nullptr;
  for (Reading* reading : readings_) {
    if (reading->failed || reading->requested == reading->size) continue;
    if (best == nullptr || reading->ranges.size() < best->ranges.size()) best = reading;
  }
  return best;
}

void RangedDownloads::State::fetch_ranges(TransferPool::Thread& thread) {
  std::unique_lock lock(mutex_);
  for (;;) {
    Reading* reading = nullptr;
    if (!work_.wait(lock, stop_, [&] { return ended_ || (reading = next_reading()) != nullptr; }) || ended_) return;
    auto range = std::make_unique<Range>();
    range->offset = reading->requested;
    range->size = static_cast<std::size_t>(std::min(range_size_, reading->size - reading->requested));
    if (!buffers_.empty()) {
      range->buffer = std::move(buffers_.back());
      buffers_.pop_back();
    }
    reading->requested += range->size;
    --free_;
    Range& fetched = *reading->ranges.emplace_back(std::move(range));
    ++reading->in_flight;
    ++in_flight_;
    fetch(*reading, fetched, lock);
    --in_flight_;
    --reading->in_flight;
    fetched.arrived = true;
    if (fetched.failure) {
      reading->failed = true;
    } else {
      connections_.done(thread, fetched.size);
    }
    arrival_.notify_all();
  }
}

void RangedDownloads::State::fetch(Reading& reading, Range& range, std::unique_lock<std::mutex>& lock) {
  std::string etag = reading.etag.value_or("");
  lock.unlock();
  ObjectStat stat;
  try {
    if (!range.buffer) range.buffer = std::make_unique_for_overwrite<std::byte[]>(range_size_);
    stat = get(reading, range, std::move(etag));
  } catch (...) {
    range.failure = std::current_exception();
  }
  lock.lock();
  if (range.failure) return;
  if (!reading.etag) {
    reading.etag = stat.etag;
    reading.crc32c = stat.crc32c;
  }
  if (*reading.etag != stat.etag) range.failure = std::make_exception_ptr(changed(reading.key));
}

// Called without the mutex.
ObjectStat RangedDownloads::State::get(const Reading& reading, const Range& range, std::string etag) {
  BufferSink sink(range.buffer.get(), range.size);
  GetOptions options;
  options.stop = reading.stop.token();
  options.etag = std::move(etag);
  // Without a range the store verifies whatever checksum it has.
  if (range.size != reading.size) options.range = ByteRange{range.offset, range.size};
  auto stat = store_.get(reading.key, sink, options);
  if (!stat) throw error(ErrorKind::operation, "{} is gone", store_.describe(reading.key));
  if (stat->size != reading.size) throw changed(reading.key);
  if (sink.missing() != 0) {
    throw error(ErrorKind::network, "{}: {} bytes are missing of what came", store_.describe(reading.key),
                sink.missing());
  }
  return std::move(*stat);
}

// Interrupts the object's requests and waits for them to end, because they use its memory. Then frees its ranges.
void RangedDownloads::State::end(Reading& reading) {
  reading.stop.request_stop();
  std::unique_lock lock(mutex_);
  reading.failed = true;
  arrival_.wait(lock, [&] { return reading.in_flight == 0; });
  free_ += reading.ranges.size();
  for (auto& range : reading.ranges) {
    if (range->buffer) buffers_.push_back(std::move(range->buffer));
  }
  std::erase(readings_, &reading);
  work_.notify_all();
}

// Waits until the object's next range has arrived, and returns it. Throws the failure of its request.
const Range& RangedDownloads::State::first_range(Reading& reading) {
  std::unique_lock lock(mutex_);
  const auto has_arrived = [&] { return !reading.ranges.empty() && reading.ranges.front()->arrived; };
  if (!has_arrived()) {
    const TransferPool::Waiting waiting(connections_);
    arrival_.wait(lock, stop_, has_arrived);
  }
  if (stop_.stop_requested()) throw Interrupted();
  const Range& first = *reading.ranges.front();
  if (first.failure) std::rethrow_exception(first.failure);
  return first;
}

void RangedDownloads::State::release_first(Reading& reading) {
  {
    const std::lock_guard lock(mutex_);
    buffers_.push_back(std::move(reading.ranges.front()->buffer));
    reading.ranges.pop_front();
    ++free_;
  }
  work_.notify_one();
}

void RangedDownloads::State::read(const std::string& key, std::uint64_t size, ByteSink& sink) {
  Reading reading(key, size, stop_);
  struct End {
    State& state;
    Reading& reading;
    ~End() { state.end(reading); }
  };
  {
    const std::lock_guard lock(mutex_);
    readings_.push_back(&reading);
  }
  const End end_at_last{*this, reading};
  work_.notify_all();
  std::uint32_t crc = 0;
  for (std::uint64_t delivered = 0; delivered < size;) {
    const Range& range = first_range(reading);
    const Bytes piece(range.buffer.get(), range.size);
    if (reading.crc32c) crc = crc32c(crc, piece);
    sink.write(piece);
    delivered += range.size;
    release_first(reading);
  }
  if (reading.crc32c && crc != *reading.crc32c) {
    throw error(ErrorKind::general,
                "{} is damaged, or was on its way: the CRC-32C of what came is {:08x}, the store has recorded {:08x}",
                store_.describe(key), crc, *reading.crc32c);
  }
}

RangedDownloads::RangedDownloads(ObjectStore& store, int connections, std::uint64_t memory, std::stop_token stop,
                                 bool more)
    : state_(std::make_unique<State>(store, connections, memory, std::move(stop), more)) {}
RangedDownloads::~RangedDownloads() = default;
void RangedDownloads::read(const std::string& key, std::uint64_t size, ByteSink& sink) {
  state_->read(key, size, sink);
}
std::uint64_t RangedDownloads::range_size() const noexcept { return state_->range_size(); }

}  // namespace tapster
