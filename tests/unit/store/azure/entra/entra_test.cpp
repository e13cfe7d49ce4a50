// Microsoft Entra ID's token endpoint, asked by the sources that use it: client secret, workload identity.
#include "unit/store/azure/credentials/azure_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

void with_secret(AzureWorld& world) {
  world.variables["AZURE_TENANT_ID"] = "11111111-2222-3333-4444-555555555555";
  world.variables["AZURE_CLIENT_ID"] = "app";
  world.variables["AZURE_CLIENT_SECRET"] = "HUSH~&=+/ö";
}

void with_workload(AzureWorld& world) {
  world.variables["AZURE_TENANT_ID"] = "example.onmicrosoft.com";
  world.variables["AZURE_CLIENT_ID"] = "app";
  world.variables["AZURE_FEDERATED_TOKEN_FILE"] = world.write("token", "HUSH.first\n");
}

}  // namespace

TEST_CASE("a client secret is exchanged for a token") {
  AzureWorld world;
  with_secret(world);
  world.http.answer(200, entra_token("HUSH-token"));
  const AccessToken token = world.fetch(client_secret_source);
  CHECK(text_of(token) == "HUSH-token");
  CHECK(end_of(token) == "20240203T105959Z");
  REQUIRE(world.http.sent().size() == 1);
  const SentRequest sent = world.http.sent()[0];
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token");
  CHECK(sent.headers ==
        HttpHeaders{{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}});
  CHECK(sent.body ==
        "client_id=app&grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default&"
        "client_secret=HUSH~%26%3D%2B%2F%C3%B6");
  CHECK(sent.use_proxy);
}

TEST_CASE("a workload identity's token file is read at each fetch") {
  AzureWorld world;
  with_workload(world);
  world.http.answer(200, entra_token("HUSH-1")).answer(200, entra_token("HUSH-2"));
  const auto source = workload_identity_source(world.context());
  CHECK(text_of(world.fetch(*source)) == "HUSH-1");
  world.write("token", "HUSH.second");
  CHECK(text_of(world.fetch(*source)) == "HUSH-2");
  REQUIRE(world.http.sent().size() == 2);
  const SentRequest sent = world.http.sent()[0];
  CHECK(sent.url == "https://login.microsoftonline.com/example.onmicrosoft.com/oauth2/v2.0/token");
  CHECK(sent.body ==
        "client_id=app&grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default&"
        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
        "client_assertion=HUSH.first");
  CHECK(world.http.sent()[1].form("client_assertion") == "HUSH.second");
}

TEST_CASE("a workload identity without its token is refused") {
  AzureWorld world;
  with_workload(world);
  SECTION("no file") {
    world.variables["AZURE_FEDERATED_TOKEN_FILE"] = world.file("none");
    CHECK(world.failure(workload_identity_source) ==
          "general: There is no file " + world.file("none") + " (AZURE_FEDERATED_TOKEN_FILE)");
  }
  SECTION("an empty one") {
    world.write("token", "\n");
    CHECK(world.failure(workload_identity_source) ==
          "general: The file " + world.file("token") + " (AZURE_FEDERATED_TOKEN_FILE) is empty");
  }
  CHECK(world.http.sent().empty());
}

TEST_CASE("AZURE_AUTHORITY_HOST leads to other clouds") {
  AzureWorld world;
  with_secret(world);
  world.variables["AZURE_TENANT_ID"] = "t";
  const auto url = [&](const char* host) {
    world.variables["AZURE_AUTHORITY_HOST"] = host;
    world.http.answer(200, entra_token("HUSH"));
    world.fetch(client_secret_source);
    return world.http.sent().back().url;
  };
  CHECK(url("https://login.microsoftonline.us/") == "https://login.microsoftonline.us/t/oauth2/v2.0/token");
  CHECK(url("login.chinacloudapi.cn") == "https://login.chinacloudapi.cn/t/oauth2/v2.0/token");
  CHECK(url("http://127.0.0.1:8080") == "http://127.0.0.1:8080/t/oauth2/v2.0/token");
  for (const char* host :
       {"http://login.microsoftonline.com", "ftp://x", "https://", "https://user@host", "https://a b"}) {
    world.variables["AZURE_AUTHORITY_HOST"] = host;
    CHECK(world.failure(client_secret_source) ==
          fmt::format("general: AZURE_AUTHORITY_HOST is \"{}\", which is no https:// URL such as "
                      "https://login.microsoftonline.com",
                      std::string_view(host) == "https://" ? "https:" : host));
  }
}

TEST_CASE("a tenant that cannot be one is refused before anything is sent") {
  AzureWorld world;
  with_secret(world);
  for (const char* tenant : {"a/b", "a b", "a?b", "ä"}) {
    world.variables["AZURE_TENANT_ID"] = tenant;
    CHECK(
        world.failure(client_secret_source) ==
        fmt::format("general: AZURE_TENANT_ID is \"{}\", which is neither the id nor a domain of a directory (letters, "
                    "digits, - and .)",
                    tenant));
  }
  for (const char* tenant : {"common", "Organizations", "consumers"}) {
    world.variables["AZURE_TENANT_ID"] = tenant;
    CHECK(
        world.failure(client_secret_source) ==
        fmt::format("general: AZURE_TENANT_ID is \"{}\", and applications sign in to one directory only: set it to the "
                    "directory's id",
                    tenant));
  }
  CHECK(world.http.sent().empty());
}

TEST_CASE("Entra's refusals keep their code and trace, and name the cure") {
  AzureWorld world;
  with_secret(world);
  struct Row {
    const char* code;
    const char* cure;
  };
  const Row row = GENERATE(values<Row>({
      {"AADSTS7000215", "; AZURE_CLIENT_SECRET must be the secret's value, not its ID"},
      {"AADSTS7000222", "; the client secret has expired: make a new one"},
      {"AADSTS700016", "; check AZURE_CLIENT_ID, and that the application exists in AZURE_TENANT_ID"},
      {"AADSTS90002", "; check AZURE_TENANT_ID, and AZURE_AUTHORITY_HOST in sovereign clouds"},
      {"AADSTS700213", "; the application has no federated credential for this subject"},
      {"AADSTS700024", "; the assertion is not valid now: check the clock, and that the token file is renewed"},
      {"AADSTS99999", ""},
  }));
  world.http.answer(401, entra_error(row.code, "It cannot be."));
  CHECK(world.failure(client_secret_source) ==
        fmt::format("general: Cannot get credentials from Microsoft Entra ID (client secret of app): status 401, "
                    "invalid_client: {}: It cannot be. (trace 0123-trace){}",
                    row.code, row.cure));
  CHECK(world.http.sent().size() == 1);
}

TEST_CASE("Entra's other answers") {
  AzureWorld world;
  with_secret(world);
  const std::string from = "Cannot get credentials from Microsoft Entra ID (client secret of app): ";
  SECTION("a busy service is asked three times") {
    world.http.answer(503, "busy").fail(TransportError::Stage::receive).answer(200, entra_token("HUSH-token"));
    CHECK(text_of(world.fetch(client_secret_source)) == "HUSH-token");
    CHECK(world.clock.sleeps() == std::vector<Duration>{Duration(500), Duration(1000)});
    CHECK(world.http.sent()[2].body == world.http.sent()[0].body);
  }
  SECTION("busy to the end") {
    world.http.answer(429, "a").answer(500, "b").answer(503, "later\nplease");
    CHECK(world.failure(client_secret_source) == "network: " + from + "status 503, later please");
  }
  SECTION("no answer") {
    for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::connect);
    CHECK(world.failure(client_secret_source) == "network: " + from + "scripted failure");
  }
  SECTION("a refusal without a description") {
    world.http.answer(400, R"({"error":"invalid_scope"})");
    CHECK(world.failure(client_secret_source) == "general: " + from + "status 400, invalid_scope");
  }
  SECTION("no token in it") {
    world.http.answer(200, GENERATE("", "HUSH", "[]", R"({"token":"HUSH"})", R"({"access_token":1})"));
    CHECK(world.failure(client_secret_source) == "general: " + from + "there is no token in its answer");
  }
  SECTION("a token that would break a header") {
    world.http.answer(200, R"({"access_token":"HUSH\r\nx: y"})");
    CHECK(world.failure(client_secret_source) == "general: " + from + "the token in its answer is malformed");
  }
}

TEST_CASE("a service that echoes the proof does not make us tell it") {
  AzureWorld world;
  world.variables["AZURE_TENANT_ID"] = "t";
  world.variables["AZURE_CLIENT_ID"] = "app";
  SECTION("the secret") {
    world.variables["AZURE_CLIENT_SECRET"] = "HUSH~1";
    world.http.answer(401, entra_error("AADSTS7000215", "Not HUSH~1, never HUSH~1HUSH~1."));
    CHECK_THAT(world.failure(client_secret_source), ContainsSubstring("Not ***, never ******."));
  }
  SECTION("the assertion, as plain text") {
    with_workload(world);
    world.http.answer(400, "bad HUSH.first");
    CHECK_THAT(world.failure(workload_identity_source), ContainsSubstring("status 400, bad ***"));
  }
  SECTION("a secret of stars") {
    world.variables["AZURE_CLIENT_SECRET"] = "*";
    world.http.answer(401, "a*b");
    CHECK_THAT(world.failure(client_secret_source), ContainsSubstring("a***b"));
  }
}

TEST_CASE("the end of a token is said in several ways") {
  AzureWorld world;
  with_secret(world);
  struct Row {
    const char* members;
    const char* end;
  };
  const Row row = GENERATE(values<Row>({
      {R"(,"expires_in":60)", "20240203T100100Z"},
      {R"(,"expires_in":"60")", "20240203T100100Z"},
      {R"(,"expires_on":1706961600)", "20240203T120000Z"},
      {R"(,"expires_on":"1706961600","expires_in":"60")", "20240203T120000Z"},
      {R"(,"expires_on":"soon","expires_in":60)", "20240203T100100Z"},
      {R"(,"expires_in":-1)", "never"},
      {R"(,"expires_in":99999999999999999999)", "never"},
      {"", "never"},
  }));
  world.http.answer(200, std::string(R"({"access_token":"HUSH")") + row.members + "}");
  CHECK(end_of(world.fetch(client_secret_source)) == row.end);
}
