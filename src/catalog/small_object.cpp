#include "catalog/small_object.h"

#include "base/thread_pool.h"

#include <tapster/error.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace tapster {
namespace {

constexpr std::size_t kReadThreads = 8;

class TextSink final : public ByteSink {
 public:
  TextSink(std::string what, std::size_t limit) : what_(std::move(what)), limit_(limit) {}

  void write(Bytes data) override {
    if (text_.size() + data.size() > limit_) {
      throw error(ErrorKind::general, "{} is larger than {} bytes: it cannot be what its name says", what_, limit_);
    }
    std::transform(data.begin(), data.end(), std::back_inserter(text_),
                   [](std::byte byte) { return static_cast<char>(byte); });
  }
  void finish() override {}
  std::string text() && { return std::move(text_); }

 private:
  const std::string what_;
  const std::size_t limit_;
  std::string text_;
};

}  // namespace

std::optional<std::string> read_small_object(ObjectStore& store, const std::string& key, std::size_t limit) {
  TextSink sink(store.describe(key), limit);
  if (!store.get(key, sink)) return std::nullopt;
  return std::move(sink).text();
}

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      try {
        work(index);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  {
    ThreadPool helpers(run);
    if (count > 1) helpers.grow(std::min(count, kReadThreads) - 1);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tapster
