#include "catalog/retention/batched_removal.h"

#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"

#include <atomic>

using namespace tapster;
using namespace tapster::test;

namespace {

std::string key(int i) { return fmt::format("k{:05}", i); }

void add_objects(FakeStore& store, int count) {
  for (int i = 0; i < count; ++i) store.add_text(key(i), "x");
}

}  // namespace

TEST_CASE("keys are sent in full batches") {
  FakeStore store;
  add_objects(store, 2500);
  BatchedRemoval removal(store, 0);
  for (int i = 0; i < 2500; ++i) removal.add(key(i));
  CHECK(removal.finish().empty());
  CHECK(removal.added() == 2500);
  CHECK(store.keys().empty());
  CHECK(store.count("batch") == 3);
}

TEST_CASE("a batch is as large as the caller and the store allow") {
  struct Row {
    std::size_t asked;
    int batches;
  };
  const Row row = GENERATE(Row{0, 4}, Row{3, 4}, Row{2, 5}, Row{1, 10}, Row{100, 4});
  FakeStore store;
  store.limit.max_remove_batch = 3;
  add_objects(store, 10);
  BatchedRemoval removal(store, row.asked);
  for (int i = 0; i < 10; ++i) removal.add(key(i));
  CHECK(removal.finish().empty());
  CHECK(store.count("batch") == row.batches);
  CHECK(store.keys().empty());
}

TEST_CASE("a removal without keys sends no request") {
  FakeStore store;
  BatchedRemoval removal(store, 0);
  CHECK(removal.finish().empty());
  CHECK(store.calls().empty());
}

TEST_CASE("keys that cannot be deleted are returned, and the others are deleted") {
  FakeStore store;
  store.limit.max_remove_batch = 10;
  add_objects(store, 100);
  SECTION("single keys") {
    store.undeletable = {key(5), key(77)};
    BatchedRemoval removal(store, 0);
    for (int i = 0; i < 100; ++i) removal.add(key(i));
    CHECK(removal.finish().size() == 2);
    CHECK(store.keys() == std::vector<std::string>{key(5), key(77)});
    CHECK_FALSE(removal.unreachable());
  }
  SECTION("a whole batch") {
    store.before = [&](const std::string& operation, const std::string& name) {
      if (operation == "remove" && name == key(30)) throw FakeStore::refusal("DeleteObjects", 403);
    };
    BatchedRemoval removal(store, 0);
    for (int i = 0; i < 100; ++i) removal.add(key(i));
    const auto failures = removal.finish();
    CHECK(failures.size() == 10);
    CHECK_THAT(failures.at(0).reason, ContainsSubstring("403"));
    CHECK(store.keys().size() == 10);
    CHECK_FALSE(removal.unreachable());
  }
}

TEST_CASE("after three batches without an answer the other keys are not tried") {
  FakeStore store;
  store.limit.max_remove_batch = 1;
  std::atomic<int> tries{0};
  store.before = [&](const std::string& operation, const std::string&) {
    if (operation != "remove") return;
    ++tries;
    throw FakeStore::refusal("DeleteObjects", 503, ErrorKind::network);
  };
  BatchedRemoval removal(store, 0);
  for (int i = 0; i < 50; ++i) removal.add(key(i));
  CHECK(removal.finish().size() == 50);
  CHECK(removal.unreachable());
  CHECK(tries < 10);
}

TEST_CASE("a removal that is destroyed waits for the batches that were sent") {
  FakeStore store;
  store.limit.max_remove_batch = 1;
  add_objects(store, 5);
  { BatchedRemoval removal(store, 0); }
  {
    BatchedRemoval removal(store, 0);
    for (int i = 0; i < 3; ++i) removal.add(key(i));
  }
  CHECK(store.keys() == std::vector<std::string>{key(3), key(4)});
}

TEST_CASE("of many failures only the first ten are logged one by one") {
  const FakeStore store;
  std::vector<RemoveFailure> failures;
  for (int i = 0; i < 50; ++i) failures.push_back({key(i), "so"});
  const CapturedLog captured(log::Level::error);
  log_failures(failures, store);
  CHECK_THAT(captured.text(), ContainsSubstring("Could not delete fake://bucket/k00009: so"));
  CHECK_THAT(captured.text(), !ContainsSubstring("k00010"));
  CHECK_THAT(captured.text(), ContainsSubstring("Could not delete 40 more objects"));
}
