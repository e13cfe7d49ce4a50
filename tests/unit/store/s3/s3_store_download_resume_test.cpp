// Downloads whose connection is cut.
#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;
using Stage = TransportError::Stage;

namespace {

const std::string kText = "0123456789";

struct ResumeWorld : S3World {
  HttpHeaders headers(std::size_t length, HttpHeaders more = {}) const {
    more.emplace_back("Content-Length", std::to_string(length));
    if (!etag.empty()) more.emplace_back("ETag", etag);
    return more;
  }
  HttpHeaders rest_from(std::size_t first) const {
    return headers(kText.size() - first, {{"Content-Range", "bytes " + std::to_string(first) + "-9/10"}});
  }
  std::optional<ObjectStat> download(const GetOptions& options = {}) { return store().get("k", sink, options); }
  std::string failure(const GetOptions& options = {}) {
    return failure_of([&] { download(options); });
  }

  std::string etag = "\"e\"";
  CollectingSink sink;
};

}  // namespace

TEST_CASE("a cut download goes on where it ended, pinned to its version") {
  ResumeWorld world;
  const auto at = GENERATE(range(std::size_t(1), std::size_t(10)));
  world.http.cut(200, kText.substr(0, at), world.headers(10)).answer(206, kText.substr(at), world.rest_from(at));
  CHECK(world.download()->size == 10);
  CHECK(world.sink.text == kText);
  CHECK(world.last().header("Range") == "bytes=" + std::to_string(at) + "-");
  CHECK(world.last().header("If-Match") == "\"e\"");
}

TEST_CASE("a download that is cut again and again") {
  ResumeWorld world;
  world.http.cut(200, "012", world.headers(10));
  for (std::size_t at = 3; at < 9; ++at) world.http.cut(206, kText.substr(at, 1), world.rest_from(at));
  world.http.answer(206, "9", world.rest_from(9));
  world.download();
  CHECK(world.sink.text == kText);
  CHECK(world.clock.sleeps().size() == 7);
}

TEST_CASE("a cut behind the last byte is none") {
  ResumeWorld world;
  world.settings.checksums.downloads = true;
  SECTION("whole") {
    world.http.cut(200, kText, world.headers(10));
    CHECK(world.download()->size == 10);
    CHECK(world.requests() == 1);
  }
  SECTION("the checksum is verified all the same") {
    world.http.cut(200, kText, world.headers(10, {{"x-amz-checksum-crc32", "AAAAAA=="}}));
    CHECK_THAT(world.failure(), ContainsSubstring("general: s3://b/k is damaged"));
  }
}

TEST_CASE("the checksum counts over all pieces") {
  ResumeWorld world;
  world.settings.checksums.downloads = true;
  const auto answer_with = [&](const std::string& checksum) {
    world.http.cut(200, "0123", world.headers(10, {{"x-amz-checksum-crc32", checksum}}))
        .answer(206, "456789", world.rest_from(4));
  };
  SECTION("good") {
    answer_with("poTHxg==");
    CHECK(world.download());
  }
  SECTION("bad") {
    answer_with("poTHxw==");
    CHECK_THAT(world.failure(), ContainsSubstring("its checksum is poTHxg==, the store has recorded poTHxw=="));
  }
  CHECK(world.sink.text == kText);
  CHECK(world.last().header("x-amz-checksum-mode").empty());
}

TEST_CASE("a range that is cut is resumed within its bounds") {
  ResumeWorld world;
  const HttpHeaders first = world.headers(6, {{"Content-Range", "bytes 2-7/10"}});
  SECTION("by a server that knows ranges") {
    world.http.cut(206, "234", first).answer(206, "567", world.headers(3, {{"Content-Range", "bytes 5-7/10"}}));
  }
  SECTION("by one that forgot them") { world.http.cut(206, "234", first).answer(200, kText, world.headers(10)); }
  CHECK(world.download({ByteRange{2, 6}})->size == 10);
  CHECK(world.sink.text == "234567");
  CHECK(world.last().header("Range") == "bytes=5-7");
}

TEST_CASE("a server that ignores Range sends it all again, and what is known is skipped") {
  ResumeWorld world;
  world.http.cut(200, "0123", world.headers(10)).cut(200, "01234567", world.headers(10));
  world.http.cut(200, "012", world.headers(10)).answer(200, kText, world.headers(10));
  world.download();
  CHECK(world.sink.text == kText);
}

TEST_CASE("an object that is replaced while it is read is an error, never a mixture") {
  ResumeWorld world;
  world.http.cut(200, "0123", world.headers(10));
  GetOptions options;
  SECTION("the condition fails") { world.http.answer(412, s3_error("PreconditionFailed")); }
  SECTION("it is gone") { world.http.answer(404, s3_error("NoSuchKey")); }
  SECTION("another ETag") {
    world.http.answer(206, "XXXXXX", {{"Content-Range", "bytes 4-9/10"}, {"ETag", "\"other\""}});
  }
  SECTION("another size") { world.http.answer(206, "XXXXXX", world.headers(6, {{"Content-Range", "bytes 4-9/11"}})); }
  SECTION("another size, all of it") { world.http.answer(200, "XXXXX", world.headers(5)); }
  SECTION("it is shorter than what was read") { world.http.answer(416, s3_error("InvalidRange")); }
  SECTION("it is shorter than what was read, of a range") {
    options.range = ByteRange{0, 8};
    world.http.answer(416, s3_error("InvalidRange"));
  }
  CHECK(world.failure(options) == "general: s3://b/k was replaced while it was read: try again");
  CHECK(world.sink.text == "0123");
  CHECK(world.requests() == 2);
}

TEST_CASE("a resumption at the wrong byte is not taken") {
  ResumeWorld world;
  world.http.cut(200, "0123", world.headers(10)).answer(206, "56789", world.rest_from(5));
  CHECK(world.failure() == "general: GetObject: the store sent byte 5 of s3://b/k where 4 was asked for");
  CHECK(world.sink.text == "0123");
}

TEST_CASE("a store without ETags is asked without a condition") {
  ResumeWorld world;
  world.etag = "";
  world.http.cut(200, "0123", world.headers(10)).answer(206, "456789", world.rest_from(4));
  world.download();
  CHECK(world.sink.text == kText);
  CHECK(find_header(world.last().headers, "If-Match") == nullptr);
}

TEST_CASE("a download that makes no headway ends") {
  ResumeWorld world;
  world.settings.max_attempts = 2;
  SECTION("before its first byte: after the attempts of one request") {
    world.http.fail(Stage::receive).fail(Stage::receive);
    CHECK(world.failure() == "network: GetObject of s3://b/k: scripted failure");
  }
  SECTION("behind it: after as many requests without a byte") {
    world.http.cut(200, "0123", world.headers(10));
    for (int i = 0; i < 4; ++i) world.http.fail(Stage::connect);
    CHECK(world.failure() == "network: GetObject of s3://b/k: scripted failure");
    CHECK(world.sink.text == "0123");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("a failure that stays, in the middle of a download, is not tried again") {
  ResumeWorld world;
  world.http.cut(200, "0123", world.headers(10)).fail(Stage::tls, false);
  CHECK(world.failure() == "general: GetObject of s3://b/k: scripted failure");
  CHECK(world.requests() == 2);
}

TEST_CASE("what the sink throws comes out unchanged") {
  struct FullSink final : ByteSink {
    void write(Bytes) override { throw std::length_error("full"); }
    void finish() override {}
  };
  ResumeWorld world;
  world.http.answer(200, kText, world.headers(10));
  FullSink sink;
  CHECK_THROWS_AS(world.store().get("k", sink, {}), std::length_error);
  CHECK(world.requests() == 1);
}
