#include "unit/store/s3/settings_world.h"

using namespace tapster;
using namespace tapster::test;

TEST_CASE("without any word an S3 store is AWS's, in us-east-1") {
  SettingsWorld world;
  const S3Settings settings = world.settings();
  CHECK(settings.bucket == "my-bucket");
  CHECK(settings.endpoint_url.empty());
  CHECK(settings.region == "us-east-1");
  CHECK(settings.service->name == "AWS");
  CHECK_FALSE(settings.path_style);
  CHECK(settings.checksums.uploads);
  CHECK(settings.checksums.downloads);
  CHECK(settings.checksums.algorithm == ChecksumAlgorithm::crc64nvme);
  CHECK(settings.max_attempts == 5);
  CHECK(settings.http.read_timeout == std::chrono::seconds(60));
  CHECK(settings.http.connect_timeout == std::chrono::seconds(60));
  CHECK(settings.http.ca_bundle.empty());
  CHECK_FALSE(settings.dualstack);
  CHECK_FALSE(settings.fips);
  CHECK_FALSE(settings.unsigned_payload);
  CHECK(settings.encryption.empty());
  CHECK(settings.customer_key.empty());
  CHECK(settings.bucket_url("eu-west-1") == "https://my-bucket.s3.eu-west-1.amazonaws.com");
}

TEST_CASE("the endpoint: option, variables, profile, in this order") {
  SettingsWorld world;
  world.config(
      "[default]\nendpoint_url = http://profile:1\nservices = mine\n[services mine]\ns3 =\n"
      "  endpoint_url = http://service:2\n");
  CHECK(world.settings().endpoint_url == "http://service:2");
  world.variables["AWS_ENDPOINT_URL"] = "http://variable:3";
  CHECK(world.settings().endpoint_url == "http://variable:3");
  world.variables["AWS_ENDPOINT_URL_S3"] = "http://s3-variable:4";
  CHECK(world.settings().endpoint_url == "http://s3-variable:4");
  world.options.endpoint_url = "https://option:5//";
  CHECK(world.settings().endpoint_url == "https://option:5");
  CHECK(world.settings().bucket_url("anywhere") == "https://option:5/my-bucket");
}

TEST_CASE("the endpoint of the profile alone, and one that is to be ignored") {
  SettingsWorld world;
  world.config("[default]\nendpoint_url = http://profile:1\n");
  CHECK(world.settings().endpoint_url == "http://profile:1");
  world.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  CHECK(world.settings().endpoint_url.empty());
}

TEST_CASE("an endpoint that is none") {
  SettingsWorld world;
  const std::string bad = GENERATE("localhost:9000", "http://", "ftp://host", "http://host?x=1", "https://host#a",
                                   "http://ho st", "s3://bucket");
  SECTION("by option") {
    world.options.endpoint_url = bad;
    CHECK_THAT(world.failure(), ContainsSubstring("general: Invalid endpoint: "));
    CHECK_THAT(world.failure(), ContainsSubstring("(from --endpoint-url; expected http://HOST[:PORT] or https://"));
  }
  SECTION("by variable") {
    world.variables["AWS_ENDPOINT_URL"] = bad;
    CHECK_THAT(world.failure(), ContainsSubstring("(from AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the AWS profile;"));
  }
}

TEST_CASE("the region: option, AWS_DEFAULT_REGION, AWS_REGION, profile, the endpoint's name") {
  SettingsWorld world;
  world.options.endpoint_url = "https://s3.gra.io.cloud.ovh.net:443/path";
  CHECK(world.settings().region == "gra");
  world.config("[default]\nregion = r-profile\n");
  CHECK(world.settings().region == "r-profile");
  world.variables["AWS_REGION"] = "r-variable";
  CHECK(world.settings().region == "r-variable");
  world.variables["AWS_DEFAULT_REGION"] = "r-default";
  CHECK(world.settings().region == "r-default");
  world.options.region = "r-option";
  CHECK(world.settings().region == "r-option");
}

TEST_CASE("an endpoint that names no region leaves us-east-1") {
  SettingsWorld world;
  world.options.endpoint_url = GENERATE("http://127.0.0.1:8480", "http://[::1]:9000", "https://minio.example.com");
  CHECK(world.settings().region == "us-east-1");
  CHECK(world.settings().service->name.empty());
  CHECK(world.settings().path_style);
}

TEST_CASE("addressing: option, profile, what suits the service and the bucket") {
  SettingsWorld world;
  SECTION("a bucket that cannot be a host name") {
    for (const char* bucket : {"with.dot", "Upper", "under_score", "ab", "-abc", "abc-"}) {
      world.bucket = bucket;
      CHECK(world.settings().path_style);
    }
    world.bucket = std::string(64, 'a');
    CHECK(world.settings().path_style);
    world.bucket = std::string(63, 'a');
    CHECK_FALSE(world.settings().path_style);
  }
  SECTION("auto") {
    CHECK_FALSE(world.settings().path_style);
    world.options.endpoint_url = "http://minio:9000";
    CHECK(world.settings().path_style);
  }
  SECTION("the profile, and the option above it") {
    world.config("[default]\ns3 =\n  addressing_style = path\n");
    CHECK(world.settings().path_style);
    world.options.addressing_style = "virtual";
    CHECK_FALSE(world.settings().path_style);
    world.options.endpoint_url = "http://minio:9000/base";
    CHECK(world.settings().bucket_url("r") == "http://my-bucket.minio:9000/base");
    world.options.addressing_style = "auto";
    CHECK(world.settings().path_style);
  }
  SECTION("one that is not known") {
    world.options.addressing_style = "sideways";
    CHECK(world.failure() == "general: addressing style 'sideways' is not known (choose from auto, virtual, path)");
  }
}

TEST_CASE("dual-stack and FIPS endpoints: variable, then profile") {
  SettingsWorld world;
  world.config("[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = TRUE\n");
  CHECK(world.settings().bucket_url("r") == "https://my-bucket.s3-fips.dualstack.r.amazonaws.com");
  world.variables["AWS_USE_DUALSTACK_ENDPOINT"] = "false";
  CHECK(world.settings().bucket_url("r") == "https://my-bucket.s3-fips.r.amazonaws.com");
  world.variables["AWS_USE_FIPS_ENDPOINT"] = "0";
  CHECK(world.settings().bucket_url("r") == "https://my-bucket.s3.r.amazonaws.com");
  world.variables["AWS_USE_FIPS_ENDPOINT"] = "maybe";
  CHECK(world.failure() == "general: AWS_USE_FIPS_ENDPOINT is 'maybe': true or false is expected");
  world.variables.erase("AWS_USE_FIPS_ENDPOINT");
  world.config("[default]\nuse_fips_endpoint = perhaps\n");
  CHECK(world.failure() == "general: use_fips_endpoint in the AWS profile is 'perhaps': true or false is expected");
}
