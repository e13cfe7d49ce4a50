// Managed identities of virtual machines, pods, App Service.
#include "unit/store/azure/credentials/azure_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr const char* kImds =
    "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
    "https%3A%2F%2Fstorage.azure.com%2F";
const std::string kFrom = "Cannot get credentials from the managed identity (IMDS): ";

}  // namespace

TEST_CASE("IMDS gives a machine's token") {
  AzureWorld world;
  world.http.answer(200, identity_token("HUSH-imds", "1706961600"));
  SECTION("its own") {
    const AccessToken token = world.fetch(managed_identity_source);
    CHECK(text_of(token) == "HUSH-imds");
    CHECK(end_of(token) == "20240203T120000Z");
    CHECK(world.http.sent()[0].url == kImds);
  }
  SECTION("that of an assigned identity") {
    world.variables["AZURE_CLIENT_ID"] = "a b";
    world.fetch(managed_identity_source);
    CHECK(world.http.sent()[0].url == std::string(kImds) + "&client_id=a%20b");
  }
  SECTION("by another service") {
    world.variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = GENERATE(
        "http://127.0.0.1:4040", "http://127.0.0.1:4040/", "http://127.0.0.1:4040/metadata/identity/oauth2/token");
    world.fetch(managed_identity_source);
    CHECK(world.http.sent()[0].url ==
          "http://127.0.0.1:4040/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
          "https%3A%2F%2Fstorage.azure.com%2F");
  }
  REQUIRE(world.http.sent().size() == 1);
  const SentRequest sent = world.http.sent()[0];
  CHECK(sent.method == "GET");
  CHECK(sent.headers == HttpHeaders{{"Metadata", "true"}});
  CHECK_FALSE(sent.use_proxy);
  CHECK(sent.connect_timeout == Duration(2000));
}

TEST_CASE("IMDS is waited for while it is busy or being updated, for more than 70 s") {
  AzureWorld world;
  SECTION("in the end it answers") {
    for (const int status : {404, 410, 429, 500, 503, 404}) world.http.answer(status, "{}");
    world.http.answer(200, identity_token("HUSH-imds", "1706961600"));
    CHECK(text_of(world.fetch(managed_identity_source)) == "HUSH-imds");
    CHECK(world.clock.now() - parse_rfc3339("2024-02-03T10:00:00Z").value() == std::chrono::milliseconds(75'600));
  }
  SECTION("it never does") {
    for (int i = 0; i < 7; ++i) world.http.answer(410, R"({"error":"gone","error_description":"updating"})");
    CHECK(world.failure(managed_identity_source) == "network: " + kFrom + "status 410, gone: updating");
  }
  CHECK(world.http.answers_left() == 0);
  CHECK(world.http.sent().size() == 7);
}

TEST_CASE("IMDS that does not answer is given up soon") {
  AzureWorld world;
  for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::connect);
  CHECK(world.failure(managed_identity_source) == "network: " + kFrom + "scripted failure");
  CHECK(world.clock.sleeps() == std::vector<Duration>{Duration(1000), Duration(2000)});
}

TEST_CASE("IMDS refuses at once") {
  AzureWorld world;
  SECTION("without an identity") {
    world.http.answer(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
    CHECK(world.failure(managed_identity_source) ==
          "general: " + kFrom + "this machine has no identity (invalid_request: Identity not found)");
  }
  SECTION("without that identity") {
    world.variables["AZURE_CLIENT_ID"] = "app";
    world.http.answer(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
    CHECK(world.failure(managed_identity_source) ==
          "general: " + kFrom +
              "this machine does not have the identity app, which AZURE_CLIENT_ID says (invalid_request: Identity not "
              "found)");
  }
  SECTION("otherwise") {
    world.http.answer(403, "no");
    CHECK(world.failure(managed_identity_source) == "general: " + kFrom + "status 403, no");
  }
  SECTION("in Docker Desktop") {
    world.http.answer(403, "connecting to 169.254.169.254:80: network is unreachable");
    CHECK_THAT(world.failure(managed_identity_source), ContainsSubstring("is unreachable"));
  }
  SECTION("an answer without a token") {
    world.http.answer(200, "{}");
    CHECK(world.failure(managed_identity_source) == "general: " + kFrom + "there is no token in its answer");
  }
  CHECK(world.http.sent().size() == 1);
}

TEST_CASE("the chain looks for IMDS first, for a second at most") {
  AzureWorld world;
  const auto source = probing_managed_identity_source(world.context());
  SECTION("it is there") {
    world.http.answer(GENERATE(400, 429, 500, 410), "").answer(200, identity_token("HUSH-1", "1706961600"));
    CHECK(text_of(world.fetch(*source)) == "HUSH-1");
    const SentRequest probe = world.http.sent()[0];
    CHECK(probe.url == kImds);
    CHECK(probe.headers.empty());
    CHECK_FALSE(probe.use_proxy);
    CHECK(probe.connect_timeout == Duration(1000));
    CHECK(probe.total_timeout == Duration(1000));
    // Found once, it is not looked for again.
    world.http.answer(200, identity_token("HUSH-2", "1706961600"));
    CHECK(text_of(world.fetch(*source)) == "HUSH-2");
  }
  SECTION("nobody answers") {
    world.http.fail(TransportError::Stage::timeout);
    CHECK(world.failure(*source) == "general: " + kFrom + "nobody answers at 169.254.169.254");
  }
  SECTION("another cloud's service answers") {
    world.http.answer(GENERATE(401, 404), "");
    CHECK_THAT(world.failure(*source), ContainsSubstring("what answers at 169.254.169.254 (status 40") &&
                                           ContainsSubstring(") is not Azure's"));
  }
  CHECK(world.http.answers_left() == 0);
  CHECK(world.clock.sleeps().empty());
}

TEST_CASE("a pod identity's service is asked without a probe") {
  AzureWorld world;
  world.variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "http://127.0.0.1:4040";
  world.http.answer(200, identity_token("HUSH", "1706961600"));
  CHECK(text_of(world.fetch(probing_managed_identity_source)) == "HUSH");
  world.variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "127.0.0.1";
  CHECK(
      world.failure(managed_identity_source) ==
      "general: AZURE_POD_IDENTITY_AUTHORITY_HOST is \"127.0.0.1/metadata/identity/oauth2/token\", which is no http:// "
      "or https:// URL");
}

TEST_CASE("App Service gives its token to those who know its header") {
  AzureWorld world;
  world.variables["IDENTITY_ENDPOINT"] = "http://127.0.0.1:41056/msi/token/";
  world.variables["IDENTITY_HEADER"] = "HUSH-header";
  const std::string from = "Cannot get credentials from the managed identity (App Service): ";
  SECTION("a token") {
    world.variables["AZURE_CLIENT_ID"] = "app";
    world.http.answer(503, "").answer(200, identity_token("HUSH-app", "1706961600"));
    const AccessToken token = world.fetch(managed_identity_source);
    CHECK(text_of(token) == "HUSH-app");
    CHECK(end_of(token) == "20240203T120000Z");
    const SentRequest sent = world.http.sent()[1];
    CHECK(sent.method == "GET");
    CHECK(sent.url ==
          "http://127.0.0.1:41056/msi/token/?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com%2F&"
          "client_id=app");
    CHECK(sent.headers == HttpHeaders{{"X-IDENTITY-HEADER", "HUSH-header"}});
    CHECK_FALSE(sent.use_proxy);
  }
  SECTION("a refusal") {
    world.http.answer(400, R"({"statusCode":400,"message":"No managed identity found"})");
    CHECK(world.failure(managed_identity_source) == "general: " + from + "status 400, No managed identity found");
  }
  SECTION("an endpoint that is none") {
    world.variables["IDENTITY_ENDPOINT"] = "127.0.0.1";
    CHECK(world.failure(managed_identity_source) ==
          "general: IDENTITY_ENDPOINT is \"127.0.0.1\", which is no http:// or https:// URL");
  }
}

TEST_CASE("managed-identity in a pod with workload identity is that identity") {
  AzureWorld world;
  world.variables["AZURE_TENANT_ID"] = "t";
  world.variables["AZURE_CLIENT_ID"] = "app";
  world.variables["AZURE_FEDERATED_TOKEN_FILE"] = world.write("token", "HUSH-jwt");
  world.http.answer(200, entra_token("HUSH"));
  world.fetch(managed_identity_source);
  CHECK(world.http.sent()[0].form("client_assertion") == "HUSH-jwt");
}

TEST_CASE("managed identities that are not supported say so") {
  AzureWorld world;
  SECTION("Service Fabric") {
    world.variables["IDENTITY_ENDPOINT"] = "https://127.0.0.1/";
    world.variables["IDENTITY_HEADER"] = "HUSH";
    world.variables["IDENTITY_SERVER_THUMBPRINT"] = "abc";
    CHECK(world.failure(managed_identity_source) ==
          "general: Cannot get credentials from the managed identity: those of Service Fabric "
          "(IDENTITY_SERVER_THUMBPRINT is set) are not supported");
  }
  SECTION("Cloud Shell") {
    world.variables["MSI_ENDPOINT"] = "http://localhost:50342/oauth2/token";
    CHECK_THAT(world.failure(managed_identity_source), ContainsSubstring("those of Cloud Shell"));
  }
  CHECK(world.http.sent().empty());
}
