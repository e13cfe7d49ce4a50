#include "store/transfer/rate_limit.h"
#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

const UploadId kUpload{"k", "id/+", 5 << 20};
const std::vector<UploadedPart> kParts = {{1, "\"e1\"", "C1==", 60}, {2, "\"e&2\"", "", 40}};

const std::string kBegun = "<InitiateMultipartUploadResult><UploadId>id/+</UploadId></InitiateMultipartUploadResult>";
const std::string kDone = "<CompleteMultipartUploadResult><ETag>\"e-2\"</ETag></CompleteMultipartUploadResult>";

struct Collected final : ByteSink {
  void write(Bytes) override {
    if (on_write) on_write();
  }
  void finish() override {}
  std::function<void()> on_write;
};

PutOptions tagged() {
  PutOptions options;
  options.tags = Tags{{"a&b", "c d"}};
  return options;
}
PutOptions create_only() {
  PutOptions options;
  options.protection = WriteProtection::listed_only;
  return options;
}

}  // namespace

TEST_CASE("beginning an upload") {
  S3World world;
  world.http.answer(200, kBegun);
  SECTION("with everything that the object will have") {
    const UploadId upload = world.store().begin_upload("k", 7 << 20, tagged());
    CHECK(upload.key == "k");
    CHECK(upload.id == "id/+");
    CHECK(upload.part_size == 7 << 20);
    CHECK(world.last().method == "POST");
    CHECK(world.last().url == "http://s3.test/b/k?uploads=");
    CHECK(world.last().header("x-amz-tagging") == "a%26b=c%20d");
    CHECK(world.last().header("x-amz-checksum-algorithm").empty());
  }
  SECTION("with checksums") {
    world.settings.checksums.uploads = true;
    world.store().begin_upload("k", 1, {});
    CHECK(world.last().header("x-amz-checksum-algorithm") == "CRC64NVME");
    CHECK(world.last().header("x-amz-checksum-type") == "FULL_OBJECT");
  }
  SECTION("with checksums of parts") {
    world.settings.checksums.uploads = true;
    world.settings.checksums.algorithm = ChecksumAlgorithm::crc32c;
    world.store().begin_upload("k", 1, {});
    CHECK(world.last().header("x-amz-checksum-algorithm") == "CRC32C");
    CHECK(world.last().header("x-amz-checksum-type").empty());
  }
}

TEST_CASE("an upload that does not begin") {
  S3World world;
  SECTION("no id") {
    world.http.answer(200, GENERATE("", "<html/>", "<InitiateMultipartUploadResult/>"));
    CHECK(failure_of([&] { world.store().begin_upload("k", 1, {}); }) ==
          "network: CreateMultipartUpload: the store's answer has no upload id");
  }
  SECTION("an error with status 200") {
    world.http.answer(200, s3_error("AccessDenied"));
    CHECK_THAT(failure_of([&] { world.store().begin_upload("k", 1, {}); }), ContainsSubstring("(AccessDenied)"));
  }
}

TEST_CASE("a part") {
  S3World world;
  MemoryBody body("123456789");
  SECTION("is sent with its number") {
    world.settings.checksums.uploads = true;
    world.http.answer(200, "", {{"ETag", "\"p\""}});
    const UploadedPart part = world.store().upload_part(kUpload, 3, body);
    CHECK(part.number == 3);
    CHECK(part.etag == "\"p\"");
    CHECK(part.checksum == "rosUhgp5mIg=");
    CHECK(part.size == 9);
    CHECK(world.last().url == "http://s3.test/b/k?partNumber=3&uploadId=id%2F%2B");
    CHECK(world.last().body == "123456789");
  }
  SECTION("without an ETag is not stored") {
    SECTION("none") { world.http.answer(200); }
    SECTION("an empty one") { world.http.answer(200, "", {{"ETag", ""}}); }
    CHECK(failure_of([&] { world.store().upload_part(kUpload, 1, body); }) ==
          "network: UploadPart: the store's answer has no ETag");
  }
}

TEST_CASE("completing an upload names its parts") {
  S3World world;
  world.http.answer(200, kDone);
  SECTION("without checksums") {
    CHECK(world.store().complete_upload(kUpload, kParts, {}) == PutResult::created);
    CHECK_THAT(world.last().body,
               ContainsSubstring("<Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part>"
                                 "<Part><PartNumber>2</PartNumber><ETag>&quot;e&amp;2&quot;</ETag></Part>"));
    CHECK(world.last().url == "http://s3.test/b/k?uploadId=id%2F%2B");
    CHECK(world.last().header("If-None-Match").empty());
  }
  SECTION("with checksums, where there are some") {
    world.settings.checksums.uploads = true;
    world.settings.checksums.algorithm = ChecksumAlgorithm::crc32;
    world.store().complete_upload(kUpload, kParts, {});
    CHECK_THAT(world.last().body, ContainsSubstring("</ETag><ChecksumCRC32>C1==</ChecksumCRC32></Part>") &&
                                      ContainsSubstring("&amp;2&quot;</ETag></Part>"));
  }
}

TEST_CASE("a completion that failed after its status was sent") {
  S3World world;
  SECTION("for good") {
    world.http.answer(200, s3_error("InvalidPart"));
    CHECK_THAT(failure_of([&] { world.store().complete_upload(kUpload, kParts, {}); }),
               ContainsSubstring("general: An error occurred (InvalidPart)"));
  }
  SECTION("for now") {
    world.http.answer(200, "\n\n" + s3_error("InternalError").substr(22)).answer(200, kDone);
    CHECK(world.store().complete_upload(kUpload, kParts, {}) == PutResult::created);
    CHECK(world.requests() == 2);
  }
}

TEST_CASE("a completion that is answered with nothing is believed when the object is there") {
  S3World world;
  const std::string nothing = GENERATE("", " \n \n", "<html/>", "<CompleteMultipartUploadRes");
  world.http.answer(200, nothing);
  const auto complete = [&] { return world.store().complete_upload(kUpload, kParts, {}); };
  SECTION("it is") {
    world.http.answer(200, "", {{"Content-Length", "100"}});
    CHECK(complete() == PutResult::created);
    CHECK(world.last().method == "HEAD");
  }
  SECTION("another one is") {
    world.http.answer(200, "", {{"Content-Length", "99"}});
    CHECK(failure_of(complete) ==
          "network: CompleteMultipartUpload: the store's answer does not say that s3://b/k is complete, "
          "and it is not there");
  }
  SECTION("it is not") {
    world.http.answer(404).answer(404, s3_error("NoSuchKey"));
    CHECK_THAT(failure_of(complete), ContainsSubstring("network: CompleteMultipartUpload: the store's answer"));
  }
}

TEST_CASE("a stop ends a call between two attempts, and the store goes on") {
  S3World world;
  std::stop_source stop;
  const auto busy_then_stop = [&](const SentRequest&) {
    stop.request_stop();
    return HttpResponse{503, {}, s3_error("SlowDown")};
  };
  MemoryBody body("123");
  Collected sink;
  PutOptions options;
  options.stop = stop.get_token();
  world.http.then(busy_then_stop);
  SECTION("of a part") { CHECK_THROWS_AS(world.store().upload_part(kUpload, 1, body, stop.get_token()), Interrupted); }
  SECTION("of a beginning") { CHECK_THROWS_AS(world.store().begin_upload("k", 5 << 20, options), Interrupted); }
  SECTION("of a completion") { CHECK_THROWS_AS(world.store().complete_upload(kUpload, kParts, options), Interrupted); }
  SECTION("of a put") { CHECK_THROWS_AS(world.store().put("k", body, options), Interrupted); }
  SECTION("of a get") { CHECK_THROWS_AS(world.store().get("k", sink, {.stop = stop.get_token()}), Interrupted); }
  CHECK(world.requests() == 1);
  CHECK(world.clock.sleeps().empty());
  world.http.answer(204).answer(200);
  world.store().abort_upload(kUpload);
  CHECK(world.store().put("backup.info", body, {}) == PutResult::created);
}

TEST_CASE("a stop ends a download that was cut instead of resuming it") {
  S3World world;
  std::stop_source stop;
  Collected sink;
  sink.on_write = [&] { stop.request_stop(); };
  world.http.cut(200, "abc", {{"Content-Length", "10"}, {"ETag", "\"e\""}});
  CHECK_THROWS_AS(world.store().get("k", sink, {.stop = stop.get_token()}), Interrupted);
  CHECK(world.requests() == 1);
}

TEST_CASE("a part is read for its digest without the price of sending it") {
  S3World world;
  FakeClock clock{TimePoint{}};
  RateLimit limit(10, clock);
  MemoryBody memory("0123456789");
  PacedBody body(memory, limit, {});
  world.http.answer(503, s3_error("SlowDown")).answer(200, "", {{"ETag", "\"e\""}});
  world.store().upload_part(kUpload, 1, body);
  Duration slept{0};
  for (const Duration duration : clock.sleeps()) slept += duration;
  CHECK(slept == Duration{1900});  // sent twice, at ten bytes a second
}

TEST_CASE("an upload that is not there any more was completed when its object is") {
  S3World world;
  world.http.fail(TransportError::Stage::receive).answer(404, s3_error("NoSuchUpload"));
  const auto complete = [&] { return world.store().complete_upload(kUpload, kParts, {}); };
  SECTION("of the right size") {
    world.http.answer(200, "", {{"Content-Length", "100"}});
    CHECK(complete() == PutResult::created);
  }
  SECTION("of another size") {
    world.http.answer(200, "", {{"Content-Length", "99"}});
    CHECK_THAT(failure_of(complete), ContainsSubstring("general: An error occurred (NoSuchUpload)"));
  }
  SECTION("absent") {
    world.http.answer(404).answer(404, s3_error("NoSuchKey"));
    CHECK_THAT(failure_of(complete), ContainsSubstring("general: An error occurred (NoSuchUpload)"));
  }
}

TEST_CASE("another 404 is not the end of an upload that worked") {
  S3World world;
  world.http.answer(404, s3_error("NoSuchBucket"));
  CHECK_THAT(failure_of([&] { world.store().complete_upload(kUpload, kParts, {}); }),
             ContainsSubstring("(NoSuchBucket)"));
  CHECK(world.requests() == 1);
}

TEST_CASE("a conditional completion") {
  S3World world;
  world.service.conditional_complete = ConditionalPut::honoured;
  SECTION("created") {
    world.http.answer(200, kDone);
    CHECK(world.store().complete_upload(kUpload, kParts, create_only()) == PutResult::created);
    CHECK(world.last().header("If-None-Match") == "*");
  }
  SECTION("already there") {
    world.http.answer(412, s3_error("PreconditionFailed"));
    CHECK(world.store().complete_upload(kUpload, kParts, create_only()) == PutResult::already_exists);
  }
  SECTION("at a store that does not know it") {
    world.http.answer(501, s3_error("NotImplemented")).answer(200, kDone);
    CHECK(world.store().complete_upload(kUpload, kParts, create_only()) == PutResult::created);
    CHECK(find_header(world.last().headers, "If-None-Match") == nullptr);
    MemoryBody body("");
    world.http.answer(200);
    world.store().put("other", body, create_only());
    CHECK(find_header(world.last().headers, "If-None-Match") == nullptr);
  }
  SECTION("where one has to look, and it is there") {
    world.service.conditional_complete = GENERATE(ConditionalPut::refused, ConditionalPut::unknown);
    world.service.conditional_put = ConditionalPut::honoured;  // says nothing of completions
    PutOptions options = create_only();
    options.protection = WriteProtection::checked_by_store;
    world.http.answer(200, "", {{"Content-Length", "1"}});
    CHECK(world.store().complete_upload(kUpload, kParts, options) == PutResult::already_exists);
    CHECK(world.requests() == 1);
  }
}

TEST_CASE("tags that stores lose are set when the object is there") {
  S3World world;
  world.http.answer(200, kDone);
  SECTION("where they are lost") {
    world.http.answer(200);
    world.store().complete_upload(kUpload, kParts, tagged());
    CHECK(world.last().method == "PUT");
    CHECK(world.last().url == "http://s3.test/b/k?tagging=");
    CHECK_THAT(world.last().body, ContainsSubstring("<Tag><Key>a&amp;b</Key><Value>c d</Value></Tag>"));
    CHECK(world.last().header("Content-MD5").size() == 24);
  }
  SECTION("where they survive") {
    world.service.tags_survive_multipart = true;
    world.store().complete_upload(kUpload, kParts, tagged());
    CHECK(world.requests() == 1);
  }
  SECTION("where there are none, nothing is tried") {
    world.service.tags = false;
    world.store().complete_upload(kUpload, kParts, tagged());
    CHECK(world.requests() == 1);
  }
  SECTION("where they are refused, the object is stored all the same") {
    const CapturedLog captured(log::Level::warning);
    world.http.answer(403, s3_error("AccessDenied"));
    CHECK(world.store().complete_upload(kUpload, kParts, tagged()) == PutResult::created);
    CHECK_THAT(captured.text(), ContainsSubstring("WARNING: s3://b/k is stored, but maybe without its tags: An error"));
  }
}

TEST_CASE("aborting never throws") {
  S3World world;
  const CapturedLog captured(log::Level::warning);
  SECTION("aborted") { world.http.answer(204); }
  SECTION("unknown to the store") { world.http.answer(404, s3_error("NoSuchUpload")); }
  SECTION("refused") {
    world.http.answer(403, s3_error("AccessDenied"));
    world.store().abort_upload(kUpload);
    CHECK_THAT(captured.text(), ContainsSubstring("The unfinished upload id/+ of s3://b/k could not be aborted and"));
    return;
  }
  SECTION("a failure of another kind") {
    world.store().abort_upload(kUpload);  // the script has no answer: a std::logic_error
    CHECK_THAT(captured.text(), ContainsSubstring("could not be aborted"));
    return;
  }
  world.store().abort_upload(kUpload);
  CHECK(captured.text().empty());
  CHECK(world.last().method == "DELETE");
  CHECK(world.last().url == "http://s3.test/b/k?uploadId=id%2F%2B");
}
