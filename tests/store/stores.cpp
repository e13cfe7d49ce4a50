#include "store/stores.h"

#include "store/objects.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/open_store.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

namespace tapster::conformance {
namespace {

using Settings = std::map<std::string, std::string, std::less<>>;

struct Row {
  std::string name;
  std::string endpoint;            // the setting with the URL; empty for file
  std::set<std::string> may_lack;  // sub-tests that this store may skip
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {"file", "", {"metadata", "etag"}},
      {"s3-http", "S3_ENDPOINT", {}},
      {"s3-https", "S3_ENDPOINT_TLS", {}},
  };
  return rows;
}

const Row& row_of(const std::string& name) {
  for (const Row& row : table()) {
    if (row.name == name) return row;
  }
  throw std::runtime_error("there is no store named \"" + name + "\" to test");
}

std::string environment_or(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr || *value == '\0' ? fallback : value;
}

const Settings& server_settings() {
  static const Settings settings = [] {
    const std::string servers = environment_or("TAPSTER_SERVERS", "");
    std::ifstream file(servers + "/rgw/env");
    if (servers.empty() || !file) {
      throw std::runtime_error(
          "the S3 tests need a server: $TAPSTER_SERVERS/rgw/env cannot be read (TAPSTER_SERVERS=" + servers + ")");
    }
    Settings read;
    for (std::string line; std::getline(file, line);) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) read[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return read;
  }();
  return settings;
}

std::string random_name() {
  static std::random_device device;
  std::ostringstream text;
  text << std::hex << device() << device();
  return text.str();
}

// `container` is a directory or a bucket.
std::unique_ptr<ObjectStore> open(const Row& row, const std::string& container) {
  static SystemClock clock;
  if (row.endpoint.empty()) {
    static const MapEnvironment empty({});
    return open_store(StoreLocation::parse("file://" + container, {}), {}, empty, clock);
  }
  static const MapEnvironment environment(server_settings());
  StoreOptions options;
  options.endpoint_url = server_settings().at(row.endpoint);
  options.addressing_style = "path";
  return open_store(StoreLocation::parse("s3://" + container, {}), options, environment, clock);
}

}  // namespace

std::vector<std::string> store_names() {
  std::vector<std::string> names;
  std::istringstream chosen(environment_or("TAPSTER_STORES", "file,s3-http,s3-https"));
  for (std::string name; std::getline(chosen, name, ',');) names.push_back(row_of(name).name);
  return names;
}

StoreUnderTest::StoreUnderTest(const std::string& name) : name_(name), place_("tests/" + random_name() + "/") {
  const Row& row = row_of(name);
  std::string container = environment_or("TAPSTER_TEST_BUCKET", "store-tests");
  if (row.endpoint.empty()) {
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
  return open(row, (row.endpoint.empty() ? directory_ + "/" : "") + "store-tests-" + random_name());
}

}  // namespace tapster::conformance
