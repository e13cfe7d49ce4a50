#include "store/gcs/wire/framed_body.h"
#include "store/gcs/wire/object_metadata.h"
#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test;
using namespace tapster::test::gcs;

namespace {

std::string text_of(Body& body, std::size_t step) {
  std::string text;
  std::vector<std::byte> buffer(step);
  while (const std::size_t count = body.read(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
  return text;
}

struct Failing final : Body {
  std::uint64_t size() const override { return 5; }
  void rewind() override {}
  std::size_t read(std::span<std::byte>) override { throw std::runtime_error("the disk is gone"); }
};

}  // namespace

TEST_CASE("GCS: a body between bytes of one's own") {
  MemoryBody middle("0123456789");
  for (const std::size_t step : {1, 3, 100}) {
    FramedBody whole("<", middle, 0, 10, ">");
    CHECK(whole.size() == 12);
    CHECK(text_of(whole, step) == "<0123456789>");
    whole.rewind();
    CHECK(text_of(whole, step) == "<0123456789>");
    FramedBody some("", middle, 3, 4, "");
    CHECK(text_of(some, step) == "3456");
    FramedBody none("ab", middle, 7, 0, "cd");
    CHECK(text_of(none, step) == "abcd");
  }
  FramedBody beyond("", middle, 8, 3, "");
  CHECK(death_of([&] { text_of(beyond, 3); }) == "general: what is to be sent has become shorter");
  FramedBody far_beyond("", middle, 11, 1, "");
  CHECK(death_of([&] { text_of(far_beyond, 3); }) == "general: what is to be sent has become shorter");
}

TEST_CASE("GCS: what a header can carry as it is") {
  CHECK(fits_header("tapster-sha256", "00 ff"));
  CHECK(fits_header("a_b.c", "=+/&"));
  CHECK_FALSE(fits_header("Name", "x"));
  CHECK_FALSE(fits_header("a name", "x"));
  CHECK_FALSE(fits_header("n\xc3\xa4me", "x"));
  CHECK_FALSE(fits_header("", "x"));
  CHECK_FALSE(fits_header("name", ""));
  CHECK_FALSE(fits_header("name", " x"));
  CHECK_FALSE(fits_header("name", "a\nb"));
  CHECK_FALSE(fits_header("name", "\xc3\xa4"));
}

TEST_CASE("GCS: tags stand beside our metadata, which wins") {
  PutOptions options;
  options.metadata = {{"tapster-sha256", "ours"}};
  options.tags = Tags{{"tapster-sha256", "theirs"}, {"Env", "prod"}};
  CHECK(gcs_metadata(options) == Metadata{{"Env", "prod"}, {"tapster-sha256", "ours"}});
  CHECK(insert_document({}) == "{}");
  CHECK(insert_document({{"a", "\"\xc3\xa4"}}, "4waSgw==") ==
        "{\"crc32c\":\"4waSgw==\",\"metadata\":{\"a\":\"\\\"\xc3\xa4\"}}");
  CHECK(insert_document({{"a", "\xff"}}) == "{\"metadata\":{\"a\":\"\xef\xbf\xbd\"}}");
}

TEST_CASE("GCS: an object is one request, with all that it is to have") {
  GcsWorld world;
  world.settings.kms_key_name = "projects/p/k";
  world.http.answer(200, "{}");
  MemoryBody body("123456789");
  PutOptions options;
  options.metadata = {{"a", "b"}};
  options.tags = Tags{{"Env", "prod"}};
  CHECK(world.store().put("f/k", body, options) == PutResult::created);
  const SentRequest sent = world.last();
  CHECK(sent.method == "POST");
  CHECK(sent.url ==
        "http://gcs.test/upload/storage/v1/b/b/o?uploadType=multipart&name=f%2Fk&fields=generation&"
        "kmsKeyName=projects%2Fp%2Fk");
  const std::string type = sent.header("Content-Type");
  const std::string start = "multipart/related; boundary=";
  REQUIRE(type.starts_with(start));
  const std::string boundary = type.substr(start.size());
  CHECK(boundary.size() > 32);
  CHECK(sent.body == "--" + boundary + "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" +
                         R"({"crc32c":"4waSgw==","metadata":{"Env":"prod","a":"b"}})" + "\r\n--" + boundary +
                         "\r\nContent-Type: application/octet-stream\r\n\r\n123456789\r\n--" + boundary + "--\r\n");
}

TEST_CASE("GCS: a put is create-only by a condition") {
  GcsWorld world;
  MemoryBody body("x");
  SECTION("created") {
    world.http.answer(200, "{}");
    CHECK(world.store().put("k", body, create_only()) == PutResult::created);
  }
  SECTION("there already") {
    world.http.answer(412, json_error(412, "conditionNotMet", "no"));
    CHECK(world.store().put("k", body, create_only()) == PutResult::already_exists);
  }
  CHECK_THAT(world.last().url, ContainsSubstring("ifGenerationMatch=0"));
}

TEST_CASE("GCS: a put that fails") {
  GcsWorld world;
  MemoryBody body("123");
  SECTION("without a condition 412 is an error") {
    world.http.answer(412);
    CHECK_THAT(death_of([&] { world.store().put("k", body, {}); }),
               ContainsSubstring("general: objects.insert failed (412)"));
  }
  SECTION("damaged on its way, and again") {
    for (int i = 0; i < 3; ++i) world.http.answer(400, json_error(400, "invalid", "CRC32C doesn't match calculated"));
    CHECK_THAT(death_of([&] { world.store().put("k", body, {}); }), ContainsSubstring("changes the data"));
  }
  SECTION("the body") {
    Failing failing;
    CHECK_THROWS_WITH(world.store().put("k", failing, {}), "the disk is gone");
  }
  SECTION("no answer: it is sent again, whole") {
    world.http.fail(TransportError::Stage::receive).answer(200, "{}");
    world.store().put("k", body, {});
    CHECK(world.sent()[0].body == world.sent()[1].body);
  }
  CHECK(world.http.answers_left() == 0);
}
