#include "store/gcs/credentials/metadata_server.h"

#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;
using Stage = TransportError::Stage;

namespace {

const HttpHeaders kFlavor = {{"metadata-flavor", "Google"}};

std::string project(GoogleWorld& world) {
  return metadata_project(MapEnvironment(world.variables), world.http, world.clock);
}

}  // namespace

TEST_CASE("the machine's service account, without proxy and with little patience") {
  GoogleWorld world;
  world.http.answer(200, token_answer("ya29.HUSH", 1800), kFlavor);
  const AccessToken token = world.get();
  CHECK(token.value.reveal() == "ya29.HUSH");
  CHECK(token.expires == world.clock.now() + std::chrono::minutes(30));
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].method == "GET");
  CHECK(sent[0].url == "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");
  CHECK(sent[0].headers == HttpHeaders{{"Metadata-Flavor", "Google"}});
  CHECK_FALSE(sent[0].use_proxy);
  CHECK(sent[0].connect_timeout == Duration(800));
  CHECK(sent[0].total_timeout == Duration(10'000));
  CHECK(world.identity().project.empty());
  CHECK(world.identity().token->source() == "the metadata server http://metadata.google.internal");
}

TEST_CASE("the metadata server may be elsewhere") {
  GoogleWorld world;
  std::string host = "127.0.0.1:8080";
  SECTION("by name") { world.variables["GCE_METADATA_HOST"] = host; }
  SECTION("by address") { world.variables["GCE_METADATA_IP"] = host = "169.254.169.252"; }
  SECTION("the name wins") {
    world.variables["GCE_METADATA_HOST"] = host;
    world.variables["GCE_METADATA_IP"] = "169.254.169.252";
  }
  SECTION("also with an emulator") {
    world.variables["GCE_METADATA_HOST"] = host;
    world.emulator = true;
  }
  world.http.answer(200, token_answer("HUSH"), kFlavor);
  world.get();
  CHECK(world.http.sent().at(0).url ==
        "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token");
}

TEST_CASE("a machine outside Google learns so within about three seconds") {
  GoogleWorld world;
  SECTION("no such name") {
    for (int i = 0; i < 3; ++i) world.http.fail(Stage::resolve);
  }
  SECTION("no route") {
    for (int i = 0; i < 3; ++i) world.http.fail(Stage::connect);
  }
  SECTION("silence") {
    for (int i = 0; i < 3; ++i) world.http.fail(Stage::timeout);
  }
  SECTION("something else answers") { world.http.answer(200, token_answer("HUSH")); }
  SECTION("another cloud's metadata") { world.http.answer(401, "HUSH", {{"Metadata-Flavor", "Other"}}); }
  CHECK(world.failure() ==
        "general: Unable to locate Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set, there is no file " +
            world.login_path() +
            ", and this is no machine of Google's. Set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run gcloud "
            "auth application-default login (no metadata server answers at http://metadata.google.internal)");
  Duration longest{};
  for (const Duration pause : world.clock.sleeps()) longest += pause;
  for (const SentRequest& request : world.http.sent()) longest += *request.connect_timeout;
  CHECK(longest < Duration(3'200));
}

TEST_CASE("a metadata server that is named, or was there, is missed") {
  GoogleWorld world;
  SECTION("named") { world.variables["GCE_METADATA_HOST"] = "metadata.google.internal"; }
  SECTION("was there") {
    world.http.answer(200, token_answer("HUSH", 600), kFlavor);
    world.get();
    world.clock.advance(std::chrono::minutes(11));
  }
  for (int i = 0; i < 3; ++i) world.http.fail(Stage::connect);
  CHECK(world.failure() ==
        "network: Cannot get credentials from the metadata server http://metadata.google.internal: scripted failure");
}

TEST_CASE("a metadata server that refuses") {
  GoogleWorld world;
  const std::string start = "Cannot get credentials from the metadata server http://metadata.google.internal: status ";
  SECTION("for want of an account") {
    world.http.answer(404, "not found", kFlavor);
    CHECK(world.failure() ==
          "general: " + start + "404, not found; no service account is attached to this machine: attach one");
  }
  SECTION("for want of a role") {
    world.http.answer(403, "Unable to generate access token", kFlavor);
    CHECK(world.failure() == "general: " + start +
                                 "403, Unable to generate access token; the pod's Kubernetes service account needs the "
                                 "role roles/iam.workloadIdentityUser");
  }
  SECTION("for now") {
    world.http.answer(503, "", kFlavor).answer(503, "", kFlavor).answer(503, "", kFlavor);
    CHECK(world.failure() == "network: " + start + "503");
  }
  SECTION("with no token") {
    world.http.answer(200, "HUSH", kFlavor);
    CHECK(world.failure() ==
          "general: The answer of the metadata server http://metadata.google.internal is not a JSON object with a "
          "token");
  }
}

TEST_CASE("no metadata server is asked where that is switched off") {
  GoogleWorld world;
  world.variables["NO_GCE_CHECK"] = "True";
  CHECK_THAT(world.failure(), ContainsSubstring("general: Unable to locate Google credentials"));
  CHECK(project(world).empty());
  CHECK(world.http.sent().empty());
}

TEST_CASE("a metadata host that is none") {
  for (const char* host : {"http://metadata", "metadata/path", "user@metadata", "meta data", ":80"}) {
    GoogleWorld world;
    world.variables["GCE_METADATA_HOST"] = host;
    CHECK(world.failure() == fmt::format("general: GCE_METADATA_HOST (or GCE_METADATA_IP) is \"{}\": HOST or HOST:PORT "
                                         "is expected",
                                         host));
  }
}

TEST_CASE("the machine's project, when it is asked for") {
  GoogleWorld world;
  SECTION("is told") {
    world.http.answer(200, "the-project\n", kFlavor);
    CHECK(project(world) == "the-project");
    CHECK(world.http.sent().at(0).url == "http://metadata.google.internal/computeMetadata/v1/project/project-id");
    CHECK(world.http.sent().at(0).header("Metadata-Flavor") == "Google");
  }
  SECTION("is unknown where there is no metadata server") {
    for (int i = 0; i < 3; ++i) world.http.fail(Stage::resolve);
    CHECK(project(world).empty());
  }
  SECTION("is unknown where something else answers") {
    world.http.answer(200, "HUSH");
    CHECK(project(world).empty());
  }
  SECTION("is refused") {
    world.http.answer(403, "no", kFlavor);
    CHECK_THROWS_AS(project(world), Error);
  }
}
