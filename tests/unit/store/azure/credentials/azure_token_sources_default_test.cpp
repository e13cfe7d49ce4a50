// The chain of `default`.
#include "unit/store/azure/credentials/azure_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

// Everything there is, the first link first.
void with_everything(AzureWorld& world) {
  world.variables["AZURE_TENANT_ID"] = "t";
  world.variables["AZURE_CLIENT_ID"] = "app";
  world.variables["AZURE_CLIENT_SECRET"] = "HUSH-secret";
  world.variables["AZURE_CLIENT_CERTIFICATE_PATH"] = world.file("none.pem");
  world.variables["AZURE_FEDERATED_TOKEN_FILE"] = world.write("token", "HUSH-jwt");
  world.tool("az", R"(echo '{"accessToken":"HUSH-az","expires_on":1706961600}')");
  world.tool("azd", R"(echo '{"token":"HUSH-azd","expiresOn":"2024-02-03T11:00:00Z"}')");
}

}  // namespace

TEST_CASE("the chain follows the SDK's order, and its first token decides") {
  AzureWorld world;
  with_everything(world);
  SECTION("client secret") {
    world.http.answer(200, entra_token("HUSH-secret-token"));
    CHECK(text_of(world.fetch(default_source)) == "HUSH-secret-token");
    CHECK(world.http.sent()[0].form("client_secret") == "HUSH-secret");
  }
  world.variables.erase("AZURE_CLIENT_SECRET");
  SECTION("client certificate") {
    CHECK(world.failure(default_source) ==
          "general: There is no file " + world.file("none.pem") + " (AZURE_CLIENT_CERTIFICATE_PATH)");
  }
  world.variables.erase("AZURE_CLIENT_CERTIFICATE_PATH");
  SECTION("workload identity") {
    world.http.answer(200, entra_token("HUSH-workload"));
    CHECK(text_of(world.fetch(default_source)) == "HUSH-workload");
    CHECK(world.http.sent()[0].form("client_assertion") == "HUSH-jwt");
  }
  world.variables.erase("AZURE_FEDERATED_TOKEN_FILE");
  SECTION("managed identity") {
    world.http.answer(400, "").answer(200, identity_token("HUSH-imds", "1706961600"));
    CHECK(text_of(world.fetch(default_source)) == "HUSH-imds");
  }
  SECTION("Azure CLI") {
    world.http.fail(TransportError::Stage::timeout);
    CHECK(text_of(world.fetch(default_source)) == "HUSH-az");
  }
  SECTION("Azure Developer CLI") {
    world.tool("az", "exit 1");
    world.http.fail(TransportError::Stage::timeout);
    CHECK(text_of(world.fetch(default_source)) == "HUSH-azd");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("what was chosen stays, also when the others come back") {
  AzureWorld world;
  world.http.fail(TransportError::Stage::connect);
  world.tool("az", R"(echo '{"accessToken":"HUSH-az","expires_on":1706961600}')");
  const auto source = default_source(world.context());
  CHECK(source->name() == "the default chain");
  CHECK(text_of(world.fetch(*source)) == "HUSH-az");
  CHECK(source->name() == "the Azure CLI");
  CHECK(text_of(world.fetch(*source)) == "HUSH-az");
  CHECK(world.http.sent().size() == 1);
  world.tool("az", "exit 1");
  CHECK(world.failure(*source) ==
        "general: Cannot get credentials from the Azure CLI: az ended with status 1 (is somebody signed in? try \"az "
        "login\")");
}

TEST_CASE("a chain without a token says in one line why each link was of no use") {
  AzureWorld world;
  world.http.fail(TransportError::Stage::timeout);
  SECTION("nothing is set") {
    CHECK(
        world.failure(default_source) ==
        "general: Unable to locate credentials for Azure: tried environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, "
        "AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH) not set), workload identity (AZURE_TENANT_ID, "
        "AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE not set), managed identity (nobody answers at 169.254.169.254), "
        "Azure CLI (cannot run az: No such file or directory), Azure Developer CLI (cannot run azd: No such file or "
        "directory). Set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY, or set up one "
        "of these");
    CHECK_THAT(world.log, ContainsSubstring("DEBUG: No Azure credentials by workload identity: AZURE_TENANT_ID"));
  }
  SECTION("half of an application") {
    world.variables["AZURE_CLIENT_ID"] = "app";
    world.variables["AZURE_CLIENT_SECRET"] = "HUSH-secret";
    CHECK_THAT(world.failure(default_source),
               ContainsSubstring("tried environment (AZURE_TENANT_ID not set), workload"));
  }
  SECTION("a user") {
    world.variables["AZURE_USERNAME"] = "somebody";
    CHECK_THAT(world.failure(default_source), ContainsSubstring("tried environment (users (AZURE_USERNAME) cannot"));
  }
  SECTION("another source of managed identities") {
    world.variables["MSI_ENDPOINT"] = "http://localhost/";
    CHECK_THAT(world.failure(default_source), ContainsSubstring("managed identity (those of Cloud Shell"));
    CHECK(world.http.sent().empty());
  }
}

TEST_CASE("a link that is set up and refused ends the chain") {
  AzureWorld world;
  with_everything(world);
  world.http.answer(401, entra_error("AADSTS7000215", "Invalid client secret provided."));
  CHECK_THAT(world.failure(default_source), ContainsSubstring("AADSTS7000215"));
  CHECK(world.http.sent().size() == 1);
}
