// Azure's command-line tools: az, azd.
#include "unit/store/azure/credentials/azure_world.h"

#include <ctime>

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kFrom = "general: Cannot get credentials from the Azure CLI: ";

struct Zone {
  explicit Zone(const char* name) { set(name); }
  ~Zone() { set("UTC"); }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  static void set(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
};

}  // namespace

TEST_CASE("az prints a token") {
  AzureWorld world;
  world.tool("az", "echo \"$@\" > " + world.file("words") +
                       R"(; echo 'WARNING: a hint' >&2; echo '{"accessToken":"HUSH-az","expires_on":1706961600,)"
                       R"("expiresOn":"2020-01-01 00:00:00.000000","tokenType":"Bearer"}')");
  const AccessToken token = world.fetch(azure_cli_source);
  CHECK(text_of(token) == "HUSH-az");
  CHECK(end_of(token) == "20240203T120000Z");
  CHECK(read_file(world.file("words")) ==
        "account get-access-token --output json --resource https://storage.azure.com/\n");
  CHECK_THAT(world.log, !ContainsSubstring("a hint"));
}

TEST_CASE("an older az prints the end in local time") {
  const Zone zone("CET-1CEST");
  AzureWorld world;
  world.tool("az", R"(echo '{"accessToken":"HUSH-az","expiresOn":"2024-07-03 13:00:00.123456"}')");
  CHECK(end_of(world.fetch(azure_cli_source)) == "20240703T110000Z");
  world.tool("az", R"(echo '{"accessToken":"HUSH-az","expiresOn":"some day"}')");
  CHECK(end_of(world.fetch(azure_cli_source)) == "never");
}

TEST_CASE("az that is of no use") {
  AzureWorld world;
  SECTION("missing") { CHECK(world.failure(azure_cli_source) == kFrom + "cannot run az: No such file or directory"); }
  SECTION("nobody is signed in") {
    world.tool("az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    CHECK(world.failure(azure_cli_source) ==
          kFrom +
              "az ended with status 1: ERROR: Please run 'az login' to setup account. (is somebody signed in? try "
              "\"az login\")");
  }
  SECTION("silent") {
    world.tool("az", "echo HUSH; exit 3");
    CHECK(world.failure(azure_cli_source) ==
          kFrom + "az ended with status 3 (is somebody signed in? try \"az login\")");
  }
  SECTION("no token") {
    world.tool("az", GENERATE("", "echo HUSH", R"(echo '{"token":"HUSH"}')", R"(echo '{"accessToken":"HUSH\n"}')"));
    CHECK(world.failure(azure_cli_source) == kFrom + "az printed no token");
  }
}

TEST_CASE("azd prints a token") {
  AzureWorld world;
  world.tool("azd", "echo \"$@\" > " + world.file("words") +
                        R"(; echo '{"token":"HUSH-azd","expiresOn":"2024-02-03T11:00:00Z"}')");
  const AccessToken token = world.fetch(azure_developer_cli_source);
  CHECK(text_of(token) == "HUSH-azd");
  CHECK(end_of(token) == "20240203T110000Z");
  CHECK(read_file(world.file("words")) ==
        "auth token --output json --no-prompt --scope https://storage.azure.com/.default\n");
}
