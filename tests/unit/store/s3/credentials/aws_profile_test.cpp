#include "unit/store/s3/credentials/aws_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

std::optional<std::string> endpoint(AwsWorld& world, const char* service) {
  world.profile();
  return configured_endpoint(world.profile(), MapEnvironment(world.variables), service);
}

}  // namespace

TEST_CASE("the profile's name: option, AWS_DEFAULT_PROFILE, AWS_PROFILE, default") {
  AwsWorld world;
  SECTION("nothing said") { CHECK(world.profile().name() == "default"); }
  SECTION("AWS_PROFILE") {
    world.variables["AWS_PROFILE"] = "b";
    CHECK(world.profile().name() == "b");
    CHECK_FALSE(world.profile().named_by_option());
  }
  SECTION("AWS_DEFAULT_PROFILE comes first") {
    world.variables["AWS_PROFILE"] = "b";
    world.variables["AWS_DEFAULT_PROFILE"] = "c\n";
    CHECK(world.profile().name() == "c");
  }
  SECTION("the option beats both") {
    world.variables["AWS_DEFAULT_PROFILE"] = "c";
    world.option = "d";
    CHECK(world.profile().name() == "d");
    CHECK(world.profile().named_by_option());
  }
}

TEST_CASE("the credentials file wins over the configuration file; empty values are absent") {
  AwsWorld world;
  world.config("[default]\nregion = a\nca_bundle = /c\noutput =\n");
  world.keys("[default]\nregion = b\n");
  CHECK(world.profile().get("region") == "b");
  CHECK(world.profile().get("ca_bundle") == "/c");
  CHECK_FALSE(world.profile().get("output"));
  CHECK_FALSE(world.profile().get("missing"));
  CHECK(world.profile().get_from(AwsProfile::File::config, "region") == "a");
}

TEST_CASE("nested settings and services") {
  AwsWorld world;
  world.variables["AWS_PROFILE"] = "x";
  world.config(
      "[profile x]\nservices = here\ns3 =\n  addressing_style = virtual\n"
      "[services here]\ns3 =\n  endpoint_url = http://s3.local\n");
  CHECK(world.profile().get_nested("s3", "addressing_style") == "virtual");
  CHECK_FALSE(world.profile().get_nested("s3", "other"));
  CHECK_FALSE(world.profile().get_nested("sqs", "other"));
  CHECK(world.profile().get_service("s3", "endpoint_url") == "http://s3.local");
  CHECK_FALSE(world.profile().get_service("sts", "endpoint_url"));
}

TEST_CASE("a services section that is not there is an error") {
  AwsWorld world;
  world.config("[default]\nservices = gone\n");
  CHECK_THROWS_WITH(world.profile().get_service("s3", "endpoint_url"),
                    ContainsSubstring("[services gone], which is not in " + world.path(".aws/config")));
}

TEST_CASE("the files may lie elsewhere, and be missing") {
  AwsWorld world;
  SECTION("both named") {
    world.variables["AWS_CONFIG_FILE"] = world.write("c", "[default]\nregion = a\n");
    world.variables["AWS_SHARED_CREDENTIALS_FILE"] = "~/k";
    world.write("k", "[default]\noutput = b\n");
    CHECK(world.profile().get("region") == "a");
    CHECK(world.profile().get("output") == "b");
  }
  SECTION("none there") { CHECK_FALSE(world.profile().get("region")); }
  SECTION("a directory in the place of the file") {
    world.variables["AWS_CONFIG_FILE"] = world.path("");
    CHECK_FALSE(world.profile().get("region"));
  }
  SECTION("unreadable, which is said with its name") {
    world.variables["AWS_CONFIG_FILE"] = world.path(std::string(300, 'x'));
    CHECK_THROWS_WITH(world.profile().get("region"), ContainsSubstring("cannot open " + world.path("xxx")));
  }
  SECTION("much too large") {
    world.config(std::string((1U << 20U) + 1, '#'));
    CHECK_THROWS_WITH(world.profile().get("region"), ContainsSubstring("larger than 1 MiB"));
  }
}

TEST_CASE("a profile that was named must be somewhere") {
  AwsWorld world;
  SECTION("by option") { world.option = "gone"; }
  SECTION("by variable") { world.variables["AWS_PROFILE"] = "gone"; }
  CHECK(world.profile().name() == "gone");
  CHECK_THROWS_WITH(world.profile().get("region"),
                    ContainsSubstring("The AWS profile \"gone\" was not found in " + world.path(".aws/config")) &&
                        ContainsSubstring(world.path(".aws/credentials")));
}

TEST_CASE("a profile that was named may be in the credentials file alone") {
  AwsWorld world;
  world.option = "x";
  world.keys("[x]\n");
  CHECK_FALSE(world.profile().get("region"));
}

TEST_CASE("where endpoints are configured, strongest first") {
  AwsWorld world;
  world.config(
      "[default]\nservices = here\nendpoint_url = http://profile\n"
      "[services here]\nsso_oidc =\n  endpoint_url = http://service\n");
  CHECK(endpoint(world, "s3") == "http://profile");
  CHECK(endpoint(world, "sso-oidc") == "http://service");
  world.variables["AWS_ENDPOINT_URL"] = "http://all";
  CHECK(endpoint(world, "sso-oidc") == "http://all");
  world.variables["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://one";
  CHECK(endpoint(world, "sso-oidc") == "http://one");
  CHECK(endpoint(world, "s3") == "http://all");
  world.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE";
  CHECK_FALSE(endpoint(world, "s3"));
}

TEST_CASE("a profile can turn its endpoints off") {
  AwsWorld world;
  world.config("[default]\nendpoint_url = http://profile\nignore_configured_endpoint_urls = true\n");
  CHECK_FALSE(endpoint(world, "s3"));
}
