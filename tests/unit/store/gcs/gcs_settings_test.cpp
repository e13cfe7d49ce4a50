#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test::gcs;

namespace {

GcsSettings settings_with(std::map<std::string, std::string, std::less<>> variables, const StoreOptions& options = {}) {
  StoreLocation location;
  location.provider = Provider::google_cloud_storage;
  location.bucket = "b";
  return resolve_gcs_settings(location, options, MapEnvironment(std::move(variables)));
}

}  // namespace

TEST_CASE("GCS: the endpoint is Google's, another universe's or an emulator's") {
  CHECK(settings_with({}).endpoint_url == "https://storage.googleapis.com");
  CHECK_FALSE(settings_with({}).emulator);
  CHECK(settings_with({{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "s3nsapis.fr"}}).endpoint_url == "https://storage.s3nsapis.fr");
  CHECK(settings_with({{"STORAGE_EMULATOR_HOST", "localhost:9023"}}).endpoint_url == "http://localhost:9023");
  CHECK(settings_with({{"STORAGE_EMULATOR_HOST", "localhost:9023"}}).emulator);
  CHECK(
      settings_with({{"STORAGE_EMULATOR_HOST", "https://e:1/"}, {"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "x"}}).endpoint_url ==
      "https://e:1");
}

TEST_CASE("GCS: options of other providers do not move the endpoint") {
  StoreOptions options;
  options.endpoint_url = "http://minio:9000";
  options.kms_key_name = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
  const GcsSettings settings = settings_with({}, options);
  CHECK(settings.endpoint_url == "https://storage.googleapis.com");
  CHECK(settings.kms_key_name == options.kms_key_name);
  CHECK(settings.bucket == "b");
}

TEST_CASE("GCS: what holds for all stores holds here") {
  StoreOptions options;
  options.read_timeout = 7;
  const GcsSettings settings = settings_with({{"TAPSTER_MAX_ATTEMPTS", "9"}, {"SSL_CERT_FILE", "/ca.pem"}}, options);
  CHECK(settings.max_attempts == 9);
  CHECK(settings.http.ca_bundle == "/ca.pem");
  CHECK(settings.http.read_timeout == std::chrono::seconds(7));
}

TEST_CASE("GCS: variables that make no sense are named") {
  for (const char* value : {"ftp://e", "http://", "http://e/path", "e?x", "user@e"}) {
    CAPTURE(value);
    CHECK(death_of([&] {
            settings_with({{"STORAGE_EMULATOR_HOST", value}});
          }) ==
          fmt::format("general: STORAGE_EMULATOR_HOST is '{}': HOST:PORT or http://HOST:PORT is expected", value));
  }
  for (const char* value : {"https://googleapis.com", "a/b", "a:80"}) {
    CAPTURE(value);
    CHECK(death_of([&] {
            settings_with({{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", value}});
          }) ==
          fmt::format("general: GOOGLE_CLOUD_UNIVERSE_DOMAIN is '{}': a domain such as googleapis.com is expected",
                      value));
  }
}
