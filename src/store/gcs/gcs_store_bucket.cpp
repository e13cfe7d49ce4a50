// The bucket itself.
#include "http/http_status.h"
#include "store/gcs/gcs_store.h"

#include <nlohmann/json.hpp>

namespace tapster {
namespace {

constexpr const char* kEmulatorProject = "emulator";  // any will do

}  // namespace

// By a listing: to ask for the bucket needs a permission (storage.buckets.get) that the roles for objects do not have.
bool GcsStore::container_exists() {
  GcsCall call{.operation = "objects.list", .method = "GET", .path = client_.bucket_path() + "/o"};
  call.query = {{"maxResults", "1"}, {"fields", "kind"}};
  call.accepted = {status::kNotFound};
  const HttpResponse response = client_.call(call);
  if (response.status != status::kNotFound) return true;
  const GcsError failure = client_.failure_in(response, call);
  // A listing's 404 from the service, whatever its words, is about the bucket: nothing else is named in it.
  if (says_no_such_bucket(failure) || failure.form == GcsError::Form::json) return false;
  throw client_.refused(response, call);
}

void GcsStore::create_container() {
  const GcsSettings& settings = client_.settings();
  std::string project = client_.identity().project;
  if (project.empty() && settings.emulator) project = kEmulatorProject;
  if (project.empty()) {
    throw error(
        ErrorKind::general,
        "cannot create the bucket {}: in which project? Set GOOGLE_CLOUD_PROJECT, or create the bucket yourself",
        settings.bucket);
  }
  const std::string document = nlohmann::json{{"name", settings.bucket}}.dump();
  MemoryBody body(document);
  GcsCall call{.operation = "buckets.insert", .method = "POST", .path = "/storage/v1/b"};
  call.query = {{"project", project}, {"fields", "name"}};
  call.headers = {{"Content-Type", "application/json"}};
  call.body = &body;
  call.accepted = {status::kConflict};
  const HttpResponse response = client_.call(call);
  // Bucket names are the whole world's: somebody else may have it, or an earlier attempt of ours has made it.
  if (response.status == status::kConflict && !container_exists()) throw client_.refused(response, call);
}

}  // namespace tapster
