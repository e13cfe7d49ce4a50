// Downloads that meet no cut: what is asked for, what is believed, what is verified.
#include "unit/store/s3/s3_world.h"

#include <limits>

using namespace tapster;
using namespace tapster::test;

namespace {

struct DownloadWorld : S3World {
  std::optional<ObjectStat> download(const GetOptions& options = {}) { return store().get("k", sink, options); }
  std::string failure(const GetOptions& options = {}) {
    return failure_of([&] { download(options); });
  }
  CollectingSink sink;
};

HttpHeaders headers_of(std::size_t length, HttpHeaders more = {}) {
  more.emplace_back("Content-Length", std::to_string(length));
  more.emplace_back("ETag", "\"e\"");
  return more;
}

GetOptions range(std::uint64_t offset, std::optional<std::uint64_t> length) { return {ByteRange{offset, length}}; }

}  // namespace

TEST_CASE("a download gives the bytes and what is known of the object") {
  DownloadWorld world;
  world.http.answer(200, "0123456789", headers_of(10, {{"x-amz-meta-Colour", "blue"}}));
  const auto stat = world.download();
  REQUIRE(stat);
  CHECK(world.sink.text == "0123456789");
  CHECK(stat->size == 10);
  CHECK(stat->etag == "\"e\"");
  CHECK(stat->metadata == Metadata{{"colour", "blue"}});
  CHECK(world.last().method == "GET");
  CHECK(world.last().header("Range").empty());
  CHECK(world.last().header("If-Match").empty());
  CHECK(world.last().header("x-amz-checksum-mode").empty());
}

TEST_CASE("an empty object") {
  DownloadWorld world;
  world.http.answer(200, "", headers_of(0));
  CHECK(world.download()->size == 0);
  CHECK(world.sink.text.empty());
}

TEST_CASE("a customer's key goes with the download") {
  DownloadWorld world;
  world.settings.customer_key = {{"x-amz-server-side-encryption-customer-key", "K"}};
  world.http.answer(200, "a", headers_of(1));
  world.download();
  CHECK(world.last().header("x-amz-server-side-encryption-customer-key") == "K");
}

TEST_CASE("only NoSuchKey proves that an object is absent") {
  DownloadWorld world;
  SECTION("NoSuchKey") {
    world.http.answer(404, s3_error("NoSuchKey"));
    CHECK_FALSE(world.download());
  }
  SECTION("a page of a proxy") {
    world.http.answer(404, "<html><body>Not found</body></html>");
    CHECK_THAT(world.failure(), ContainsSubstring("general: An error occurred (404) when calling the GetObject"));
  }
  SECTION("nothing at all") {
    world.http.answer(404);
    CHECK_THAT(world.failure(), ContainsSubstring("general: An error occurred (404)"));
  }
  SECTION("the bucket is not there") {
    world.http.answer(404, s3_error("NoSuchBucket"));
    CHECK_THAT(world.failure(), ContainsSubstring("general: An error occurred (NoSuchBucket)"));
  }
  CHECK(world.sink.text.empty());
  CHECK(world.requests() == 1);
}

TEST_CASE("answers that do not fit the question") {
  DownloadWorld world;
  SECTION("no length") {
    world.http.answer(200, "abc");
    CHECK_THAT(world.failure(), ContainsSubstring("network: GetObject: the store's answer for s3://b/k does not say"));
  }
  SECTION("a part without saying which") {
    world.http.answer(206, "abc", headers_of(3));
    CHECK_THAT(world.failure(range(0, 3)), ContainsSubstring("network: "));
  }
  SECTION("a part that is said wrongly") {
    const std::string value = GENERATE("bytes", "bytes 0-2", "bytes */10", "lines 0-2/10", "bytes a-b/c", "0-2/10");
    world.http.answer(206, "abc", headers_of(3, {{"Content-Range", value}}));
    CHECK_THAT(world.failure(range(0, 3)), ContainsSubstring("network: "));
  }
  SECTION("another part") {
    world.http.answer(206, "abc", headers_of(3, {{"Content-Range", "bytes 4-6/10"}}));
    CHECK(world.failure(range(5, 3)) == "general: GetObject: the store sent byte 4 of s3://b/k where 5 was asked for");
  }
  SECTION("fewer bytes than were announced") {
    world.http.answer(206, "ab", headers_of(2, {{"Content-Range", "bytes 5-6/10"}}));
    CHECK(world.failure(range(5, 3)) == "network: GetObject: 2 of 3 bytes of s3://b/k came");
    return;
  }
  CHECK(world.sink.text.empty());
}

TEST_CASE("ranges") {
  DownloadWorld world;
  const auto part = [&](const std::string& text, const std::string& which) {
    world.http.answer(206, text, headers_of(text.size(), {{"Content-Range", "bytes " + which + "/10"}}));
  };
  SECTION("in the middle") {
    part("345", "3-5");
    CHECK(world.download(range(3, 3))->size == 10);
    CHECK(world.sink.text == "345");
    CHECK(world.last().header("Range") == "bytes=3-5");
  }
  SECTION("at the beginning") {
    part("012", "0-2");
    world.download(range(0, 3));
    CHECK(world.last().header("Range") == "bytes=0-2");
  }
  SECTION("to the end") {
    part("789", "7-9");
    world.download(range(7, std::nullopt));
    CHECK(world.sink.text == "789");
    CHECK(world.last().header("Range") == "bytes=7-");
  }
  SECTION("over the end") {
    part("89", "8-9");
    world.download(range(8, 100));
    CHECK(world.sink.text == "89");
  }
  SECTION("over the end of all numbers") {
    part("89", "8-9");
    world.download(range(8, std::numeric_limits<std::uint64_t>::max()));
    CHECK(world.last().header("Range") == "bytes=8-");
  }
  SECTION("behind the end") {
    world.http.answer(416, s3_error("InvalidRange")).answer(200, "", headers_of(10));
    CHECK(world.download(range(10, 5))->size == 10);
    CHECK(world.sink.text.empty());
    CHECK(world.last().method == "HEAD");
  }
  SECTION("of no bytes") {
    world.http.answer(200, "", headers_of(10));
    CHECK(world.download(range(3, 0))->size == 10);
    CHECK(world.last().method == "HEAD");
  }
  SECTION("from a server that ignores them") {
    world.http.answer(200, "0123456789", headers_of(10));
    CHECK(world.download(range(3, 3))->size == 10);
    CHECK(world.sink.text == "345");
  }
}

TEST_CASE("the checksum that the store has recorded is verified") {
  DownloadWorld world;
  world.settings.checksums.downloads = true;
  const auto answer = [&](HttpHeaders more) { world.http.answer(200, "123456789", headers_of(9, std::move(more))); };
  SECTION("a good one") {
    answer(GENERATE(HttpHeaders{{"x-amz-checksum-crc32", "y/Q5Jg=="}},
                    HttpHeaders{{"X-Amz-Checksum-Crc32c", "4waSgw=="}},
                    HttpHeaders{{"x-amz-checksum-crc64nvme", "rosUhgp5mIg="}, {"x-amz-checksum-type", "FULL_OBJECT"}}));
    CHECK(world.download());
    CHECK(world.last().header("x-amz-checksum-mode") == "ENABLED");
  }
  SECTION("a bad one") {
    answer({{"x-amz-checksum-crc32", "AAAAAA=="}});
    CHECK(world.failure() ==
          "general: s3://b/k is damaged, or was on its way: its checksum is y/Q5Jg==, the store has recorded AAAAAA==");
  }
  SECTION("one of parts cannot be verified") {
    answer({{"x-amz-checksum-crc32", "AAAAAA=="}, {"x-amz-checksum-type", "COMPOSITE"}});
    CHECK(world.download());
  }
  SECTION("one of parts, where the type is not said") {
    answer({{"x-amz-checksum-crc32", "AAAAAA==-2"}});
    CHECK(world.download());
  }
  SECTION("one of a kind that is not known") {
    answer({{"x-amz-checksum-sha1", "AAAA"}});
    CHECK(world.download());
  }
  SECTION("that of the whole does not fit a part") {
    answer({{"x-amz-checksum-crc32", "AAAAAA=="}});
    CHECK(world.download(range(0, 4)));
    CHECK(world.last().header("x-amz-checksum-mode").empty());
  }
  SECTION("without the policy nothing is verified") {
    world.settings.checksums.downloads = false;
    answer({{"x-amz-checksum-crc32", "AAAAAA=="}});
    CHECK(world.download());
  }
}
