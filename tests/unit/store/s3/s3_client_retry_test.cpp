#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;
using std::chrono::seconds;
using Stage = TransportError::Stage;

TEST_CASE("S3 requests are repeated after answers that pass") {
  S3World world;
  SECTION("500") { world.http.answer(500); }
  SECTION("502 from a proxy") { world.http.answer(502, "<html>bad gateway</html>"); }
  SECTION("503") { world.http.answer(503, s3_error("SlowDown")); }
  SECTION("504") { world.http.answer(504); }
  SECTION("429") { world.http.answer(429); }
  SECTION("a time-out on the server's side") { world.http.answer(400, s3_error("RequestTimeout")); }
  SECTION("throttling") { world.http.answer(400, s3_error("ThrottlingException")); }
  SECTION("a conflict of conditions") { world.http.answer(409, s3_error("ConditionalRequestConflict")); }
  SECTION("a conflict of operations") { world.http.answer(409, s3_error("OperationAborted")); }
  SECTION("a body damaged on the way") { world.http.answer(400, s3_error("BadDigest")); }
  SECTION("a cut connection") { world.http.fail(Stage::receive); }
  SECTION("a host name that does not resolve now") { world.http.fail(Stage::resolve); }
  SECTION("a time-out") { world.http.fail(Stage::timeout); }
  world.http.answer(200, "it");
  CHECK(world.get().http.body == "it");
  CHECK(world.requests() == 2);
  CHECK(world.clock.sleeps().size() == 1);
}

TEST_CASE("S3 refusals that stay are not repeated") {
  S3World world;
  SECTION("403") { world.http.answer(403, s3_error("AccessDenied")); }
  SECTION("404") { world.http.answer(404, s3_error("NoSuchKey")); }
  SECTION("400") { world.http.answer(400, s3_error("InvalidBucketName")); }
  SECTION("501") { world.http.answer(501, s3_error("NotImplemented")); }
  SECTION("a redirect to nowhere") { world.http.answer(307); }
  CHECK_THAT(failure_of([&] { world.get(); }), ContainsSubstring("general: An error occurred ("));
  CHECK(world.requests() == 1);
  CHECK(world.clock.sleeps().empty());
}

TEST_CASE("a transport failure that stays is not repeated") {
  S3World world;
  world.http.fail(Stage::tls, false);
  CHECK(failure_of([&] { world.get(); }) == "general: GetObject of s3://b/k: scripted failure");
  CHECK(world.requests() == 1);
}

TEST_CASE("the number of attempts is that of the settings") {
  S3World world;
  world.settings.max_attempts = GENERATE(1, 2, 4);
  const auto attempts = static_cast<std::size_t>(world.settings.max_attempts);
  SECTION("refusals") {
    for (std::size_t i = 0; i < attempts; ++i) world.http.answer(503, s3_error("SlowDown"));
    CHECK_THAT(failure_of([&] { world.get(); }), ContainsSubstring("network: An error occurred (SlowDown)"));
  }
  SECTION("transport failures") {
    for (std::size_t i = 0; i < attempts; ++i) world.http.fail(Stage::connect);
    CHECK(failure_of([&] { world.get(); }) == "network: GetObject of s3://b/k: scripted failure");
  }
  CHECK(world.requests() == attempts);
  CHECK(world.clock.sleeps().size() == attempts - 1);
}

TEST_CASE("the waits between attempts grow, jittered, from 0.2 s") {
  S3World world;
  world.settings.max_attempts = 12;
  for (int i = 0; i < 12; ++i) world.http.answer(500);
  CHECK_THROWS_AS(world.get(), StoreError);
  Duration limit{200};
  for (const Duration wait : world.clock.sleeps()) {
    CHECK(wait >= Duration(0));
    CHECK(wait <= std::min(limit, Duration(20'000)));
    limit *= 2;
  }
}

TEST_CASE("Retry-After is heeded") {
  S3World world;
  SECTION("in seconds") { world.http.answer(503, "", {{"Retry-After", "7"}}); }
  SECTION("as a date") { world.http.answer(503, "", {{"retry-after", "Sat, 03 Feb 2024 10:00:07 GMT"}}); }
  world.http.answer(200);
  world.get();
  CHECK(world.clock.sleeps() == std::vector<Duration>{seconds(7)});
}

TEST_CASE("every attempt is signed anew, with its own time") {
  S3World world;
  world.http.answer(503, "", {{"Retry-After", "60"}}).answer(200);
  world.get();
  CHECK(world.sent()[0].header("x-amz-date") == "20240203T100000Z");
  CHECK(world.sent()[1].header("x-amz-date") == "20240203T100100Z");
  CHECK(world.sent()[0].header("Authorization") != world.sent()[1].header("Authorization"));
}

TEST_CASE("a body is sent whole with every attempt, its digest signed") {
  S3World world;
  world.http.fail(Stage::send).answer(500).answer(200);
  world.put("all of it");
  for (const SentRequest& request : world.sent()) {
    CHECK(request.body == "all of it");
    CHECK(request.header("x-amz-content-sha256") == "07630777646b9ad0ad5940c20f7703e5ba431d90dc8f191af6916bffca3e859c");
  }
}

TEST_CASE("once a byte has reached the sink the caller resumes, not the client") {
  S3World world;
  CollectingSink sink;
  S3Call call{.operation = "GetObject", .method = "GET", .key = "k"};
  call.sink = &sink;
  SECTION("a byte") {
    world.http.cut(200, "a");
    CHECK_THROWS_AS(world.client().call(call), TransportError);
    CHECK(sink.text == "a");
    CHECK(world.requests() == 1);
  }
  SECTION("none yet") {
    world.http.cut(200, "").answer(200, "abc");
    world.client().call(call);
    CHECK(sink.text == "abc");
  }
}

TEST_CASE("accepted statuses are answers, before anything else is made of them") {
  S3World world;
  SECTION("404") {
    world.http.answer(404, s3_error("NoSuchKey"));
    const S3Answer answer = world.get({404});
    CHECK(answer.http.status == 404);
    CHECK(answer.error_code == "NoSuchKey");
  }
  SECTION("one that would be repeated") {
    world.http.answer(503, s3_error("SlowDown"));
    CHECK(world.get({503}).error_code == "SlowDown");
  }
  SECTION("one without a code") {
    world.http.answer(412);
    CHECK(world.get({404, 412}).error_code == "412");
  }
  CHECK(world.requests() == 1);
}

TEST_CASE("where a request goes") {
  S3World world;
  world.http.answer(200);
  S3Call call{.operation = "GetObject", .method = "GET", .key = "a b/c+d"};
  SECTION("path style") {
    world.client().call(call);
    CHECK(world.last().url == "http://s3.test/b/a%20b/c%2Bd");
  }
  SECTION("virtual hosts") {
    world.settings.path_style = false;
    world.client().call(call);
    CHECK(world.last().url == "http://b.s3.test/a%20b/c%2Bd");
  }
  SECTION("the bucket itself, with a query") {
    call.key = "";
    call.query = {{"prefix", "a b&/"}, {"uploads", ""}};
    SECTION("path style") {
      world.client().call(call);
      CHECK(world.last().url == "http://s3.test/b?prefix=a%20b%26%2F&uploads=");
    }
    SECTION("virtual hosts") {
      world.settings.path_style = false;
      world.client().call(call);
      CHECK(world.last().url == "http://b.s3.test/?prefix=a%20b%26%2F&uploads=");
    }
  }
}

TEST_CASE("digests of bodies") {
  S3World world;
  world.http.answer(200);
  MemoryBody body("abc");
  S3Call call{.operation = "PutObject", .method = "PUT", .key = "k"};
  call.body = &body;
  SECTION("one that the caller knows is not computed again") {
    call.body_sha256 = sha256(as_bytes("another"));
    world.client().call(call);
    CHECK(world.last().header("x-amz-content-sha256").starts_with("ae448ac86c4e8e4d"));
  }
  SECTION("an unsigned payload") {
    world.settings.unsigned_payload = true;
    world.client().call(call);
    CHECK(world.last().header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  }
  SECTION("MD5, where an operation needs it") {
    call.needs_content_md5 = true;
    world.client().call(call);
    CHECK(world.last().header("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
  }
}
