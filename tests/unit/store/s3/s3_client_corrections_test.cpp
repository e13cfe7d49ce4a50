// What the client corrects by itself, each without counting as an attempt.
#include "text/encoding.h"
#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the bucket's real region is used from the first answer that names it") {
  S3World world;
  world.settings.max_attempts = 1;
  SECTION("400 with the region in the body") {
    world.http.answer(400, s3_error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  }
  SECTION("301 with a header") {
    world.http.answer(301, s3_error("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}});
  }
  SECTION("a HEAD, which has no body: 400 with a header") {
    world.http.answer(400, "", {{"x-amz-bucket-region", "eu-west-1"}});
  }
  SECTION("a HEAD: 403 with a header") { world.http.answer(403, "", {{"X-Amz-Bucket-Region", "eu-west-1"}}); }
  world.http.answer(200).answer(200);
  world.head();
  world.head();
  const auto sent = world.sent();
  REQUIRE(sent.size() == 3);
  CHECK_THAT(sent[0].header("Authorization"), ContainsSubstring("/us-east-1/s3/"));
  CHECK_THAT(sent[1].header("Authorization"), ContainsSubstring("/eu-west-1/s3/"));
  CHECK_THAT(sent[2].header("Authorization"), ContainsSubstring("/eu-west-1/s3/"));
  CHECK(world.clock.sleeps().empty());
}

TEST_CASE("at AWS itself the region is also in the host's name") {
  S3World world;
  world.settings.endpoint_url = "";
  world.http.answer(301, "", {{"x-amz-bucket-region", "cn-north-1"}}).answer(200);
  world.head();
  CHECK(world.sent()[0].url == "https://s3.us-east-1.amazonaws.com/b/k");
  CHECK(world.sent()[1].url == "https://s3.cn-north-1.amazonaws.com.cn/b/k");
}

TEST_CASE("a region that is the one in use, or that changes for ever, ends in an error") {
  S3World world;
  SECTION("the same") {
    world.http.answer(301, "", {{"x-amz-bucket-region", "us-east-1"}});
    world.http.answer(301, s3_error("PermanentRedirect"));  // to the GET that asks why
    CHECK_THAT(failure_of([&] { world.head(); }), ContainsSubstring("set AWS_DEFAULT_REGION"));
    CHECK(world.requests() == 2);
  }
  SECTION("always another one") {
    for (int i = 0; i < 6; ++i) {
      world.http.answer(400, "", {{"x-amz-bucket-region", "r" + std::to_string(i)}});
    }
    world.http.answer(400, s3_error("BadRequest"));  // to the GET that asks why
    CHECK_THAT(failure_of([&] { world.head(); }), ContainsSubstring("general: An error occurred (BadRequest)"));
    CHECK(world.requests() == 7);
  }
}

TEST_CASE("a clock that is off is corrected with the server's, once") {
  S3World world;
  const HttpHeaders date = {{"Date", "Sat, 03 Feb 2024 11:00:00 GMT"}};
  const CapturedLog captured(log::Level::warning);
  SECTION("the store says so") { world.http.answer(403, s3_error("RequestTimeTooSkewed"), date); }
  SECTION("a HEAD only hints at it") { world.http.answer(403, "", date); }
  SECTION("it helps") {
    world.http.answer(403, s3_error("RequestTimeTooSkewed"), date).answer(200).answer(200);
    world.head();
    world.head();
    CHECK(world.sent()[0].header("x-amz-date") == "20240203T100000Z");
    CHECK(world.sent()[1].header("x-amz-date") == "20240203T110000Z");
    CHECK(world.sent()[2].header("x-amz-date") == "20240203T110000Z");
    CHECK(times(captured.text(), "The clock of this host is 3600 s behind the store's") == 1);
    return;
  }
  world.http.answer(403, s3_error("RequestTimeTooSkewed"), date);
  CHECK_THAT(failure_of([&] { world.head(); }), ContainsSubstring("(set the clock of this host)"));
  CHECK(world.requests() == 2);
  CHECK(times(captured.text(), "3600 s behind") == 1);
}

TEST_CASE("a refusal is not blamed on the clock without reason") {
  S3World world;
  int asked_why = 0;
  SECTION("no date") { world.http.answer(403, s3_error("RequestTimeTooSkewed")); }
  SECTION("a date that is none") { world.http.answer(403, s3_error("RequestTimeTooSkewed"), {{"Date", "now"}}); }
  SECTION("a bare 403, with clocks that agree") {
    world.http.answer(403, "", {{"Date", "Sat, 03 Feb 2024 10:03:00 GMT"}});
    world.http.answer(403, s3_error("AccessDenied"));  // to the GET that asks why
    asked_why = 1;
  }
  SECTION("another reason is named") {
    world.http.answer(403, s3_error("AccessDenied"), {{"Date", "Sat, 03 Feb 2024 11:00:00 GMT"}});
  }
  CHECK_THROWS_AS(world.head(), StoreError);
  CHECK(world.requests() == 1 + asked_why);
}

TEST_CASE("expired credentials are refused and replaced, once") {
  S3World world;
  const std::string code = GENERATE("ExpiredToken", "InvalidToken", "ExpiredTokenException");
  world.http.answer(400, s3_error(code));
  SECTION("the new ones are good") {
    world.http.answer(200);
    world.get();
    CHECK_THAT(world.sent()[0].header("Authorization"), ContainsSubstring("Credential=KEY1/"));
    CHECK_THAT(world.sent()[1].header("Authorization"), ContainsSubstring("Credential=KEY2/"));
  }
  SECTION("the new ones are expired too") {
    world.http.answer(400, s3_error(code));
    CHECK_THAT(failure_of([&] { world.get(); }), ContainsSubstring("general: An error occurred (" + code));
  }
  CHECK(world.credentials.number == 2);
  CHECK(world.requests() == 2);
}

TEST_CASE("permanent keys have no token that could expire") {
  S3World world;
  world.credentials.temporary = false;
  world.http.answer(400, s3_error("InvalidToken"));
  CHECK_THROWS_AS(world.get(), StoreError);
  CHECK(world.credentials.number == 1);
}

TEST_CASE("a store that refuses checksum headers gets none for the rest of the run") {
  S3World world;
  world.settings.checksums.uploads = true;
  world.settings.checksums.algorithm = ChecksumAlgorithm::crc32;
  const CapturedLog captured(log::Level::warning);
  const std::string code = GENERATE("XAmzContentSHA256Mismatch", "InvalidRequest", "NotImplemented", "BadDigest",
                                    "InvalidArgument", "MissingContentLength", "InvalidDigest");
  world.http.answer(400, s3_error(code)).answer(200).answer(200);
  CHECK(world.put().checksum.empty());
  CHECK(world.put().checksum.empty());
  const auto sent = world.sent();
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].header("x-amz-checksum-crc32") == "O4unxw==");
  CHECK(sent[1].header("x-amz-checksum-crc32").empty());
  CHECK(sent[2].header("x-amz-checksum-crc32").empty());
  CHECK(sent[1].body == "text");
  CHECK(times(captured.text(), "WARNING") == 1);
  CHECK_THAT(captured.text(), ContainsSubstring("The store refuses checksum headers (" + code +
                                                "): going on without them; set "
                                                "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"));
  CHECK_FALSE(world.client().sends_checksums());
  CHECK(world.clock.sleeps().empty());
}

TEST_CASE("checksums are given up only for complaints about them") {
  S3World world;
  world.settings.checksums.uploads = true;
  SECTION("another refusal") {
    world.http.answer(403, s3_error("AccessDenied"));
    CHECK_THROWS_AS(world.put(), StoreError);
    CHECK(world.client().sends_checksums());
  }
  SECTION("a complaint about a request that had none") {
    world.http.answer(400, s3_error("InvalidRequest"));
    CHECK_THROWS_AS(world.get(), StoreError);
    CHECK(world.client().sends_checksums());
  }
  SECTION("a complaint that stays without them") {
    world.http.answer(400, s3_error("InvalidArgument")).answer(400, s3_error("InvalidArgument"));
    CHECK_THAT(failure_of([&] { world.put(); }), ContainsSubstring("(InvalidArgument)"));
    CHECK(world.requests() == 2);
  }
  SECTION("success") {
    world.http.answer(200);
    CHECK(world.put("123456789").checksum == "rosUhgp5mIg=");
    CHECK(world.last().header("x-amz-checksum-crc64nvme") == "rosUhgp5mIg=");
  }
}

TEST_CASE(
    "where the digest is slow a checksum that the store verifies stands for it, until the store wants it signed") {
  S3World world;
  world.settings.checksums.uploads = true;
  world.settings.checksum_for_digest = true;
  const auto payload = [&](std::size_t request) { return world.sent().at(request).header("x-amz-content-sha256"); };
  const std::string digest = hex_encode(sha256(as_bytes("123456789")));
  SECTION("a request with a checksum is not signed by its content") {
    world.http.answer(200);
    CHECK(world.put("123456789").checksum == "rosUhgp5mIg=");
    CHECK(payload(0) == "UNSIGNED-PAYLOAD");
    CHECK(world.last().header("x-amz-checksum-crc64nvme") == "rosUhgp5mIg=");
  }
  SECTION("any other is") {
    world.http.answer(200);
    world.get();
    CHECK(payload(0) == hex_encode(sha256({})));
  }
  SECTION("a digest that is known costs nothing") {
    world.http.answer(200);
    MemoryBody body("123456789");
    S3Call call{.operation = "PutObject", .method = "PUT", .key = "k"};
    call.body = &body;
    call.body_sha256 = sha256(as_bytes("123456789"));
    call.offers_checksum = true;
    world.client().call(call);
    CHECK(payload(0) == digest);
  }
  SECTION("a bucket's policy forbids it: signed, and from then on") {
    world.http.answer(403, s3_error("AccessDenied")).answer(200).answer(200);
    CHECK(world.put("123456789").checksum == "rosUhgp5mIg=");
    CHECK(payload(0) == "UNSIGNED-PAYLOAD");
    CHECK(payload(1) == digest);
    world.put("123456789");
    CHECK(payload(2) == digest);
    CHECK(world.clock.sleeps().empty());
  }
  SECTION("a refusal for another reason is the second answer") {
    world.http.answer(403, s3_error("AccessDenied")).answer(403, s3_error("AccessDenied"));
    CHECK_THAT(failure_of([&] { world.put("123456789"); }), ContainsSubstring("AccessDenied"));
    CHECK(world.requests() == 2);
  }
  SECTION("without the checksum there is the digest again") {
    world.http.answer(501, s3_error("NotImplemented")).answer(200).answer(200);
    CHECK(world.put("123456789").checksum.empty());
    CHECK(payload(1) == digest);
    world.put("123456789");
    CHECK(payload(2) == digest);
  }
}

TEST_CASE("without the policy no checksum is sent") {
  S3World world;
  world.http.answer(200);
  CHECK(world.put().checksum.empty());
  for (const auto& [name, value] : world.last().headers) CHECK_THAT(name, !ContainsSubstring("checksum"));
}

// The order of the table in s3_client_call.cpp, where a refusal fits several rows.
TEST_CASE("of several second chances the first in the table is taken") {
  S3World world;
  world.settings.checksums.uploads = true;
  world.settings.max_attempts = 1;
  SECTION("the region before the checksum") {
    world.http.answer(400, s3_error("InvalidRequest"), {{"x-amz-bucket-region", "eu-west-1"}}).answer(200);
    CHECK_FALSE(world.put().checksum.empty());
    CHECK_THAT(world.last().header("Authorization"), ContainsSubstring("/eu-west-1/s3/"));
    CHECK(world.client().sends_checksums());
  }
  SECTION("the region before the clock") {
    world.http
        .answer(403, s3_error("RequestTimeTooSkewed"),
                {{"x-amz-bucket-region", "eu-west-1"}, {"Date", "Sat, 03 Feb 2024 11:00:00 GMT"}})
        .answer(200);
    world.get();
    CHECK(world.last().header("x-amz-date") == "20240203T100000Z");
  }
  SECTION("a checksum that is not implemented before the caller's own statuses") {
    world.http.answer(501, s3_error("NotImplemented")).answer(200);
    MemoryBody body(std::string_view("text"));
    S3Call call{.operation = "PutObject", .method = "PUT", .key = "k"};
    call.body = &body;
    call.offers_checksum = true;
    call.accepted = {501};
    CHECK(world.client().call(call).http.status == 200);
  }
  SECTION("the caller's own statuses before the region") {
    world.http.answer(403, s3_error("AccessDenied"), {{"x-amz-bucket-region", "eu-west-1"}});
    CHECK(world.get({403}).http.status == 403);
    CHECK(world.requests() == 1);
  }
  SECTION("the checksum before waiting, which would cost an attempt") {
    world.http.answer(400, s3_error("BadDigest")).answer(200);
    CHECK(world.put().checksum.empty());
    CHECK(world.clock.sleeps().empty());
  }
}
