#include "store/objects.h"
#include "store/stores.h"

using namespace tapster;
using namespace tapster::conformance;

TEST_CASE("a missing container is an error, never an absence") {
  StoreUnderTest existing(EACH_STORE());
  const auto store = existing.without_container();
  StringSink sink;
  MemoryBody body("text");
  PutOptions create;
  create.protection = WriteProtection::checked_by_store;
  CHECK_FALSE(store->container_exists());
  CHECK_THROWS_AS(store->stat("a/b"), StoreError);
  CHECK_THROWS_AS(store->get("a/b", sink), StoreError);
  CHECK_THROWS_AS(store->put("a/b", body, {}), StoreError);
  CHECK_THROWS_AS(store->put("a/b", body, create), StoreError);
  CHECK_THROWS_AS(store->list("", {}, [](const ListPage&) { return true; }), StoreError);
  CHECK_THROWS_AS(store->list("a/b/", {}, [](const ListPage&) { return true; }), StoreError);
  CHECK_THROWS_AS(store->remove({"a/b"}), StoreError);
  CHECK_THROWS_AS(store->begin_upload("a/b", 5U << 20U, {}), StoreError);
  CHECK(sink.text.empty());
  CHECK_FALSE(store->container_exists());  // nothing of that has made it
}

TEST_CASE("a container is created and then works") {
  StoreUnderTest existing(EACH_STORE());
  const auto store = existing.without_container();
  REQUIRE_FALSE(store->container_exists());
  store->create_container();
  CHECK(store->container_exists());
  CHECK(keys_below(*store, "").empty());
  CHECK(put_text(*store, "a/b", "text") == PutResult::created);
  CHECK(get_text(*store, "a/b") == "text");
  CHECK(keys_below(*store, "") == std::vector<std::string>{"a/b"});
  CHECK(store->remove({"a/b"}).empty());
  CHECK(store->container_exists());
}
