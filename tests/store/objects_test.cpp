#include "store/objects.h"

#include "store/stores.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace tapster;
using namespace tapster::conformance;

namespace {

std::string many(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

const std::vector<std::string> kOddNames = {"a blank and  two", "plus+plus", "100%", "%41%2F", "é ü 漢字", "a&b=c;d",
                                            "colon:equals=tilde~", "it's (1)!*@$,", "quote\"<xml>", "back\\slash",
                                            "hash#question?", "ends with a blank ", ".hidden", "..two", "...",
                                            // 900 bytes in all, in names that every file system takes
                                            many("long-name-", 22) + "/" + many("long-name-", 22) + "/" +
                                                many("long-name-", 22) + "/" + many("long-name-", 18)};

}  // namespace

TEST_CASE("what was put is what get, stat and list give") {
  StoreUnderTest store(EACH_STORE());
  CHECK(put_text(*store, store.key("a/b/c"), "hello") == PutResult::created);
  CHECK(get_text(*store, store.key("a/b/c")) == "hello");
  const auto stat = store->stat(store.key("a/b/c"));
  REQUIRE(stat);
  CHECK(stat->size == 5);
  if (!store.may_lack("etag")) CHECK_FALSE(stat->etag.empty());
  StringSink sink;
  const auto got = store->get(store.key("a/b/c"), sink);
  REQUIRE(got);
  CHECK(got->size == 5);
  CHECK(got->etag == stat->etag);
  const auto objects = objects_below(*store, store.key(""));
  REQUIRE(objects.size() == 1);
  CHECK(objects[0].key == store.key("a/b/c"));
  CHECK(objects[0].size == 5);
}

TEST_CASE("a put without a condition replaces") {
  StoreUnderTest store(EACH_STORE());
  for (const std::string text : {"a long first version", "second", "", "the fourth"}) {
    CHECK(put_text(*store, store.key("x"), text) == PutResult::created);
    CHECK(get_text(*store, store.key("x")) == text);
  }
}

TEST_CASE("absence is a value and leaves the sink untouched") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("a/b"), "x");
  // Unknown, a folder, below a file, below nothing.
  for (const char* tail : {"b", "a", "a/b/c", "x/y/z", "B"}) {
    CAPTURE(tail);
    CHECK_FALSE(store->stat(store.key(tail)).has_value());
    CHECK_FALSE(get_text(*store, store.key(tail)).has_value());
    GetOptions range;
    range.range = ByteRange{5, 10};
    CHECK_FALSE(get_text(*store, store.key(tail), range).has_value());
    range.range = ByteRange{0, 0};
    CHECK_FALSE(get_text(*store, store.key(tail), range).has_value());
  }
}

TEST_CASE("an empty object is an object") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("empty"), "");
  CHECK(get_text(*store, store.key("empty")) == "");
  REQUIRE(store->stat(store.key("empty")).has_value());
  CHECK(store->stat(store.key("empty"))->size == 0);
  GetOptions range;
  range.range = ByteRange{0, 10};
  CHECK(get_text(*store, store.key("empty"), range) == "");
  const auto objects = objects_below(*store, store.key(""));
  REQUIRE(objects.size() == 1);
  CHECK(objects[0].size == 0);
}

TEST_CASE("a range is clipped to the object, whose whole size is told") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("digits"), "0123456789");
  const struct {
    std::uint64_t offset;
    std::optional<std::uint64_t> length;
    std::string expected;
  } cases[] = {{0, {}, "0123456789"},
               {0, 10, "0123456789"},
               {0, 1, "0"},
               {3, 4, "3456"},
               {3, {}, "3456789"},
               {9, 1, "9"},
               {8, 5, "89"},
               {0, 0, ""},
               {5, 0, ""},
               {10, {}, ""},
               {10, 1, ""},
               {1000, 10, ""},
               {1000, {}, ""},
               {3, ~std::uint64_t{0}, "3456789"}};
  for (const auto& one : cases) {
    CAPTURE(one.offset, one.length.value_or(999));
    StringSink sink;
    GetOptions options;
    options.range = ByteRange{one.offset, one.length};
    const auto stat = store->get(store.key("digits"), sink, options);
    REQUIRE(stat);
    CHECK(sink.text == one.expected);
    CHECK(stat->size == 10);
  }
}

TEST_CASE("odd keys stay as they are") {
  StoreUnderTest store(EACH_STORE());
  std::vector<std::string> keys;
  for (const std::string& name : kOddNames) {
    if (store.may_lack("backslash") && name.find('\\') != std::string::npos) continue;
    keys.push_back(store.key(name));
    keys.push_back(store.key(name + "-folder/" + name));
  }
  keys.erase(std::remove_if(keys.begin(), keys.end(), [](const auto& key) { return key.size() > 1000; }), keys.end());
  for (const std::string& key : keys) {
    CAPTURE(key);
    put_text(*store, key, "content of " + key);
  }
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(get_text(*store, key) == "content of " + key);
    CHECK(store->stat(key).has_value());
    CHECK(keys_below(*store, key).at(0) == key);
  }
  std::sort(keys.begin(), keys.end());
  CHECK(keys_below(*store, store.key("")) == keys);
  CHECK(store->remove(keys).empty());
  CHECK(keys_below(*store, store.key("")).empty());
}

TEST_CASE("every byte value survives") {
  StoreUnderTest store(EACH_STORE());
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  put_text(*store, store.key("bytes"), all);
  CHECK(get_text(*store, store.key("bytes")) == all);
}

TEST_CASE("a large object is streamed both ways") {
  StoreUnderTest store(EACH_STORE());
  constexpr std::uint64_t kSize = (40U << 20U) + 12345;
  PatternBody body(kSize);
  store->put(store.key("large"), body, {});
  PatternSink sink;
  const auto stat = store->get(store.key("large"), sink);
  REQUIRE(stat);
  CHECK(stat->size == kSize);
  CHECK(sink.size() == kSize);
  CHECK(sink.intact());
  CHECK(sink.largest_write() <= (4U << 20U));

  PatternSink middle(0, 30'000'000);
  GetOptions options;
  options.range = ByteRange{30'000'000, 1'000'000};
  REQUIRE(store->get(store.key("large"), middle, options));
  CHECK(middle.size() == 1'000'000);
  CHECK(middle.intact());
}

TEST_CASE("a version that is asked for is read, and no other in its place") {
  StoreUnderTest store(EACH_STORE());
  if (store.may_lack("etag")) return;
  put_text(*store, store.key("x"), "first");
  GetOptions options;
  options.etag = store->stat(store.key("x"))->etag;
  CHECK(get_text(*store, store.key("x"), options) == "first");
  for (const auto& range : {std::optional<ByteRange>(), std::optional(ByteRange{1, 2})}) {
    options.range = range;
    put_text(*store, store.key("x"), "later");
    CHECK_THROWS_WITH(get_text(*store, store.key("x"), options),
                      ContainsSubstring(store->describe(store.key("x")) + " was replaced while it was read"));
    store->remove(std::vector{store.key("x")});
    CHECK_THROWS_AS(get_text(*store, store.key("x"), options), Error);
  }
}

TEST_CASE("a body that was read before is sent from its beginning") {
  StoreUnderTest store(EACH_STORE());
  PatternBody body(1000);
  std::byte some[300];
  body.read(some);
  store->put(store.key("x"), body, {});
  PatternSink sink;
  store->get(store.key("x"), sink);
  CHECK(sink.size() == 1000);
  CHECK(sink.intact());
}

TEST_CASE("what a body throws comes out, and nothing is stored") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("old"), "old");
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3U << 20U}}) {
    for (const bool if_absent : {false, true}) {
      PatternBody body(4U << 20U);
      body.fail_at(at);
      PutOptions options;
      if (if_absent) options.protection = WriteProtection::checked_by_store;
      CHECK_THROWS_AS(store->put(store.key("new"), body, options), Mishap);
      CHECK_FALSE(store->stat(store.key("new")).has_value());
    }
    PatternBody body(4U << 20U);
    body.fail_at(at);
    CHECK_THROWS_AS(store->put(store.key("old"), body, {}), Mishap);
    CHECK(get_text(*store, store.key("old")) == "old");
  }
  CHECK(keys_below(*store, store.key("")) == std::vector<std::string>{store.key("old")});
}

TEST_CASE("what a sink throws comes out unchanged") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("x"), "some text");
  for (const int number : {7, 8}) {
    FailingSink sink(number);
    try {
      store->get(store.key("x"), sink);
      FAIL("no exception");
    } catch (const Mishap& mishap) {
      CHECK(mishap.number == number);
    }
  }
  CHECK(get_text(*store, store.key("x")) == "some text");
}

TEST_CASE("if_absent leaves an existing object untouched") {
  StoreUnderTest store(EACH_STORE());
  PutOptions create;
  create.protection = WriteProtection::checked_by_store;
  CHECK(put_text(*store, store.key("x"), "first", create) == PutResult::created);
  CHECK(put_text(*store, store.key("x"), "second", create) == PutResult::already_exists);
  CHECK(put_text(*store, store.key("x"), "first", create) == PutResult::already_exists);
  CHECK(get_text(*store, store.key("x")) == "first");
  CHECK(store->remove({store.key("x")}).empty());
  CHECK(put_text(*store, store.key("x"), "third", create) == PutResult::created);
  CHECK(get_text(*store, store.key("x")) == "third");
}

TEST_CASE("of eight writers with if_absent exactly one creates, whole") {
  StoreUnderTest store(EACH_STORE());
  for (int round = 0; round < 5; ++round) {
    const std::string key = store.key(fmt::format("round{}/x", round));
    std::atomic<int> waiting{8};
    std::atomic<int> winner{-1};
    std::atomic<int> created{0};
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        PatternBody body(300'000, static_cast<unsigned>(i));
        PutOptions create;
        create.protection = WriteProtection::checked_by_store;
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        try {
          if (store->put(key, body, create) == PutResult::created) {
            ++created;
            winner = i;
          }
        } catch (const std::exception&) {
          ++failed;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(failed == 0);
    REQUIRE(created == 1);
    PatternSink sink(static_cast<unsigned>(winner.load()));
    store->get(key, sink);
    CHECK(sink.size() == 300'000);
    CHECK(sink.intact());
  }
}

TEST_CASE("readers see one whole version while writers replace it") {
  StoreUnderTest store(EACH_STORE());
  const std::string key = store.key("x");
  const auto write = [&](unsigned seed) {
    PatternBody body(200'000, seed);
    store->put(key, body, {});
  };
  write(0);
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (unsigned seed = 1; seed <= 2; ++seed) {
    writers.emplace_back([&, seed] {
      try {
        for (int i = 0; i < 10; ++i) write(seed);
      } catch (const std::exception&) {
        ++failed;
      }
      stop = true;
    });
  }
  int mixed = 0;
  do {
    StringSink sink;
    std::optional<ObjectStat> stat;
    try {
      stat = store->get(key, sink);
    } catch (const Error&) {
      continue;  // it changed in between: an error, never a mixture
    }
    bool whole = stat && sink.text.size() == 200'000;
    const unsigned seed = whole ? static_cast<unsigned char>(sink.text[0]) : 0;
    for (std::size_t i = 0; whole && i < sink.text.size(); ++i) {
      whole = static_cast<std::byte>(sink.text[i]) == pattern_byte(i, seed);
    }
    if (!whole) ++mixed;
  } while (!stop);
  for (auto& thread : writers) thread.join();
  CHECK(failed == 0);
  CHECK(mixed == 0);
}

TEST_CASE("metadata comes back where the store keeps it, and is dropped elsewhere") {
  StoreUnderTest store(EACH_STORE());
  PutOptions options;
  options.metadata = {{"compression", "gzip"}, {"original-name", "a b=c"}};
  options.tags = Tags{{"key", "value"}, {"other key", "+ /"}};
  put_text(*store, store.key("x"), "text", options);
  CHECK(get_text(*store, store.key("x")) == "text");
  const auto stat = store->stat(store.key("x"));
  REQUIRE(stat);
  CHECK(store->capabilities().metadata == !store.may_lack("metadata"));
  if (store.may_lack("tags of their own")) {
    for (const auto& [name, value] : *options.tags) options.metadata.emplace(name, value);
  }
  CHECK(stat->metadata == (store->capabilities().metadata ? options.metadata : Metadata{}));
  options.tags = Tags{};
  put_text(*store, store.key("x"), "text", options);
  CHECK(store->stat(store.key("x")).has_value());
}

TEST_CASE("removing: what is not there counts as deleted") {
  StoreUnderTest store(EACH_STORE());
  for (const char* name : {"a", "b/c", "b/d", "e/f/g/h"}) put_text(*store, store.key(name), "x");
  CHECK(store->remove({}).empty());
  CHECK(store->remove({store.key("absent"), store.key("b/c"), store.key("b/c/d"), store.key("b"), store.key("q/r/s")})
            .empty());
  CHECK(keys_below(*store, store.key("")) ==
        std::vector<std::string>{store.key("a"), store.key("b/d"), store.key("e/f/g/h")});
  CHECK(store->remove({store.key("b/c")}).empty());
  CHECK(store->remove({store.key("e/f/g/h"), store.key("a"), store.key("b/d")}).empty());
  CHECK(keys_below(*store, store.key("")).empty());
  CHECK_FALSE(store->stat(store.key("a")).has_value());
}

TEST_CASE("describe names the place for people") {
  StoreUnderTest store(EACH_STORE());
  CHECK_THAT(store->describe(store.key("a/b")), ContainsSubstring("://"));
  CHECK_THAT(store->describe(store.key("a/b")), ContainsSubstring(store.key("a/b")));
}
