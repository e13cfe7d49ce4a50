#include "unit/store/azure/credentials/azure_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kFrom = "Cannot get credentials from the managed identity (Azure Arc): ";

void on_a_server(AzureWorld& world) {
  world.variables["IDENTITY_ENDPOINT"] = "http://localhost:40342/metadata/identity/oauth2/token";
  world.variables["IMDS_ENDPOINT"] = "http://localhost:40342";
}

void challenge(AzureWorld& world, const std::string& header) {
  world.http.answer(401, "", {{"Www-Authenticate", header}});
}

std::string failure(AzureWorld& world) { return world.failure(*azure_arc_source(world.context(), world.directory())); }

}  // namespace

TEST_CASE("Azure Arc gives its token to those who can read the file that it names") {
  AzureWorld world;
  on_a_server(world);
  challenge(world, "Basic realm=" + world.write("abc.key", "HUSH-key"));
  world.http.answer(200, identity_token("HUSH-arc", "1706961600"));
  const AccessToken token = world.fetch(*azure_arc_source(world.context(), world.directory()));
  CHECK(text_of(token) == "HUSH-arc");
  CHECK(end_of(token) == "20240203T120000Z");
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 2);
  for (const SentRequest& request : sent) {
    CHECK(request.method == "GET");
    CHECK(request.url ==
          "http://localhost:40342/metadata/identity/oauth2/token?api-version=2020-06-01&resource="
          "https%3A%2F%2Fstorage.azure.com%2F");
    CHECK_FALSE(request.use_proxy);
  }
  CHECK(sent[0].headers == HttpHeaders{{"Metadata", "true"}});
  CHECK(sent[1].headers == HttpHeaders{{"Metadata", "true"}, {"Authorization", "Basic HUSH-key"}});
}

TEST_CASE("managed-identity on a server of Azure Arc asks it, about the agent's own folder only") {
  AzureWorld world;
  on_a_server(world);
  challenge(world, "Basic realm=" + world.write("abc.key", "HUSH-key"));
  CHECK(world.failure(managed_identity_source) == "general: " + kFrom + "it names " + world.file("abc.key") +
                                                      ", which is no .key file in /var/opt/azcmagent/tokens");
}

TEST_CASE("whoever answers in Azure Arc's place gets no other file") {
  AzureWorld world;
  on_a_server(world);
  world.write("abc.txt", "HUSH");
  const std::string named = GENERATE("DIR/abc.txt", "/etc/passwd", "DIR/../abc.key", "DIR/x/abc.key", "abc.key", "");
  const std::string path = named.starts_with("DIR") ? world.directory() + named.substr(3) : named;
  challenge(world, "Basic realm=" + path);
  CHECK(failure(world) == "general: " + kFrom + "it names " + path + ", which is no .key file in " + world.directory());
  CHECK(world.http.sent().size() == 1);
}

TEST_CASE("Azure Arc's other answers") {
  AzureWorld world;
  on_a_server(world);
  SECTION("no challenge") {
    world.http.answer(200, identity_token("HUSH", "1706961600"));
    CHECK_THAT(failure(world), ContainsSubstring("general: " + kFrom + "status 200"));
  }
  SECTION("a challenge without a file") {
    challenge(world, "Bearer x");
    CHECK(failure(world) == "general: " + kFrom + "status 401, without a challenge that names a file");
  }
  SECTION("no header") {
    world.http.answer(401, "");
    CHECK_THAT(failure(world), ContainsSubstring("without a challenge that names a file"));
  }
  SECTION("a file that is missing") {
    challenge(world, "Basic realm=" + world.file("none.key"));
    CHECK(failure(world) == "general: " + kFrom + world.file("none.key") + " must be one line of at most 4096 bytes");
  }
  SECTION("a file that is too large") {
    challenge(world, "Basic realm=" + world.write("abc.key", std::string(4097, 'x')));
    CHECK_THAT(failure(world), ContainsSubstring("must be one line of at most 4096 bytes"));
  }
  SECTION("a file with lines") {
    challenge(world, "Basic realm=" + world.write("abc.key", "HUSH\r\nx: y"));
    CHECK_THAT(failure(world), ContainsSubstring("must be one line of at most 4096 bytes"));
  }
  SECTION("a refusal after all") {
    challenge(world, "Basic realm=" + world.write("abc.key", "HUSH-key"));
    world.http.answer(403, R"({"error":"forbidden"})");
    CHECK(failure(world) == "general: " + kFrom + "status 403, forbidden");
  }
  SECTION("another identity") {
    world.variables["AZURE_CLIENT_ID"] = "app";
    CHECK(failure(world) == "general: " + kFrom + "it knows the server's own identity only; unset AZURE_CLIENT_ID");
  }
}
