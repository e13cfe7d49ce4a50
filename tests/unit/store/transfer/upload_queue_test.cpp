// Streams in parts: sizes, order, bounds, failures, interruption.
#include "store/transfer/upload_queue.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/few_threads.h"
#include "support/wal_files.h"

#include <tapster/error.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAPSTER_TEST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TAPSTER_TEST_SANITIZED
#endif

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kPart = 5 * kMiB;

// Parts wait in it until it is opened, or until they are interrupted.
class Gate {
 public:
  void pass(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    if (!changed_.wait(lock, stop, [&] { return open_; })) throw Interrupted();
    --arrived_;
  }
  void wait_for(int arrived) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ == arrived; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int arrived_ = 0;
  bool open_ = false;
};

struct Fixture {
  FakeStore store;
  std::stop_source stop;

  Fixture() { store.limit.min_part_size = 1; }
  UploadQueue queue(int uploaders, RateLimit* limit = nullptr) { return {store, uploaders, limit, stop.get_token()}; }
};

template <typename Action>
std::string failure_of(Action action) {
  try {
    action();
  } catch (const Error& failure) {
    return failure.what();
  }
  return "(none)";
}

std::uint64_t memory_in_use() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("a stream becomes parts of equal size, in order, however it is written") {
  Fixture fixture;
  const int uploaders = GENERATE(1, 2, 7);
  const std::size_t piece = GENERATE(1U, 100U, 101U, 1000U, 5000U);
  const std::size_t size = GENERATE(1U, 99U, 100U, 101U, 200U, 2345U);
  const Data data = random_bytes(size, 1);
  UploadQueue queue = fixture.queue(uploaders);
  const auto object = queue.open("k", 100, {.tags = Tags{{"a", "b"}}, .metadata = {{"m", "1"}}});
  for (std::size_t begin = 0; begin < size; begin += piece) {
    object->write(Bytes(data).subspan(begin, std::min(piece, size - begin)));
  }
  CHECK(object->written() == size);
  CHECK(!fixture.store.find("k"));
  object->finish();
  const auto stored = fixture.store.find("k");
  REQUIRE(stored);
  CHECK(stored->data == data);
  CHECK(stored->tags == Tags{{"a", "b"}});
  CHECK(stored->metadata == Metadata{{"m", "1"}});
  CHECK(object->statistics().bytes == size);
  CHECK(object->statistics().busy.count() > 0);
  CHECK(fixture.store.count("part") == static_cast<int>((size + 99) / 100));
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("what is put into its room is stored as what is written is") {
  Fixture fixture;
  const Data data = random_bytes(2345, 1);
  UploadQueue queue = fixture.queue(2);
  const auto object = queue.open("k", 100, {});
  for (Bytes rest = data; !rest.empty();) {
    const std::span<std::byte> room = object->room();
    REQUIRE(!room.empty());
    const std::size_t count = std::min<std::size_t>({room.size(), rest.size(), 37});
    std::copy_n(rest.begin(), count, room.begin());
    object->filled(count);
    rest = rest.subspan(count);
    CHECK(object->written() == data.size() - rest.size());
  }
  object->finish();
  const auto stored = fixture.store.find("k");
  REQUIRE(stored);
  CHECK(stored->data == data);
}

TEST_CASE("an object of no bytes is one empty part") {
  Fixture fixture;
  UploadQueue queue = fixture.queue(2);
  queue.open("k", 100, {})->finish();
  CHECK(fixture.store.find("k")->size == 0);
  CHECK(fixture.store.calls() == std::vector<std::string>{"begin k", "part k", "complete k"});
}

TEST_CASE("an object that is not written costs no request") {
  Fixture fixture;
  UploadQueue queue = fixture.queue(2);
  queue.open("k", 100, {})->write(Data(99));
  CHECK(fixture.store.calls().empty());
}

TEST_CASE("an unfinished object is aborted, when its parts have ended") {
  Fixture fixture;
  Gate gate;
  fixture.store.during_part = [&](const std::string&, int, const std::stop_token& stop) { gate.pass(stop); };
  UploadQueue queue = fixture.queue(2);
  {
    const auto object = queue.open("k", 100, {});
    object->write(Data(200));
    gate.wait_for(2);
  }  // interrupts both
  CHECK(fixture.store.calls().back() == "abort k");
  CHECK(fixture.store.open_uploads() == 0);

  SECTION("which hurts no other object") {
    fixture.store.during_part = nullptr;
    const auto other = queue.open("other", 100, {});
    other->write(Data(300));
    other->finish();
    CHECK(fixture.store.find("other")->size == 300);
  }
}

TEST_CASE("a part that only waits is withdrawn with its object") {
  Fixture fixture;
  Gate gate;
  fixture.store.during_part = [&](const std::string& key, int, const std::stop_token& stop) {
    if (key == "slow") gate.pass(stop);
  };
  UploadQueue queue = fixture.queue(2);
  const auto slow = queue.open("slow", 100, {});
  slow->write(Data(100));
  gate.wait_for(1);
  {
    const auto brief = queue.open("brief", 100, {});
    brief->write(Data(100));
  }
  gate.open();
  slow->finish();
  CHECK(fixture.store.find("slow")->size == 100);
  CHECK(!fixture.store.find("brief"));
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("no more parts wait or are on their way than there are uploaders") {
  Fixture fixture;
  std::atomic<int> now = 0, most = 0;
  fixture.store.during_part = [&](const std::string&, int, const std::stop_token&) {
    const int count = ++now;
    for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::yield();
    --now;
  };
  UploadQueue queue = fixture.queue(3);
  std::vector<std::jthread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&queue, i] {
      const auto object = queue.open("k" + std::to_string(i), 1000, {});
      for (int part = 0; part < 50; ++part) object->write(Data(1000));
      object->finish();
    });
  }
  writers.clear();
  CHECK(most <= 3);
  for (int i = 0; i < 4; ++i) CHECK(fixture.store.find("k" + std::to_string(i))->size == 50'000);
}

TEST_CASE("on a wire where each upload takes its time there come to be more of them, up to the most") {
  Fixture fixture;
  std::atomic<int> now = 0, most = 0;
  fixture.store.during_part = [&](const std::string&, int, const std::stop_token&) {
    const int count = ++now;
    for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    --now;
  };
  UploadQueue queue(fixture.store, 1, nullptr, fixture.stop.get_token(), 3);
  const auto object = queue.open("k", 1000, {});
  int parts = 0;
  for (; most < 3 && parts < 2000; ++parts) object->write(Data(1000));
  object->finish();
  CHECK(most == 3);
  CHECK(fixture.store.find("k")->size == static_cast<std::uint64_t>(parts) * 1000);
}

TEST_CASE("a writer with a full part waits for an uploader and for nothing else") {
  Fixture fixture;
  Gate gate;
  fixture.store.during_part = [&](const std::string&, int, const std::stop_token& stop) { gate.pass(stop); };
  UploadQueue queue = fixture.queue(2);
  const auto archive = queue.open("archive", 100, {});
  const auto manifest = queue.open("manifest", 10, {});
  archive->write(Data(200));
  gate.wait_for(2);
  // Both uploaders are busy, and still one part's worth goes into each object.
  archive->write(Data(99));
  manifest->write(Data(9));
  auto more = std::async(std::launch::async, [&] {
    manifest->write(Data(1));
    archive->write(Data(1));
  });
  gate.open();
  more.get();
  manifest->finish();
  archive->finish();
  CHECK(fixture.store.find("archive")->size == 300);
  CHECK(fixture.store.find("manifest")->size == 10);
}

TEST_CASE("the first failure of an uploader is thrown to every writer, and every object is aborted") {
  Fixture fixture;
  Gate gate;
  fixture.store.during_part = [&](const std::string& key, int number, const std::stop_token& stop) {
    if (number == 2) throw FakeStore::refusal("UploadPart", 403);
    if (key == "good") gate.pass(stop);
  };
  UploadQueue queue = fixture.queue(2);
  auto bad = queue.open("bad", 100, {});
  auto good = queue.open("good", 100, {});
  bad->write(Data(100));
  good->write(Data(100));  // stays in the gate, until the failure interrupts it
  gate.wait_for(1);
  const std::string refused = "UploadPart was refused with 403";
  SECTION("in finish") {
    bad->write(Data(99));
    CHECK(failure_of([&] {
            bad->write(Data(1));
            bad->finish();
          }) == refused);
    CHECK(failure_of([&] { good->finish(); }) == refused);
  }
  SECTION("in write") {
    CHECK(failure_of([&] {
            for (;;) bad->write(Data(100));
          }) == refused);
    CHECK(failure_of([&] { good->write(Data(1)); }) == refused);
  }
  bad.reset();
  good.reset();
  CHECK(fixture.store.open_uploads() == 0);
  CHECK(!fixture.store.find("bad"));
  CHECK(!fixture.store.find("good"));
  CHECK(failure_of([&] { queue.open("later", 100, {})->finish(); }) == refused);
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("a request that ends after another object failed reports that failure") {
  Fixture fixture;
  const std::string ended = GENERATE("begin", "complete");
  const bool answered = GENERATE(false, true);
  UploadQueue queue = fixture.queue(2);
  const auto bad = queue.open("bad", 100, {});
  fixture.store.during_part = [&](const std::string& key, int, const std::stop_token&) {
    if (key == "bad") throw FakeStore::refusal("UploadPart", 403);
  };
  const std::string refused = "UploadPart was refused with 403";
  fixture.store.before = [&](const std::string& called, const std::string& key) {
    if (called != ended || key != "good") return;
    CHECK(failure_of([&] {
            for (;;) bad->write(Data(100));
          }) == refused);
    if (answered) throw FakeStore::refusal(called, 500);
    throw Interrupted();  // as every store does that has no answer yet
  };
  CHECK(failure_of([&] {
          const auto good = queue.open("good", 100, {});
          good->write(Data(100));
          good->finish();
        }) == refused);
  CHECK(!fixture.store.find("good"));
}

TEST_CASE("what the store throws at the beginning and at the end comes out, and leaves nothing") {
  Fixture fixture;
  const std::string operation = GENERATE("begin", "complete");
  fixture.store.before = [&](const std::string& called, const std::string&) {
    if (called == operation) throw FakeStore::refusal(called, 403);
  };
  UploadQueue queue = fixture.queue(2);
  const std::string refused = operation + " was refused with 403";
  CHECK(failure_of([&] {
          const auto object = queue.open("k", 100, {});
          object->write(Data(250));
          object->finish();
        }) == refused);
  CHECK(fixture.store.open_uploads() == 0);
  CHECK(!fixture.store.find("k"));
}

TEST_CASE("an object that is to be new and is not is an error, and its upload is aborted") {
  Fixture fixture;
  fixture.store.add("k", bytes_of("old"));
  UploadQueue queue = fixture.queue(2);
  CHECK(failure_of([&] { queue.open("k", 100, {.protection = WriteProtection::checked_by_store})->finish(); }) ==
        "fake://bucket/k exists already");
  CHECK(queue.open("k", 100, {.protection = WriteProtection::checked_by_store})->publish() ==
        PutResult::already_exists);
  CHECK(queue.open("new", 100, {.protection = WriteProtection::checked_by_store})->publish() == PutResult::created);
  CHECK(fixture.store.find("k")->data == bytes_of("old"));
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("a stop interrupts writers and uploaders") {
  Fixture fixture;
  Gate gate;
  fixture.store.during_part = [&](const std::string&, int, const std::stop_token& stop) { gate.pass(stop); };
  UploadQueue queue = fixture.queue(2);
  auto object = queue.open("k", 100, {});
  object->write(Data(200));
  gate.wait_for(2);
  SECTION("while a writer waits") {
    auto writing = std::async(std::launch::async, [&] { object->write(Data(100)); });
    fixture.stop.request_stop();
    CHECK_THROWS_AS(writing.get(), Interrupted);
  }
  SECTION("while it finishes") {
    auto finishing = std::async(std::launch::async, [&] { object->finish(); });
    fixture.stop.request_stop();
    CHECK_THROWS_AS(finishing.get(), Interrupted);
  }
  SECTION("between two writes") {
    fixture.stop.request_stop();
    CHECK_THROWS_AS(object->write(Data(1)), Interrupted);
  }
  object.reset();
  CHECK(fixture.store.calls().back() == "abort k");
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("a queue that is stopped before it is made sends nothing") {
  Fixture fixture;
  fixture.stop.request_stop();
  UploadQueue queue = fixture.queue(2);
  CHECK_THROWS_AS(queue.open("k", 100, {})->finish(), Interrupted);
  CHECK(fixture.store.count("part") == 0);
  CHECK(fixture.store.open_uploads() == 0);
}

TEST_CASE("an object of more parts than the store takes is refused before it is sent") {
  Fixture fixture;
  fixture.store.limit.max_parts = 3;
  UploadQueue queue = fixture.queue(1);
  const auto object = queue.open("k", 100, {});
  object->write(Data(300));
  CHECK(failure_of([&] { object->write(Data(100)); }) ==
        "fake://bucket/k is larger than the 3 parts of 100 bytes that it may have");
  CHECK(failure_of([&] { queue.open("k", 0, {}); }) == "fake://bucket/k: parts of 0 bytes");
}

TEST_CASE("uploads are paced by the limit") {
  Fixture fixture;
  FakeClock clock{TimePoint{}};
  RateLimit limit(1000, clock);
  UploadQueue queue = fixture.queue(2, &limit);
  const auto object = queue.open("k", 100, {});
  object->write(Data(2100));
  object->finish();
  Duration slept{0};
  for (const Duration duration : clock.sleeps()) slept += duration;
  CHECK(slept == Duration{2000});
}

#ifndef TAPSTER_TEST_SANITIZED  // whose shadow memory counts as well
TEST_CASE("memory is what is written, and bounded by uploaders and open objects") {
  Fixture fixture;
  fixture.store.keeps_data = false;
  UploadQueue queue = fixture.queue(2);
  const std::uint64_t before = memory_in_use();
  {
    std::vector<std::unique_ptr<ObjectUpload>> small;
    for (int i = 0; i < 20; ++i) {
      small.push_back(queue.open("small" + std::to_string(i), 50 * kMiB, {}));
      small.back()->write(Data(1000));
    }
    CHECK(memory_in_use() < before + 10 * kMiB);
    for (const auto& object : small) object->finish();
  }
  const auto large = queue.open("large", kPart, {});
  const Data piece(kMiB);
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    large->write(piece);
    most = std::max(most, memory_in_use());
  }
  large->finish();
  CHECK(most < before + 3 * kPart + 10 * kMiB);
}
#endif

TEST_CASE("parts are uploaded by as many threads as can be had") {
  FakeStore store;
  CHECK(with_few_threads(2, [&] {
          UploadQueue queue(store, 8, nullptr, {});
          const auto upload = queue.open("key", kPart, {});
          const Data piece(kPart);
          for (int i = 0; i < 12; ++i) upload->write(piece);
          upload->finish();
          return upload->written() == 12 * kPart ? 0 : 1;
        }) == 0);
}
