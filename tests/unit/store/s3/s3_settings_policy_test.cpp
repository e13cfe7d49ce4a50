// Checksums, encryption, time-outs, attempts, certificates, proxies.
#include "unit/store/s3/settings_world.h"

using namespace tapster;
using namespace tapster::test;
using std::chrono::seconds;

TEST_CASE("the checksum policy: option, variables, profile, the service") {
  SettingsWorld world;
  world.options.endpoint_url = "http://minio:9000";
  CHECK_FALSE(world.settings().checksums.uploads);
  CHECK_FALSE(world.settings().checksums.downloads);
  world.config(
      "[default]\nrequest_checksum_calculation = when_supported\n"
      "response_checksum_validation = WHEN_SUPPORTED\n");
  CHECK(world.settings().checksums.uploads);
  CHECK(world.settings().checksums.downloads);
  world.variables["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_required";
  CHECK_FALSE(world.settings().checksums.uploads);
  CHECK(world.settings().checksums.downloads);
  world.variables["AWS_RESPONSE_CHECKSUM_VALIDATION"] = "WHEN_REQUIRED";
  CHECK_FALSE(world.settings().checksums.downloads);
  world.options.checksum_policy = "when_supported";
  CHECK(world.settings().checksums.uploads);
  CHECK(world.settings().checksums.downloads);
  world.options.checksum_policy = "auto";
  CHECK_FALSE(world.settings().checksums.uploads);
}

TEST_CASE("checksum settings that are not known") {
  SettingsWorld world;
  SECTION("policy by option") {
    world.options.checksum_policy = "often";
    CHECK(world.failure() ==
          "general: --checksum-policy is 'often': auto, when_required or when_supported is expected");
  }
  SECTION("by variable") {
    world.variables["AWS_REQUEST_CHECKSUM_CALCULATION"] = "often";
    CHECK_THAT(world.failure(), ContainsSubstring("general: AWS_REQUEST_CHECKSUM_CALCULATION is 'often'"));
  }
  SECTION("by profile") {
    world.config("[default]\nresponse_checksum_validation = often\n");
    CHECK_THAT(world.failure(),
               ContainsSubstring("general: response_checksum_validation in the AWS profile is 'often'"));
  }
  SECTION("algorithm") {
    world.options.checksum_algorithm = "md5";
    CHECK(world.failure() ==
          "general: checksum algorithm 'md5' is not known (choose from crc32, crc32c, crc64nvme, sha256)");
  }
}

TEST_CASE("the checksum algorithm is that of the option") {
  SettingsWorld world;
  world.options.checksum_algorithm = "sha256";
  CHECK(world.settings().checksums.algorithm == ChecksumAlgorithm::sha256);
}

TEST_CASE("an unsigned payload needs TLS") {
  SettingsWorld world;
  world.options.unsigned_payload = true;
  CHECK(world.settings().unsigned_payload);
  world.options.endpoint_url = "HTTPS://minio";
  CHECK(world.settings().unsigned_payload);
  world.options.endpoint_url = "http://minio";
  CHECK_THAT(world.failure(), ContainsSubstring("general: --unsigned-payload needs an https endpoint"));
}

TEST_CASE("the checksum may stand for the digest over TLS, at AWS") {
  SettingsWorld world;
  CHECK(world.settings().checksum_for_digest);
  SECTION("nor does the profile forbid it") {
    world.config("[default]\ns3 =\n  payload_signing_enabled = false\n");
    CHECK(world.settings().checksum_for_digest);
  }
  SECTION("not where the profile wants payloads signed") {
    world.config("[default]\ns3 =\n  payload_signing_enabled = true\n");
    CHECK_FALSE(world.settings().checksum_for_digest);
  }
  SECTION("not where no checksum is sent") {
    world.options.checksum_policy = "when_required";
    CHECK_FALSE(world.settings().checksum_for_digest);
  }
  SECTION("not where it is the digest itself") {
    world.options.checksum_algorithm = "sha256";
    CHECK_FALSE(world.settings().checksum_for_digest);
  }
  SECTION("not where nobody knows whether the checksum is verified") {
    world.options.endpoint_url = "https://minio";
    world.options.checksum_policy = "when_supported";
    CHECK_FALSE(world.settings().checksum_for_digest);
  }
  SECTION("not without TLS") {
    world.options.endpoint_url = "http://s3.amazonaws.com";
    CHECK_FALSE(world.settings().checksum_for_digest);
  }
}

TEST_CASE("server-side encryption") {
  SettingsWorld world;
  world.options.encryption = "AES256";
  CHECK(world.settings().encryption == HttpHeaders{{"x-amz-server-side-encryption", "AES256"}});
  world.options.sse_kms_key_id = "key";
  CHECK(world.failure() == "general: --sse-kms-key-id needs -e aws:kms");
  world.options.encryption = "aws:kms";
  CHECK(world.settings().encryption == HttpHeaders{{"x-amz-server-side-encryption", "aws:kms"},
                                                   {"x-amz-server-side-encryption-aws-kms-key-id", "key"}});
}

TEST_CASE("a customer's key") {
  SettingsWorld world;
  const std::string key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  world.options.sse_customer_key = "file://" + world.write("key", key + "\n");
  SECTION("from a file, a newline behind it") {
    CHECK(world.settings().customer_key ==
          HttpHeaders{{"x-amz-server-side-encryption-customer-algorithm", "AES256"},
                      {"x-amz-server-side-encryption-customer-key", key},
                      {"x-amz-server-side-encryption-customer-key-MD5", "hRasmdxgYDKV3nvbahU1MA=="}});
  }
  SECTION("together with another encryption") {
    SECTION("a type") { world.options.encryption = "AES256"; }
    SECTION("a KMS key") {
      world.options.encryption = "aws:kms";
      world.options.sse_kms_key_id = "key";
    }
    CHECK(world.failure() == "usage: --sse-customer-key cannot be used together with --encryption or --sse-kms-key-id");
  }
  SECTION("not as a file") {
    world.options.sse_customer_key = key;
    CHECK_THAT(world.failure(), ContainsSubstring("general: --sse-customer-key expects file://PATH"));
    CHECK_THAT(world.failure(), !ContainsSubstring(key));
  }
  SECTION("a file that is not there") {
    world.options.sse_customer_key = "file:///nonexistent/key";
    CHECK(world.failure() == "general: cannot read the key file /nonexistent/key of --sse-customer-key");
  }
  SECTION("a directory") {
    world.options.sse_customer_key = "file://" + world.directory();
    CHECK_THAT(world.failure(), ContainsSubstring("general: cannot read the key file " + world.directory()));
  }
  SECTION("something else in the file") {
    for (const char* bad : {"not a key!", "MDEyMzQ1Njc4OWFiY2RlZg==", ""}) {
      world.write("key", bad);
      CHECK(world.failure() == "general: the key file " + world.directory() +
                                   "/key of --sse-customer-key does not hold a base64 256-bit key");
    }
  }
}

TEST_CASE("the number of attempts: variable, then profile") {
  SettingsWorld world;
  world.config("[default]\nmax_attempts = 7\n");
  CHECK(world.settings().max_attempts == 7);
  world.variables["AWS_MAX_ATTEMPTS"] = "9";
  CHECK(world.settings().max_attempts == 9);
  world.variables["AWS_MAX_ATTEMPTS"] = "1000000";
  CHECK(world.settings().max_attempts == 100);
  for (const char* bad : {"0", "-1", "many", "3x", "99999999999"}) {
    world.variables["AWS_MAX_ATTEMPTS"] = bad;
    CHECK(world.failure() == "general: AWS_MAX_ATTEMPTS is '" + std::string(bad) + "': a positive number is expected");
  }
  world.variables.erase("AWS_MAX_ATTEMPTS");
  world.config("[default]\nmax_attempts = none\n");
  CHECK(world.failure() == "general: max_attempts in the AWS profile is 'none': a positive number is expected");
}

TEST_CASE("time-outs: seconds, and nothing below one is a limit") {
  SettingsWorld world;
  world.options.read_timeout = 5;
  world.options.connect_timeout = 6;
  CHECK(world.settings().http.read_timeout == seconds(5));
  CHECK(world.settings().http.connect_timeout == seconds(6));
  world.options.read_timeout = GENERATE(0, -1);
  CHECK(world.settings().http.read_timeout > std::chrono::hours(24 * 365));
}

TEST_CASE("the certificate authorities: AWS_CA_BUNDLE, profile, REQUESTS_CA_BUNDLE, SSL_CERT_FILE") {
  SettingsWorld world;
  world.variables["SSL_CERT_FILE"] = "/ssl";
  CHECK(world.settings().http.ca_bundle == "/ssl");
  world.variables["REQUESTS_CA_BUNDLE"] = "/requests";
  CHECK(world.settings().http.ca_bundle == "/requests");
  world.config("[default]\nca_bundle = /profile\n");
  CHECK(world.settings().http.ca_bundle == "/profile");
  world.variables["AWS_CA_BUNDLE"] = "/aws";
  CHECK(world.settings().http.ca_bundle == "/aws");
}

TEST_CASE("proxies: the scheme's own variable first, lower case first") {
  SettingsWorld world;
  world.variables["ALL_PROXY"] = "http://all-upper";
  CHECK(world.settings().http.http_proxy == "http://all-upper");
  CHECK(world.settings().http.https_proxy == "http://all-upper");
  CHECK(world.settings().http.no_proxy.empty());
  world.variables["all_proxy"] = "http://all";
  CHECK(world.settings().http.http_proxy == "http://all");
  world.variables["HTTP_PROXY"] = "http://upper";
  world.variables["HTTPS_PROXY"] = "http://s-upper";
  CHECK(world.settings().http.http_proxy == "http://upper");
  CHECK(world.settings().http.https_proxy == "http://s-upper");
  world.variables["http_proxy"] = "http://lower";
  world.variables["https_proxy"] = "http://s-lower";
  CHECK(world.settings().http.http_proxy == "http://lower");
  CHECK(world.settings().http.https_proxy == "http://s-lower");
  world.variables["NO_PROXY"] = "upper.test";
  CHECK(world.settings().http.no_proxy == "upper.test");
  world.variables["no_proxy"] = "lower.test";
  CHECK(world.settings().http.no_proxy == "lower.test");
}
