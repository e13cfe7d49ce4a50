// Ranges side by side: order, one version of the object, failures, and a sink that is slower than the store.
#include "store/transfer/ranged_download.h"

#include "codec/crc.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/few_threads.h"
#include "support/wal_files.h"

#include <tapster/error.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint64_t kMemory = 4 << 20;  // with two connections: ranges of 1 MiB

class Collector : public ByteSink {
 public:
  void write(Bytes data) override { collected.insert(collected.end(), data.begin(), data.end()); }
  void finish() override { finished = true; }
  Data collected;
  bool finished = false;
};

// Lets those who arrive pass when all of them are there.
class Meeting {
 public:
  explicit Meeting(int expected) : missing_(expected) {}
  void arrive() {
    std::unique_lock lock(mutex_);
    --missing_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_;
};

std::string failure_of(RangedDownloads& downloads, const std::string& key, std::uint64_t size, ByteSink& sink,
                       ErrorKind kind) {
  try {
    downloads.read(key, size, sink);
  } catch (const Error& failure) {
    CHECK(failure.kind() == kind);
    return failure.what();
  }
  return "(it did not fail)";
}

}  // namespace

TEST_CASE("an object of many ranges arrives whole and in order") {
  FakeStore store;
  for (const std::size_t size : {0, 1, 1 << 20, (1 << 20) + 1, 11'000'000}) {
    CAPTURE(size);
    const Data content = random_bytes(size, 1);
    store.add("key", content);
    RangedDownloads downloads(store, 3, kMemory, {});
    Collector sink;
    downloads.read("key", size, sink);
    CHECK(sink.collected == content);
    CHECK_FALSE(sink.finished);
  }
}

TEST_CASE("ranges are fetched side by side") {
  FakeStore store;
  const Data content = random_bytes(8 << 20, 2);
  store.add("key", content);
  Meeting both(2);  // alone, the first request would wait for ever
  store.before = [&](const std::string&, const std::string&) { both.arrive(); };
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector sink;
  downloads.read("key", content.size(), sink);
  CHECK(sink.collected == content);
}

TEST_CASE("an object is read by as many threads as can be had") {
  FakeStore store;
  const Data content = random_bytes(8 << 20, 3);
  store.add("key", content);
  CHECK(with_few_threads(2, [&] {
          RangedDownloads downloads(store, 8, kMemory, {}, true);
          Collector sink;
          downloads.read("key", content.size(), sink);
          return sink.collected == content ? 0 : 1;
        }) == 0);
}

TEST_CASE("over a long wire more ranges travel at once, unless their number was given") {
  FakeStore store;
  const Data content = random_bytes(24 << 20, 4);
  store.add("key", content);
  const bool more = GENERATE(true, false);
  std::atomic<int> travelling = 0, most = 0;
  store.before = [&](const std::string&, const std::string&) {
    const int now = ++travelling;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    --travelling;
  };
  RangedDownloads downloads(store, 4, 3 << 20, {}, more);
  REQUIRE(downloads.range_size() == 3 << 17);
  Collector sink;
  downloads.read("key", content.size(), sink);
  CHECK(sink.collected == content);
  CHECK((most > 4) == more);  // how many of eight stay is for TransferCount, and the machine's load, to tell
}

TEST_CASE("a slow sink holds back requests, never an answer, and the memory is kept") {
  FakeStore store;
  const Data content = random_bytes(16 << 20, 3);
  store.add("key", content);
  RangedDownloads downloads(store, 2, kMemory, {});
  // The sink waits until all the memory is full: every range that was begun has come to its end by then.
  struct Slow final : Collector {
    void write(Bytes data) override {
      const std::uint64_t ranges = kMemory / data.size();
      while (collected.empty() && completed < ranges) std::this_thread::yield();
      most = std::max<std::uint64_t>(most, completed - collected.size() / data.size());
      Collector::write(data);
    }
    std::atomic<std::uint64_t> completed = 0;
    std::uint64_t most = 0;
  } sink;
  store.during_get = [&](const std::string&, std::uint64_t sent) {
    if (sent == downloads.range_size()) ++sink.completed;
  };
  downloads.read("key", content.size(), sink);
  CHECK(sink.collected == content);
  CHECK(sink.most <= kMemory / downloads.range_size());
}

TEST_CASE("objects that are read at the same time share the connections") {
  FakeStore store;
  const Data one = random_bytes(6 << 20, 4), other = random_bytes(5 << 20, 5);
  store.add("one", one);
  store.add("other", other);
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector first, second;
  {
    const std::jthread reader([&] { downloads.read("one", one.size(), first); });
    downloads.read("other", other.size(), second);
  }
  CHECK(first.collected == one);
  CHECK(second.collected == other);
}

TEST_CASE("an object that is replaced while it is read is an error") {
  FakeStore store;
  const Data before = random_bytes(8 << 20, 6), after = random_bytes(8 << 20, 7);
  store.add("key", before);
  std::atomic<int> requests = 0;
  store.before = [&](const std::string&, const std::string& key) {
    if (++requests == 3) store.add(key, after);
  };
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector sink;
  CHECK_THAT(failure_of(downloads, "key", before.size(), sink, ErrorKind::general),
             ContainsSubstring("fake://bucket/key was replaced while it was read"));
}

TEST_CASE("the ranges after the first that came are asked for by its version") {
  FakeStore store;
  store.add("key", random_bytes(8 << 20, 6));
  RangedDownloads downloads(store, 1, kMemory, {});
  Collector sink;
  downloads.read("key", 8 << 20, sink);
  const std::vector<std::string> asked = store.versions_asked_for("key");
  REQUIRE(asked.size() > 2);
  CHECK(asked.front().empty());
  const std::string version = store.stat("key")->etag;
  REQUIRE_FALSE(version.empty());
  CHECK(std::all_of(asked.begin() + 1, asked.end(), [&](const std::string& one) { return one == version; }));
}

TEST_CASE("what came in ranges is compared with the CRC-32C that the store has of the whole") {
  FakeStore store;
  for (const std::size_t size : {1, 1 << 20, 5'000'000}) {
    CAPTURE(size);
    const Data content = random_bytes(size, 8);
    store.add("key", content);
    store.change("key", [&](auto& object) { object.crc32c = crc32c(0, content); });
    RangedDownloads downloads(store, 3, kMemory, {});
    Collector sink;
    downloads.read("key", size, sink);
    CHECK(sink.collected == content);
    store.change("key", [&](auto& object) { object.data.back() ^= std::byte{1}; });
    Collector damaged;
    CHECK_THAT(failure_of(downloads, "key", size, damaged, ErrorKind::general),
               ContainsSubstring("fake://bucket/key is damaged, or was on its way: the CRC-32C"));
  }
}

TEST_CASE("an object of another size than was listed is an error") {
  FakeStore store;
  store.add("key", random_bytes(1000, 8));
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector sink;
  CHECK_THAT(failure_of(downloads, "key", 999, sink, ErrorKind::general), ContainsSubstring("more than was asked for"));
  CHECK_THAT(failure_of(downloads, "key", 1001, sink, ErrorKind::general), ContainsSubstring("was replaced"));
  CHECK(sink.collected.empty());
}

TEST_CASE("an object that is gone is an error") {
  FakeStore store;
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector sink;
  CHECK(failure_of(downloads, "key", 10, sink, ErrorKind::operation) == "fake://bucket/key is gone");
}

TEST_CASE("what fails comes out as it is, and others go on") {
  FakeStore store;
  const Data content = random_bytes(8 << 20, 9);
  store.add("bad", content);
  store.add("good", content);
  store.before = [&](const std::string&, const std::string& key) {
    if (key == "bad") throw FakeStore::refusal("get", 503, ErrorKind::network);
  };
  RangedDownloads downloads(store, 2, kMemory, {});
  Collector bad, good;
  CHECK_THAT(failure_of(downloads, "bad", content.size(), bad, ErrorKind::network), ContainsSubstring("503"));
  downloads.read("good", content.size(), good);
  CHECK(good.collected == content);

  struct Failing final : Collector {
    void write(Bytes) override { throw std::runtime_error("the disk is full"); }
  } failing;
  CHECK_THROWS_WITH(downloads.read("good", content.size(), failing), "the disk is full");
  Collector again;
  downloads.read("good", content.size(), again);
  CHECK(again.collected == content);
}

TEST_CASE("a stop ends the reading") {
  FakeStore store;
  const Data content = random_bytes(8 << 20, 10);
  store.add("key", content);
  std::stop_source stop;
  RangedDownloads downloads(store, 2, kMemory, stop.get_token());
  struct Stopping final : Collector {
    explicit Stopping(std::stop_source& source) : stop(source) {}
    void write(Bytes data) override {
      Collector::write(data);
      stop.request_stop();
    }
    std::stop_source& stop;
  } sink(stop);
  CHECK_THROWS_AS(downloads.read("key", content.size(), sink), Interrupted);
  CHECK(sink.collected.size() == downloads.range_size());
}
