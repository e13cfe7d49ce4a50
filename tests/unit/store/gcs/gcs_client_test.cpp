#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test;
using namespace tapster::test::gcs;

namespace {

GcsCall get(GcsWorld& world) {
  return {.operation = "objects.get", .method = "GET", .path = world.client().object_path("f/k +é"), .key = "f/k +é"};
}

}  // namespace

TEST_CASE("GCS: a request bears a token, and asks who it is only once") {
  GcsWorld world;
  world.identity.quota_project = "payer";
  world.http.answer(200).answer(200);
  GcsCall call = get(world);
  call.query = {{"fields", "a,b"}, {"bare", ""}};
  world.client().call(call);
  world.client().call(call);
  CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o/f%2Fk%20%2B%C3%A9?fields=a%2Cb&bare");
  CHECK(world.last().header("Authorization") == "Bearer token-1");
  CHECK(world.last().header("x-goog-user-project") == "payer");
  CHECK(world.identified == 1);
}

TEST_CASE("GCS: an anonymous request says nothing of itself") {
  GcsWorld world;
  world.identity = {};
  world.http.answer(200).answer(401, json_error(401, "required", "Anonymous caller"));
  world.client().call(get(world));
  CHECK(find_header(world.last().headers, "Authorization") == nullptr);
  CHECK(find_header(world.last().headers, "x-goog-user-project") == nullptr);
  CHECK_THAT(death_of([&] { world.client().call(get(world)); }), ContainsSubstring("general: objects.get failed"));
  CHECK(world.requests() == 2);
}

TEST_CASE("GCS: an identity that cannot be found is looked for again") {
  GcsWorld world;
  int asked = 0;
  GcsClient client(
      world.settings, world.http,
      [&]() -> GoogleIdentity {
        if (++asked == 1) throw Error(ErrorKind::general, "no credentials");
        return {};
      },
      world.clock);
  world.http.answer(200);
  const GcsCall call{.operation = "x", .method = "GET", .path = "/x"};
  CHECK(death_of([&] { client.call(call); }) == "general: no credentials");
  CHECK(client.call(call).status == 200);
}

TEST_CASE("GCS: a token that is refused is renewed, once") {
  GcsWorld world;
  const std::string refused = json_error(401, "authError", "Invalid Credentials");
  world.http.answer(401, refused);
  SECTION("the new one is good") {
    world.http.answer(200);
    CHECK(world.client().call(get(world)).status == 200);
    CHECK(world.sent()[0].header("Authorization") == "Bearer token-1");
    CHECK(world.last().header("Authorization") == "Bearer token-2");
  }
  SECTION("the new one is not") {
    world.http.answer(401, refused);
    CHECK_THAT(death_of([&] { world.client().call(get(world)); }),
               ContainsSubstring("general: objects.get failed (authError): Invalid Credentials"));
    CHECK(world.requests() == 2);
  }
  CHECK(world.clock.sleeps().empty());
}

TEST_CASE("GCS: what passes is tried again") {
  GcsWorld world;
  SECTION("a refusal") { world.http.answer(GENERATE(408, 429, 500, 502, 503, 504)); }
  SECTION("throttling with another status") { world.http.answer(403, json_error(403, "rateLimitExceeded", "slow")); }
  SECTION("no answer") { world.http.fail(TransportError::Stage::connect); }
  SECTION("an error with status 200") { world.http.answer(200, xml_error("InternalError")); }
  SECTION("a body that was damaged") { world.http.answer(400, xml_error("BadDigest")); }
  world.http.answer(200, "fine");
  CHECK(world.client().call(get(world)).body == "fine");
  CHECK(world.clock.sleeps().size() == 1);
}

TEST_CASE("GCS: Retry-After is kept to") {
  GcsWorld world;
  world.http.answer(503, "", {{"Retry-After", "7"}}).answer(200);
  world.client().call(get(world));
  CHECK(world.clock.sleeps() == std::vector<Duration>{std::chrono::seconds(7)});
}

TEST_CASE("GCS: what does not pass is told at once, what never passes in the end") {
  GcsWorld world;
  GcsCall call = get(world);
  const auto dies = [&] { return death_of([&] { world.client().call(call); }); };
  SECTION("a refusal") {
    world.http.answer(GENERATE(400, 403, 404, 409, 410, 412, 416, 501));
    CHECK_THAT(dies(), ContainsSubstring("general: objects.get failed"));
  }
  SECTION("an error with status 200") {
    world.http.answer(200, xml_error("AccessDenied"));
    CHECK_THAT(dies(), ContainsSubstring("general: objects.get failed (AccessDenied)"));
  }
  SECTION("trouble to the end") {
    world.http.answer(503).answer(503).answer(503);
    CHECK_THAT(dies(), ContainsSubstring("network: objects.get failed (503)"));
  }
  SECTION("no answer to the end") {
    for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::timeout);
    CHECK(dies() == "network: objects.get of gs://b/f/k +é: scripted failure");
  }
  SECTION("no answer that a repeat would change") {
    world.http.fail(TransportError::Stage::tls, false);
    CHECK(dies() == "general: objects.get of gs://b/f/k +é: scripted failure");
  }
  SECTION("a call that is not to be repeated") {
    world.http.answer(503);
    call.once = true;
    CHECK_THAT(dies(), ContainsSubstring("network: "));
  }
  SECTION("an answer that has begun to arrive") {
    TextSink sink;
    world.http.cut(200, "half");
    call.sink = &sink;
    CHECK_THAT(dies(), ContainsSubstring("network: "));
    CHECK(sink.text == "half");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("GCS: statuses that the caller knows are his") {
  GcsWorld world;
  world.http.answer(503, "as it is");
  GcsCall call = get(world);
  call.accepted = {503};
  CHECK(world.client().call(call).body == "as it is");
}

TEST_CASE("GCS: a stop ends a call between two attempts") {
  GcsWorld world;
  std::stop_source stop;
  world.http.then([&](const SentRequest&) {
    stop.request_stop();
    return HttpResponse{503, {}, ""};
  });
  GcsCall call = get(world);
  call.stop = stop.get_token();
  CHECK(death_of([&] { world.client().call(call); }) == "interrupted");
  CHECK(death_of([&] { world.client().call(call); }) == "interrupted");
  CHECK(world.requests() == 1);
}

TEST_CASE("GCS: neither a token nor an upload's address is logged or told") {
  GcsWorld world;
  const Secret address("http://gcs.test/upload/x?upload_id=SESSION");
  GcsCall call = get(world);
  call.session = &address;
  const HttpHeaders id = {{"X-GUploader-UploadID", "SESSION"}};
  const CapturedLog log(log::Level::debug);
  world.http.answer(503, "", id).fail(TransportError::Stage::send).answer(404, "", id).answer(503).answer(200);
  const std::string death = death_of([&] { world.client().call(call); });
  CHECK(world.last().url == address.reveal());
  CHECK(find_header(world.last().headers, "Authorization") == nullptr);
  world.client().call(get(world));
  CHECK_THAT(death, ContainsSubstring("general: objects.get failed (404)") && !ContainsSubstring("SESSION"));
  CHECK_THAT(log.text(),
             ContainsSubstring("HTTP 404") && !ContainsSubstring("SESSION") && !ContainsSubstring("token-"));
}
