// The stores that the conformance suite runs over, and what every one of its tests needs.
#pragma once

#include <tapster/object_store.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tapster::conformance {

// All of "file", "s3-http", "s3-https", "azure-http", "azure-https", "gcs-anonymous", "gcs-https" and "gcs-no-xml", or
// those that $TAPSTER_STORES names (comma-separated).
std::vector<std::string> store_names();

// One store for one test, with a place of its own in it that is emptied afterwards.
//
// The rows of servers read their settings from $TAPSTER_SERVERS: rgw/env (S3_ENDPOINT, S3_ENDPOINT_TLS,
// AWS_ACCESS_KEY_ID and so on), azurite/env (AZURE_URL, AZURE_URL_TLS and so on), gcs/env (GCS_ANONYMOUS_ENDPOINT,
// GCS_ENDPOINT_TLS and so on). Without them they fail.
class StoreUnderTest {
 public:
  explicit StoreUnderTest(const std::string& name);
  StoreUnderTest(const StoreUnderTest&) = delete;
  StoreUnderTest& operator=(const StoreUnderTest&) = delete;
  ~StoreUnderTest();

  ObjectStore& operator*() const { return *store_; }
  ObjectStore* operator->() const { return store_.get(); }

  // A key below this test's own place; "" is its prefix.
  std::string key(const std::string& tail) const { return place_ + tail; }
  // Whether the table allows this store to go without.
  bool may_lack(const std::string& feature) const;
  // The same service, a container that does not exist.
  std::unique_ptr<ObjectStore> without_container() const;

 private:
  std::string name_;
  std::string place_;
  std::string directory_;
  std::unique_ptr<ObjectStore> store_;
};

}  // namespace tapster::conformance

// At the beginning of a test case: runs it once for each store.
#define EACH_STORE() GENERATE(from_range(tapster::conformance::store_names()))
