#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test;
using namespace tapster::test::gcs;

namespace {

const std::string kText = "123456789";  // CRC-32C: 4waSgw==

HttpHeaders headers(const std::string& more = "9", const std::string& generation = "17") {
  return {{"Content-Length", more},
          {"X-Goog-Generation", generation},
          {"X-Goog-Hash", "crc32c=4waSgw=="},
          {"x-goog-meta-tapster-crc64nvme", "abc"}};
}
HttpHeaders part(const std::string& range) {
  HttpHeaders all = headers(std::to_string(1));
  all.emplace_back("Content-Range", "bytes " + range + "/9");
  return all;
}

}  // namespace

TEST_CASE("GCS: a download brings the metadata along") {
  GcsWorld world;
  TextSink sink;
  world.http.answer(200, kText, headers());
  const auto stat = world.store().get("f/k", sink, {});
  REQUIRE(stat);
  CHECK(sink.text == kText);
  CHECK(stat->size == 9);
  CHECK(stat->etag == "17");
  CHECK(stat->crc32c == 0xe3069283);
  CHECK(stat->metadata == Metadata{{"tapster-crc64nvme", "abc"}});
  CHECK(world.last().url == "http://gcs.test/b/f/k");
  CHECK(world.requests() == 1);
}

TEST_CASE("GCS: a download that was cut goes on in the same generation") {
  GcsWorld world;
  TextSink sink;
  world.http.cut(200, "1234", headers()).answer(206, "56789", part("4-8"));
  REQUIRE(world.store().get("k", sink, {}));
  CHECK(sink.text == kText);
  CHECK(world.last().url == "http://gcs.test/b/k?generation=17");
  CHECK(world.last().header("Range") == "bytes=4-");
}

TEST_CASE("GCS: an object that was replaced while it was read is an error") {
  GcsWorld world;
  TextSink sink;
  world.http.cut(200, "1234", headers()).answer(404, xml_error("NoSuchKey"));
  CHECK(death_of([&] { world.store().get("k", sink, {}); }) ==
        "general: gs://b/k was replaced while it was read: try again");
}

TEST_CASE("GCS: damage on the way is seen in the whole, also when it came in pieces") {
  GcsWorld world;
  TextSink sink;
  SECTION("at once") { world.http.answer(200, "12345678X", headers()); }
  SECTION("in pieces") { world.http.cut(200, "1234", headers()).answer(206, "5678X", part("4-8")); }
  CHECK(death_of([&] { world.store().get("k", sink, {}); }) ==
        "general: gs://b/k is damaged, or was on its way: the CRC-32C of what came is 70ab82e2, the store has recorded "
        "e3069283");
}

TEST_CASE("GCS: a range has no checksum, but tells that of the whole") {
  GcsWorld world;
  TextSink sink;
  world.http.answer(206, "45", part("3-4"));
  const auto stat = world.store().get("k", sink, {.range = ByteRange{3, 2}});
  CHECK(sink.text == "45");
  CHECK(stat->size == 9);
  CHECK(stat->crc32c == 0xe3069283);
  CHECK(world.last().header("Range") == "bytes=3-4");
}

TEST_CASE("GCS: ranges of no bytes are a question") {
  GcsWorld world;
  TextSink sink;
  const std::string resource = R"({"size":"9","generation":"17"})";
  SECTION("of length 0") {
    world.http.answer(200, resource);
    CHECK(world.store().get("k", sink, {.range = ByteRange{3, 0}})->size == 9);
  }
  SECTION("beyond the end") {
    world.http.answer(416, xml_error("InvalidRange")).answer(200, resource);
    CHECK(world.store().get("k", sink, {.range = ByteRange{9, 5}})->size == 9);
  }
  CHECK(sink.text.empty());
}

TEST_CASE("GCS: absence and what is none, of a download") {
  GcsWorld world;
  TextSink sink;
  const auto get = [&] { return world.store().get("k", sink, {}); };
  SECTION("no object") {
    world.http.answer(404, xml_error("NoSuchKey"));
    CHECK_FALSE(get());
  }
  SECTION("no bucket") {
    world.http.answer(404, xml_error("NoSuchBucket"));
    CHECK_THAT(death_of(get), ContainsSubstring("general: objects.get failed (NoSuchBucket)"));
  }
  SECTION("no permission") {
    world.http.answer(403, xml_error("AccessDenied"));
    CHECK_THAT(death_of(get), ContainsSubstring("(AccessDenied)"));
  }
  SECTION("nonsense") {
    world.http.answer(400, xml_error("InvalidArgument"));
    CHECK_THAT(death_of(get), ContainsSubstring("(InvalidArgument)"));
  }
  CHECK(world.requests() == 1);
}

TEST_CASE("GCS: an endpoint without downloads by the XML API is asked by the other one") {
  GcsWorld world;
  TextSink sink;
  const auto get = [&] { return world.store().get("k", sink, {}); };
  SECTION("404") { world.http.answer(404, "404 page not found\n"); }
  SECTION("405") { world.http.answer(405, xml_error("MethodNotAllowed")); }
  SECTION("501") { world.http.answer(501); }
  world.http.answer(200, kText, headers());
  REQUIRE(get());
  CHECK(sink.text == kText);
  CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o/k?alt=media");
  // It is remembered.
  world.http.cut(200, "1234", headers()).answer(206, "56789", part("4-8"));
  REQUIRE(get());
  CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o/k?alt=media&generation=17");
  CHECK(world.requests() == 4);
}

TEST_CASE("GCS: such an endpoint's 404 is settled too") {
  GcsWorld world;
  TextSink sink;
  world.http.answer(404, "404 page not found\n");
  const auto get = [&] { return world.store().get("k", sink, {}); };
  SECTION("no object") {
    world.http.answer(404, "No such object: b/k");
    CHECK_FALSE(get());
  }
  SECTION("no bucket") {
    world.http.answer(404, "The specified bucket does not exist.");
    CHECK_THAT(death_of(get), ContainsSubstring("the bucket does not exist"));
  }
  SECTION("it does not say") {
    world.http.answer(404, "Not Found").answer(200, "{}");
    CHECK_FALSE(get());
  }
  SECTION("it is listed") {
    world.http.answer(404, "Not Found").answer(200, R"({"items":[{"name":"k"}]})");
    CHECK_THAT(death_of(get), ContainsSubstring("general: objects.get failed (404): Not Found"));
  }
  CHECK(world.http.answers_left() == 0);
}
