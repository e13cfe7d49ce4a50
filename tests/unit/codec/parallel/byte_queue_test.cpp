// Bytes between two threads, and how each side learns that the other has failed.
#include "codec/parallel/byte_queue.h"

#include "support/catch.h"
#include "support/wal_files.h"

#include <stdexcept>
#include <thread>

using namespace tapster;
using namespace tapster::test;

namespace {

class Collector final : public ByteSink {
 public:
  explicit Collector(std::size_t limit = SIZE_MAX) : limit_(limit) {}
  void write(Bytes data) override {
    if (collected.size() + data.size() > limit_) throw std::runtime_error("enough");
    largest = std::max(largest, data.size());
    collected.insert(collected.end(), data.begin(), data.end());
  }
  void finish() override { finished = true; }
  Data collected;
  std::size_t largest = 0;
  bool finished = false;

 private:
  std::size_t limit_;
};

}  // namespace

TEST_CASE("a queue delivers everything in order, in pieces of its own size") {
  for (const std::size_t size : {0, 1, 99, 100, 101, 12345}) {
    CAPTURE(size);
    const Data content = random_bytes(size, 1);
    ByteQueue queue(3, 100);
    Collector sink;
    {
      const std::jthread reader([&] { queue.drain(sink); });
      for (Bytes rest = content; !rest.empty();) {
        const Bytes part = rest.first(std::min<std::size_t>(rest.size(), 37));
        queue.write(part);
        rest = rest.subspan(part.size());
      }
      queue.finish();
    }
    CHECK(sink.collected == content);
    CHECK(sink.finished);
    CHECK(sink.largest <= 100);
  }
}

TEST_CASE("a reader that fails ends its writer") {
  ByteQueue queue(2, 100);
  Collector sink(150);
  const Data content = random_bytes(10000, 2);
  bool failed = false;
  {
    const std::jthread reader([&] {
      try {
        queue.drain(sink);
      } catch (const std::runtime_error&) {
        failed = true;
      }
    });
    CHECK_THROWS_AS(queue.write(content), ByteQueue::Abandoned);
  }
  CHECK(failed);
  CHECK_FALSE(sink.finished);
}

TEST_CASE("a writer that fails ends its reader, which does not finish its sink") {
  ByteQueue queue(2, 100);
  Collector sink;
  bool abandoned = false;
  {
    const std::jthread reader([&] {
      try {
        queue.drain(sink);
      } catch (const ByteQueue::Abandoned&) {
        abandoned = true;
      }
    });
    queue.write(random_bytes(150, 3));
    queue.fail();
  }
  CHECK(abandoned);
  CHECK_FALSE(sink.finished);
}
