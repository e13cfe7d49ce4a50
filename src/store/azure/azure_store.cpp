#include "store/azure/azure_store.h"

#include "store/azure/azure_answers.h"
#include "store/azure/wire/blob_headers.h"

namespace tapster {

StoreLimits AzureStore::limits() const {
  return {.min_part_size = 1,
          .max_part_size = azure_limits::kMaxBlock,
          .max_parts = azure_limits::kMaxBlocks,
          .max_put_size = azure_limits::kMaxBlocks * client_.settings().max_block_size,
          .max_remove_batch = azure_limits::kMaxBatch,
          .put_splits = true};
}

std::optional<ObjectStat> AzureStore::stat(const std::string& key) {
  AzureCall call{.operation = "Get Blob Properties", .method = "HEAD", .key = key};
  call.accepted = {kBlobNotFound};
  const AzureAnswer answer = client_.call(call);
  if (answer.is({kBlobNotFound})) return std::nullopt;
  return stat_from_blob_headers(answer.http.headers);
}

PutResult AzureStore::put(const std::string& key, Body& body, const PutOptions& options) {
  if (body.size() > client_.settings().max_single_put_size) return put_in_blocks(key, body, options);
  AzureCall call{.operation = "Put Blob", .method = "PUT", .key = key};
  call.headers = {{"x-ms-blob-type", "BlockBlob"}, {"Content-Type", "application/octet-stream"}};
  const HttpHeaders creation = blob_creation_headers(client_.settings().encryption_scope, options);
  call.headers.insert(call.headers.end(), creation.begin(), creation.end());
  call.body = &body;
  call.sends_checksum = true;
  call.stop = options.stop;
  if (options.if_absent()) {
    call.headers.emplace_back("If-None-Match", "*");
    call.accepted = exists_codes();
  }
  return client_.call(call).error_code.empty() ? PutResult::created : PutResult::already_exists;
}

void AzureStore::list(const std::string& prefix, const ListOptions& options,
                      const std::function<bool(const ListPage&)>& each) {
  AzureCall call{.operation = "List Blobs", .method = "GET"};
  call.query = {{"restype", "container"}, {"comp", "list"}, {"prefix", prefix}};
  if (options.by_folder) call.query.emplace_back("delimiter", "/");
  // The service cannot begin behind a key: what comes before is passed over, in pages as large as it has them.
  if (options.page_size && options.start_after.empty()) {
    call.query.emplace_back("maxresults", std::to_string(*options.page_size));
  }
  list_blobs(client_, call, [&](const ListedBlobs& listed) {
    ListPage page;
    for (const ListedBlob& blob : listed.blobs) {
      if (blob.name > options.start_after) page.objects.push_back({blob.name, blob.size, blob.modified});
    }
    page.prefixes = listed.prefixes;
    const bool passed_over = page.objects.empty() && !listed.blobs.empty();
    return passed_over || each(page);
  });
}

// By a listing, as a signature for one container may not allow to read its properties.
bool AzureStore::container_exists() {
  AzureCall call{.operation = "List Blobs", .method = "GET"};
  call.query = {{"restype", "container"}, {"comp", "list"}, {"maxresults", "1"}};
  call.accepted = {"ContainerNotFound"};
  return client_.call(call).error_code.empty();
}

void AzureStore::create_container() {
  AzureCall call{.operation = "Create Container", .method = "PUT"};
  call.query = {{"restype", "container"}};
  call.accepted = {"ContainerAlreadyExists"};
  client_.call(call);
}

}  // namespace tapster
