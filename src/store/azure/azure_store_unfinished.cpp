// What was begun and not committed: found, dated, discarded.
#include "store/azure/azure_answers.h"
#include "store/azure/azure_store.h"
#include "store/azure/wire/blob_headers.h"
#include "store/azure/wire/block_id.h"

#include <tapster/log.h>

#include <algorithm>
#include <map>

namespace tapster {
namespace {

// Metadata of the empty blob that discards an upload's blocks: the upload's id.
constexpr const char* kDiscarded = "tapster-discarded";
constexpr Duration kLateBlock{300};
constexpr int kLooksForLateBlocks = 3;

bool discards(const ObjectStat& blob, const UploadId& upload) {
  const auto mark = blob.metadata.find(kDiscarded);
  return blob.size == 0 && mark != blob.metadata.end() && mark->second == upload.id;
}

// The uploads that a blob's uncommitted blocks belong to. Other programs' blocks count as one, which nobody can abort.
std::vector<UnfinishedUpload> uploads_of(const std::string& key, const std::vector<std::string>& blocks) {
  std::map<std::string, UnfinishedUpload> found;
  for (const std::string& block : blocks) {
    const auto mark = read_block_id(block);
    if (!mark) {
      found.try_emplace("", UnfinishedUpload{{key, block, 0}, {}});
      continue;
    }
    const auto upload = read_upload_id(mark->upload);
    const auto begun = upload && !upload->create_only ? std::optional(upload->begun) : std::nullopt;
    found.try_emplace(mark->upload, UnfinishedUpload{{key, mark->upload, 0}, begun});
  }
  std::vector<UnfinishedUpload> uploads;
  uploads.reserve(found.size());
  for (auto& [id, upload] : found) uploads.push_back(std::move(upload));
  return uploads;
}

}  // namespace

void AzureStore::list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) {
  AzureCall call{.operation = "List Blobs", .method = "GET"};
  call.query = {{"restype", "container"}, {"comp", "list"}, {"prefix", prefix}, {"include", "uncommittedblobs"}};
  list_blobs(client_, call, [&](const ListedBlobs& page) {
    for (const ListedBlob& blob : page.blobs) {
      // The listing shows what is not committed as empty; so are blobs that are empty.
      if (blob.size != 0 || stat(blob.name)) continue;
      const auto blocks = block_names(client_, blob.name, "uncommitted");
      if (!blocks) continue;
      for (const UnfinishedUpload& upload : uploads_of(blob.name, *blocks)) {
        if (!each(upload)) return false;
      }
    }
    return true;
  });
}

std::optional<TimePoint> AzureStore::newest_part(const UploadId& upload) {
  const auto blocks = block_names(client_, upload.key, "uncommitted");
  std::optional<TimePoint> newest;
  if (!blocks) return newest;
  for (const std::string& block : *blocks) {
    const auto mark = read_block_id(block);
    if (mark && mark->upload == upload.id && mark->number > 0) newest = std::max(newest, std::optional(mark->sent));
  }
  return newest;
}

// Commits nothing, which makes an empty blob and forgets the blocks, and deletes it. False: there was nothing to
// discard.
bool AzureStore::discard_blocks(const UploadId& upload) {
  const auto blocks = block_names(client_, upload.key, "uncommitted");
  if (!blocks) return false;
  const auto is_own = [&](const std::string& block) {
    const auto mark = read_block_id(block);
    return mark && mark->upload == upload.id;
  };
  const auto own = std::count_if(blocks->begin(), blocks->end(), is_own);
  if (own == 0) return false;
  if (own != static_cast<std::ptrdiff_t>(blocks->size())) {
    log::info("The unfinished upload of {} is left to the service: there is another one", describe(upload.key));
    return false;
  }
  MemoryBody nothing("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList></BlockList>");
  AzureCall commit{.operation = "Put Block List", .method = "PUT", .key = upload.key, .query = {{"comp", "blocklist"}}};
  PutOptions options;
  options.metadata[kDiscarded] = upload.id;
  commit.headers = blob_creation_headers(client_.settings().encryption_scope, options);
  commit.headers.emplace_back("Content-Type", "application/xml");
  commit.headers.emplace_back("If-None-Match", "*");
  commit.body = &nothing;
  commit.accepted = exists_codes();
  const AzureAnswer answer = client_.call(commit);
  const auto* made = find_header(answer.http.headers, "etag");
  std::string etag = made == nullptr ? "" : *made;
  if (!answer.error_code.empty()) {
    // A whole blob, which is not to be touched; or the empty one, by an attempt whose answer was lost.
    const auto found = stat(upload.key);
    if (!found || !discards(*found, upload)) return false;
    etag = found->etag;
  }
  AzureCall remove{.operation = "Delete Blob", .method = "DELETE", .key = upload.key};
  if (!etag.empty()) remove.headers.emplace_back("If-Match", etag);
  remove.accepted = {kBlobNotFound, "ConditionNotMet"};
  client_.call(remove);
  return true;
}

void AzureStore::abort_upload(const UploadId& upload) noexcept {
  try {
    const auto mark = read_upload_id(upload.id);
    if (mark && !mark->create_only) {
      // A block whose request was cut off may come into being a moment after those that were discarded.
      discard_blocks(upload);
      for (int look = 0; look < kLooksForLateBlocks; ++look) {
        client_.clock().sleep(kLateBlock);
        if (!discard_blocks(upload)) break;
      }
    } else {
      log::info("The unfinished upload of {} is left to the service, which discards it within a week",
                describe(upload.key));
    }
  } catch (const std::exception& failure) {
    log::warning("The unfinished upload of {} could not be discarded, and costs storage until the service does: {}",
                 describe(upload.key), failure.what());
  }
}

}  // namespace tapster
