#include "store/objects.h"
#include "store/stores.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace tapster;
using namespace tapster::conformance;

namespace {

struct Listing {
  std::vector<std::string> keys;
  std::vector<std::string> prefixes;
  int pages = 0;
};

Listing list_all(ObjectStore& store, const std::string& prefix, const ListOptions& options) {
  Listing all;
  store.list(prefix, options, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) all.keys.push_back(object.key);
    all.prefixes.insert(all.prefixes.end(), page.prefixes.begin(), page.prefixes.end());
    ++all.pages;
    return true;
  });
  return all;
}

std::vector<std::string> keys_of(const StoreUnderTest& store, const std::vector<std::string>& tails) {
  std::vector<std::string> keys;
  for (const std::string& tail : tails) keys.push_back(store.key(tail));
  return keys;
}

// Many small objects, quickly.
void put_many(const StoreUnderTest& store, const std::vector<std::string>& keys) {
  std::atomic<std::size_t> next{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      try {
        for (std::size_t at = next++; at < keys.size(); at = next++) put_text(*store, keys[at], "x");
      } catch (const std::exception&) {
        ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(failed == 0);
}

}  // namespace

TEST_CASE("an unknown prefix is an empty listing") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("a/b"), "x");
  for (const char* tail : {"b", "a/c", "a/b/", "a/b/c", "x/y/", "a//", "a/../", "a/./b"}) {
    CAPTURE(tail);
    CHECK(keys_below(*store, store.key(tail)).empty());
    ListOptions folders;
    folders.by_folder = true;
    const Listing listing = list_all(*store, store.key(tail), folders);
    CHECK(listing.keys.empty());
    CHECK(listing.prefixes.empty());
  }
}

TEST_CASE("a prefix is a plain string prefix") {
  StoreUnderTest store(EACH_STORE());
  put_many(store, keys_of(store, {"a/b/0000x", "a/b/0000/1", "a/b/0000/2/3", "a/b/0001", "a/bc", "a.b"}));
  CHECK(keys_below(*store, store.key("a/b/0000")) == keys_of(store, {"a/b/0000/1", "a/b/0000/2/3", "a/b/0000x"}));
  CHECK(keys_below(*store, store.key("a/b/0000/")) == keys_of(store, {"a/b/0000/1", "a/b/0000/2/3"}));
  CHECK(keys_below(*store, store.key("a/b/0000x")) == keys_of(store, {"a/b/0000x"}));
  CHECK(keys_below(*store, store.key("a/bc")) == keys_of(store, {"a/bc"}));
  CHECK(keys_below(*store, store.key("a/b/0001/")).empty());
}

TEST_CASE("keys come in the order of their bytes") {
  StoreUnderTest store(EACH_STORE());
  // '/' sorts between '.' and '0': a folder's keys do not come where its bare name would.
  auto keys =
      keys_of(store, {"b", "~", "é", "aa", "a0", "a/bc", "a/b/c", "a/b.c", "a.b", "a-b", "a!", "a b/c", "Z/z", "A"});
  put_many(store, keys);
  std::sort(keys.begin(), keys.end());
  CHECK(keys_below(*store, store.key("")) == keys);
  for (const int size : {1, 2, 3}) {
    ListOptions options;
    options.page_size = size;
    CHECK(list_all(*store, store.key(""), options).keys == keys);
  }
}

TEST_CASE("by folder, keys roll up at the next slash") {
  StoreUnderTest store(EACH_STORE());
  put_many(store, keys_of(store, {"f/a", "f/b/1", "f/b/2/3", "f/bb", "f/c/d/e/f", "f/d", "g"}));
  ListOptions folders;
  folders.by_folder = true;
  Listing listing = list_all(*store, store.key("f/"), folders);
  CHECK(listing.keys == keys_of(store, {"f/a", "f/bb", "f/d"}));
  CHECK(listing.prefixes == keys_of(store, {"f/b/", "f/c/"}));
  listing = list_all(*store, store.key("f/b"), folders);
  CHECK(listing.keys == keys_of(store, {"f/bb"}));
  CHECK(listing.prefixes == keys_of(store, {"f/b/"}));
  listing = list_all(*store, store.key("f"), folders);
  CHECK(listing.keys.empty());
  CHECK(listing.prefixes == keys_of(store, {"f/"}));
  listing = list_all(*store, store.key("f/b/"), folders);
  CHECK(listing.keys == keys_of(store, {"f/b/1"}));
  CHECK(listing.prefixes == keys_of(store, {"f/b/2/"}));
  folders.page_size = 1;
  listing = list_all(*store, store.key("f/"), folders);
  CHECK(listing.keys == keys_of(store, {"f/a", "f/bb", "f/d"}));
  CHECK(listing.prefixes == keys_of(store, {"f/b/", "f/c/"}));
}

TEST_CASE("a listing may begin behind a key") {
  StoreUnderTest store(EACH_STORE());
  const auto keys = keys_of(store, {"f/a", "f/b.c", "f/b/1", "f/b/2/3", "f/c"});
  put_many(store, keys);
  ListOptions options;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    options.start_after = keys[at];
    options.page_size = at % 2 == 0 ? std::optional<int>() : 1;
    const std::vector<std::string> rest(keys.begin() + static_cast<long>(at) + 1, keys.end());
    CHECK(list_all(*store, store.key("f/"), options).keys == rest);
  }
  options.start_after = store.key("f/b/");  // need not exist
  CHECK(list_all(*store, store.key("f/"), options).keys == keys_of(store, {"f/b/1", "f/b/2/3", "f/c"}));
  options.start_after = store.key("f/b/2/4");
  CHECK(list_all(*store, store.key("f/"), options).keys == keys_of(store, {"f/c"}));
}

TEST_CASE("a listing tells when objects were stored") {
  StoreUnderTest store(EACH_STORE());
  put_text(*store, store.key("a"), "x");
  const auto objects = objects_below(*store, store.key(""));
  REQUIRE(objects.size() == 1);
  REQUIRE(objects[0].modified.has_value());
  CHECK(std::chrono::abs(std::chrono::system_clock::now() - *objects[0].modified) < std::chrono::hours(1));
}

TEST_CASE("a folder whose objects were removed is gone") {
  StoreUnderTest store(EACH_STORE());
  put_many(store, keys_of(store, {"f/a/1", "f/b/c/1"}));
  CHECK(store->remove(keys_of(store, {"f/b/c/1"})).empty());
  ListOptions folders;
  folders.by_folder = true;
  CHECK(list_all(*store, store.key("f/"), folders).prefixes == keys_of(store, {"f/a/"}));
}

TEST_CASE("long listings come in pages") {
  StoreUnderTest store(EACH_STORE());
  std::vector<std::string> tails;
  for (int i = 0; i < 2500; ++i) tails.push_back(fmt::format("p{}/{:04}", i % 3, i));
  auto keys = keys_of(store, tails);
  put_many(store, keys);
  std::sort(keys.begin(), keys.end());

  Listing listing = list_all(*store, store.key(""), {});
  CHECK(listing.keys == keys);
  if (!store.may_lack("pages of 1000")) CHECK(listing.pages >= 2);
  ListOptions small;
  small.page_size = 100;
  listing = list_all(*store, store.key(""), small);
  CHECK(listing.keys == keys);
  CHECK(listing.pages >= 25);

  // The listener may stop, and may throw.
  int pages = 0;
  store->list(store.key(""), {}, [&](const ListPage&) {
    ++pages;
    return false;
  });
  CHECK(pages == 1);
  CHECK_THROWS_AS(store->list(store.key(""), {}, [](const ListPage&) -> bool { throw Mishap{1}; }), Mishap);

  // Removed in batches as the store takes them.
  const std::size_t batch = std::min<std::size_t>(store->limits().max_remove_batch, keys.size());
  REQUIRE(batch > 0);
  for (std::size_t begin = 0; begin < keys.size(); begin += batch) {
    const std::size_t end = std::min(begin + batch, keys.size());
    CHECK(store->remove({keys.begin() + static_cast<long>(begin), keys.begin() + static_cast<long>(end)}).empty());
  }
  CHECK(keys_below(*store, store.key("")).empty());
}
