#include "store/stores.h"

#include "store/azure_server.h"
#include "store/gcs_server.h"
#include "store/objects.h"
#include "store/server_settings.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/open_store.h>

#include <filesystem>
#include <random>
#include <sstream>

namespace tapster::conformance {
namespace {

enum class Kind { directory, s3, azure, gcs };

struct Row {
  std::string name;
  Kind kind;
  std::string endpoint;            // the setting with the URL
  std::set<std::string> may_lack;  // sub-tests that this store may skip
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {"file", Kind::directory, "", {"metadata", "etag"}},
      {"s3-http", Kind::s3, "S3_ENDPOINT", {}},
      {"s3-https", Kind::s3, "S3_ENDPOINT_TLS", {}},
      {"azure-http", Kind::azure, "AZURE_URL", {"backslash", "end of uploads", "pages of 1000"}},
      {"azure-https", Kind::azure, "AZURE_URL_TLS", {"backslash", "end of uploads", "pages of 1000"}},
      {"gcs-anonymous", Kind::gcs, "GCS_ANONYMOUS_ENDPOINT", {"tags of their own"}},
      {"gcs-https", Kind::gcs, "GCS_ENDPOINT_TLS", {"tags of their own"}},
      // Uploads are one stream there: parts in order, each once, and nobody can list what was begun.
      {"gcs-no-xml", Kind::gcs, "GCS_NO_XML_ENDPOINT", {"tags of their own", "parts", "list of uploads"}},
  };
  return rows;
}

const Row& row_of(const std::string& name) {
  for (const Row& row : table()) {
    if (row.name == name) return row;
  }
  throw std::runtime_error("there is no store named \"" + name + "\" to test");
}

std::string random_name() {
  static std::random_device device;
  std::ostringstream text;
  text << std::hex << device() << device();
  return text.str();
}

// `container` is a directory, a bucket or a container.
std::unique_ptr<ObjectStore> open(const Row& row, const std::string& container) {
  static SystemClock clock;
  if (row.kind == Kind::directory) {
    static const MapEnvironment empty({});
    return open_store(StoreLocation::parse("file://" + container, {}), {}, empty, clock);
  }
  if (row.kind == Kind::azure) return open_azure_server(row.endpoint, container, clock);
  if (row.kind == Kind::gcs) return open_gcs_server(row.endpoint, container, clock);
  static const MapEnvironment environment(server_settings("rgw"));
  StoreOptions options;
  options.endpoint_url = server_settings("rgw").at(row.endpoint);
  options.addressing_style = "path";
  return open_store(StoreLocation::parse("s3://" + container, {}), options, environment, clock);
}

}  // namespace

std::vector<std::string> store_names() {
  std::vector<std::string> names;
  std::istringstream chosen(environment_or(
      "TAPSTER_STORES", "file,s3-http,s3-https,azure-http,azure-https,gcs-anonymous,gcs-https,gcs-no-xml"));
  for (std::string name; std::getline(chosen, name, ',');) names.push_back(row_of(name).name);
  return names;
}

StoreUnderTest::StoreUnderTest(const std::string& name) : name_(name), place_("tests/" + random_name() + "/") {
  const Row& row = row_of(name);
  std::string container = environment_or("TAPSTER_TEST_BUCKET", "store-tests");
  if (row.kind == Kind::directory) {
    directory_ = (std::filesystem::temp_directory_path() / ("store-tests-" + random_name())).string();
    container = directory_;
  }
  store_ = open(row, container);
  if (!store_->container_exists()) store_->create_container();
}

StoreUnderTest::~StoreUnderTest() {
  try {
    store_->remove(keys_below(*store_, place_));
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  } catch (const std::exception& failure) {
    WARN("cannot clean up: " << failure.what());
  }
}

bool StoreUnderTest::may_lack(const std::string& feature) const { return row_of(name_).may_lack.count(feature) != 0; }

std::unique_ptr<ObjectStore> StoreUnderTest::without_container() const {
  const Row& row = row_of(name_);
  return open(row, (row.kind == Kind::directory ? directory_ + "/" : "") + "store-tests-" + random_name());
}

}  // namespace tapster::conformance
