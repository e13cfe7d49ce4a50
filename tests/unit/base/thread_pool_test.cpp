#include "base/thread_pool.h"

#include "support/catch.h"
#include "support/few_threads.h"

#include <tapster/error.h>

#include <atomic>
#include <future>

using namespace tapster;
using namespace tapster::test;

TEST_CASE("a pool grows to what it is asked for, and joins all") {
  std::atomic<int> ran = 0;
  ThreadPool pool([&] { ++ran; });
  CHECK(pool.grow(0) == 0);
  CHECK(pool.grow(2) == 2);
  CHECK(pool.grow(1) == 2);
  CHECK(pool.grow(5) == 5);
  pool.join();
  CHECK(ran == 5);
}

TEST_CASE("a pool does with the threads that can be had") {
  CHECK(with_few_threads(2, [] {
          std::atomic<int> ran = 0;
          std::promise<void> end;
          const std::shared_future<void> ended = end.get_future().share();
          ThreadPool pool([&, ended] {
            ++ran;
            ended.wait();
          });
          pool.grow_at_least_one(8);
          const std::size_t started = pool.grow(8);
          end.set_value();
          pool.join();
          return started == 2 && ran == 2 ? 0 : 1;
        }) == 0);
}

TEST_CASE("a pool that gets no thread at all says so to those who need one") {
  CHECK(with_few_threads(0, [] {
          ThreadPool pool([] {});
          if (pool.grow(8) != 0) return 1;
          try {
            pool.grow_at_least_one(8);
          } catch (const Error& failure) {
            return std::string(failure.what()).find("cannot start a thread") == 0 ? 0 : 2;
          }
          return 3;
        }) == 0);
}
