#include "store/objects.h"
#include "store/stores.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace tapster;
using namespace tapster::conformance;

namespace {

constexpr std::uint64_t kPart = 5U << 20U;  // what S3 asks of all parts but the last

UploadedPart send(const StoreUnderTest& store, const UploadId& upload, int number, std::uint64_t size = kPart) {
  PatternBody body(size, 0, static_cast<std::uint64_t>(number - 1) * kPart);
  const UploadedPart part = store->upload_part(upload, number, body);
  CHECK(part.number == number);
  CHECK(part.size == size);
  return part;
}

void check_whole(const StoreUnderTest& store, const std::string& key, std::uint64_t size) {
  PatternSink sink;
  const auto stat = store->get(key, sink);
  REQUIRE(stat);
  CHECK(stat->size == size);
  CHECK(sink.size() == size);
  CHECK(sink.intact());
}

}  // namespace

TEST_CASE("an upload in parts is invisible until it is complete") {
  StoreUnderTest store(EACH_STORE());
  REQUIRE(store->limits().min_part_size <= kPart);
  REQUIRE(store->limits().max_part_size >= kPart);
  REQUIRE(store->limits().max_parts >= 1000);
  const std::string key = store.key("backups/data.tar");
  const UploadId upload = store->begin_upload(key, kPart, {});
  CHECK(upload.key == key);
  CHECK(upload.part_size == kPart);
  std::vector<UploadedPart> parts;
  const bool in_order = store.may_lack("parts");
  for (const int number : {in_order ? 1 : 2, in_order ? 2 : 1, 3}) {
    parts.push_back(send(store, upload, number, number == 3 ? 1000 : kPart));
    CHECK_FALSE(store->stat(key).has_value());
    CHECK(keys_below(*store, store.key("")).empty());
  }
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  CHECK(store->complete_upload(upload, parts, {}) == PutResult::created);
  check_whole(store, key, 2 * kPart + 1000);
  CHECK(keys_below(*store, store.key("")) == std::vector<std::string>{key});
}

TEST_CASE("parts may be sent from several threads, and again") {
  StoreUnderTest store(EACH_STORE());
  const std::string key = store.key("x");
  const UploadId upload = store->begin_upload(key, kPart, {});
  const UploadId other = store->begin_upload(key, kPart, {});  // two uploads of one key do not meet
  std::vector<UploadedPart> parts(4);
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int number = 4; number >= 1; --number) {
    threads.emplace_back([&, number] {
      try {
        PatternBody wrong(kPart, 77);
        if (number == 2 && !store.may_lack("parts")) store->upload_part(upload, number, wrong);
        PatternBody body(number == 4 ? 1 : kPart, 0, static_cast<std::uint64_t>(number - 1) * kPart);
        parts[static_cast<std::size_t>(number - 1)] = store->upload_part(upload, number, body);
      } catch (const std::exception&) {
        ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(failed == 0);
  CHECK(store->complete_upload(upload, parts, {}) == PutResult::created);
  store->abort_upload(other);
  check_whole(store, key, 3 * kPart + 1);
}

TEST_CASE("one small part is an upload") {
  StoreUnderTest store(EACH_STORE());
  const UploadId upload = store->begin_upload(store.key("x"), kPart, {});
  CHECK(store->complete_upload(upload, {send(store, upload, 1, 3)}, {}) == PutResult::created);
  check_whole(store, store.key("x"), 3);
}

TEST_CASE("one empty part is an upload of an empty object") {
  StoreUnderTest store(EACH_STORE());
  const UploadId upload = store->begin_upload(store.key("x"), kPart, {});
  CHECK(store->complete_upload(upload, {send(store, upload, 1, 0)}, {}) == PutResult::created);
  check_whole(store, store.key("x"), 0);
}

TEST_CASE("what is stopped before it begins is interrupted, and the store goes on") {
  StoreUnderTest store(EACH_STORE());
  std::stop_source stop;
  stop.request_stop();
  const UploadId upload = store->begin_upload(store.key("x"), kPart, {});
  PatternBody body(100, 0, 0);
  CHECK_THROWS_AS(store->upload_part(upload, 1, body, stop.get_token()), Interrupted);
  CHECK(store->complete_upload(upload, {send(store, upload, 1, 100)}, {}) == PutResult::created);
  PatternSink sink;
  CHECK_THROWS_AS(store->get(store.key("x"), sink, {.stop = stop.get_token()}), Interrupted);
  CHECK(sink.size() == 0);
  check_whole(store, store.key("x"), 100);
}

TEST_CASE("an upload replaces, or with if_absent leaves what is there") {
  StoreUnderTest store(EACH_STORE());
  const std::string key = store.key("x");
  put_text(*store, key, "old");
  PutOptions create;
  create.protection = WriteProtection::checked_by_store;
  const UploadId polite = store->begin_upload(key, kPart, create);
  CHECK(store->complete_upload(polite, {send(store, polite, 1, 3)}, create) == PutResult::already_exists);
  CHECK(get_text(*store, key) == "old");
  const UploadId rude = store->begin_upload(key, kPart, {});
  CHECK(store->complete_upload(rude, {send(store, rude, 1, 3)}, {}) == PutResult::created);
  check_whole(store, key, 3);
  const UploadId fresh = store->begin_upload(store.key("y"), kPart, create);
  CHECK(store->complete_upload(fresh, {send(store, fresh, 1, 3)}, create) == PutResult::created);
  check_whole(store, store.key("y"), 3);
}

TEST_CASE("an upload that lacks a part does not complete") {
  StoreUnderTest store(EACH_STORE());
  if (store.may_lack("parts")) return;
  const UploadId upload = store->begin_upload(store.key("x"), kPart, {});
  const UploadedPart first = send(store, upload, 1);
  const UploadedPart last = send(store, upload, 3, 10);
  UploadedPart invented = first;
  invented.number = 2;
  CHECK_THROWS_AS(store->complete_upload(upload, {first, invented, last}, {}), StoreError);
  CHECK_FALSE(store->stat(store.key("x")).has_value());
  store->abort_upload(upload);
  CHECK(keys_below(*store, store.key("")).empty());
}

TEST_CASE("what a part's body throws comes out, and the part may be sent again") {
  StoreUnderTest store(EACH_STORE());
  if (store.may_lack("parts")) return;
  const UploadId upload = store->begin_upload(store.key("x"), kPart, {});
  PatternBody body(kPart, 5);
  body.fail_at(kPart / 2);
  CHECK_THROWS_AS(store->upload_part(upload, 1, body), Mishap);
  CHECK(store->complete_upload(upload, {send(store, upload, 1, 100)}, {}) == PutResult::created);
  check_whole(store, store.key("x"), 100);
}

TEST_CASE("an aborted upload is gone, and aborting never fails") {
  StoreUnderTest store(EACH_STORE());
  const UploadId upload = store->begin_upload(store.key("f/x"), kPart, {});
  const UploadedPart part = send(store, upload, 1, 100);
  store->abort_upload(upload);
  store->abort_upload(upload);
  CHECK(keys_below(*store, store.key("")).empty());
  if (!store.may_lack("end of uploads")) CHECK_THROWS_AS(send(store, upload, 2, 100), StoreError);
  CHECK_THROWS_AS(store->complete_upload(upload, {part}, {}), StoreError);
  CHECK_FALSE(store->stat(store.key("f/x")).has_value());
  store->abort_upload({store.key("never"), "no-such-upload", kPart});
  store->abort_upload({store.key("never/begun"), "../../x", kPart});
}

TEST_CASE("an upload keeps metadata where the store keeps it") {
  StoreUnderTest store(EACH_STORE());
  PutOptions options;
  options.metadata = {{"kind", "upload"}};
  const UploadId upload = store->begin_upload(store.key("x"), kPart, options);
  store->complete_upload(upload, {send(store, upload, 1, 3)}, options);
  const auto stat = store->stat(store.key("x"));
  REQUIRE(stat);
  CHECK(stat->metadata == (store->capabilities().metadata ? options.metadata : Metadata{}));
}

namespace {

std::vector<UnfinishedUpload> uploads_below(ObjectStore& store, const std::string& prefix) {
  std::vector<UnfinishedUpload> found;
  store.list_uploads(prefix, [&](const UnfinishedUpload& upload) {
    found.push_back(upload);
    return true;
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.upload.key < b.upload.key; });
  return found;
}

bool is_recent(const std::optional<TimePoint>& time) {
  return time && std::chrono::abs(std::chrono::system_clock::now() - *time) < std::chrono::hours(1);
}

}  // namespace

TEST_CASE("unfinished uploads are listed with their times, until they are completed or aborted") {
  StoreUnderTest store(EACH_STORE());
  if (store.may_lack("list of uploads")) return;
  const UploadId first = store->begin_upload(store.key("base/a +é/data.tar"), kPart, {});
  const UploadId second = store->begin_upload(store.key("base/b/1.tar"), kPart, {});
  const UploadId third = store->begin_upload(store.key("other/x"), kPart, {});
  const UploadedPart part = send(store, second, 1, 10);
  const auto found = uploads_below(*store, store.key("base/"));
  REQUIRE(found.size() == 2);
  CHECK(found[0].upload.key == first.key);
  CHECK(found[0].upload.id == first.id);
  CHECK(found[1].upload.key == second.key);
  CHECK(is_recent(found[0].initiated));
  CHECK(is_recent(store->newest_part(found[1].upload)));
  CHECK(uploads_below(*store, store.key("base/b")).size() == 1);
  CHECK(uploads_below(*store, store.key("ba")).size() == 2);
  CHECK(uploads_below(*store, store.key("base/c/")).empty());
  CHECK(uploads_below(*store, store.key("nothing/there/")).empty());

  CHECK(store->complete_upload(second, {part}, {}) == PutResult::created);
  for (const UnfinishedUpload& left : uploads_below(*store, store.key(""))) store->abort_upload(left.upload);
  CHECK(uploads_below(*store, store.key("")).empty());
  CHECK_FALSE(store->newest_part(first).has_value());
  if (!store.may_lack("end of uploads")) CHECK_THROWS_AS(send(store, third, 1, 10), StoreError);
  CHECK(store->stat(second.key).has_value());
}

TEST_CASE("the listener of uploads may have enough, and may throw") {
  StoreUnderTest store(EACH_STORE());
  if (store.may_lack("list of uploads")) return;
  for (const char* tail : {"a", "b", "c"}) store->begin_upload(store.key(tail), kPart, {});
  int seen = 0;
  store->list_uploads(store.key(""), [&](const UnfinishedUpload&) { return ++seen < 2; });
  CHECK(seen == 2);
  CHECK_THROWS_AS(store->list_uploads(store.key(""), [](const UnfinishedUpload&) -> bool { throw Mishap{1}; }), Mishap);
  for (const UnfinishedUpload& left : uploads_below(*store, store.key(""))) store->abort_upload(left.upload);
}
