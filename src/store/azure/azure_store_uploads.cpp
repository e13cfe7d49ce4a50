// Blobs in blocks: Put Block, Put Block List.
#include "store/azure/azure_answers.h"
#include "store/azure/azure_store.h"
#include "store/azure/wire/blob_headers.h"
#include "store/azure/wire/block_id.h"
#include "store/transfer/upload_queue.h"
#include "text/encoding.h"

#include <algorithm>

namespace tapster {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::string_view kOtherLength = "InvalidBlobOrBlock";
constexpr const char* kCommit = "Put Block List";

std::string commit_document(const std::vector<std::string>& blocks) {
  std::string document = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (const std::string& block : blocks) document += "<Latest>" + block + "</Latest>";
  return document + "</BlockList>";
}

}  // namespace

AzureCall AzureStore::block_call(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  AzureCall call{.operation = "Put Block", .method = "PUT", .key = upload.key};
  call.query = {{"comp", "block"}, {"blockid", make_block_id(upload.id, number, client_.clock().now())}};
  call.headers = blob_creation_headers(client_.settings().encryption_scope, {});
  call.body = &body;
  call.sends_checksum = true;
  call.stop = stop;
  return call;
}

// A first block of one byte, which is never committed, proves that there is a container and the right to write, and
// makes the upload known to list_uploads.
UploadId AzureStore::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  UploadId upload{key, make_upload_id(options.if_absent(), client_.clock().now()), part_size};
  MemoryBody mark("-");
  AzureCall call = block_call(upload, 0, mark, options.stop);
  call.accepted = {kOtherLength};
  const AzureAnswer answer = client_.call(call);
  if (answer.error_code.empty()) return upload;
  // Another program's blocks, left by a crash, have names of another length: then ours must have that, too.
  const auto others = block_names(client_, key, "uncommitted");
  const auto name = others && !others->empty() ? base64_decode(others->front()) : std::nullopt;
  if (!name || name->size() <= kBlockNameLength) throw client_.refused(answer.http, call);
  upload.id = make_upload_id(options.if_absent(), client_.clock().now(), name->size());
  client_.call(block_call(upload, 0, mark, options.stop));
  return upload;
}

UploadedPart AzureStore::upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  const AzureCall call = block_call(upload, number, body, stop);
  if (stop.stop_requested()) throw Interrupted();
  if (body.size() > 0) client_.call(call);  // a block cannot be empty
  return {number, call.query.back().second, "", body.size()};
}

// Whether the blob is made of exactly these blocks: then it is ours, by a commit whose answer was lost.
bool AzureStore::is_committed(const std::string& key, const std::vector<std::string>& blocks) {
  const auto committed = block_names(client_, key, "committed");
  return !blocks.empty() && committed == blocks;
}

PutResult AzureStore::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                      const PutOptions& options) {
  AzureCall call{.operation = kCommit, .method = "PUT", .key = upload.key, .query = {{"comp", "blocklist"}}};
  std::vector<std::string> blocks;
  for (const UploadedPart& part : parts) {
    const auto mark = read_block_id(part.etag);
    if (!mark || mark->upload != upload.id || mark->number != part.number) {
      throw StoreError(ErrorKind::general,
                       fmt::format("{}: part {} of {} was not sent", kCommit, part.number, describe(upload.key)),
                       {kCommit, "InvalidBlockList", 0, "", client_.settings().container, upload.key});
    }
    if (part.size > 0) blocks.push_back(part.etag);
  }
  const std::string document = commit_document(blocks);
  MemoryBody body(document);
  call.headers = {{"Content-Type", "application/xml"}, {"x-ms-blob-content-type", "application/octet-stream"}};
  const HttpHeaders creation = blob_creation_headers(client_.settings().encryption_scope, options);
  call.headers.insert(call.headers.end(), creation.begin(), creation.end());
  call.body = &body;
  call.sends_checksum = true;
  call.stop = options.stop;
  if (options.if_absent()) {
    call.headers.emplace_back("If-None-Match", "*");
    call.accepted = exists_codes();
  }
  // A repeat, after an answer that was lost, finds the blocks committed, and <Latest> takes those as well. With the
  // condition it finds the blob.
  if (client_.call(call).error_code.empty() || is_committed(upload.key, blocks)) return PutResult::created;
  return PutResult::already_exists;
}

PutResult AzureStore::put_in_blocks(const std::string& key, Body& body, const PutOptions& options) {
  UploadQueue queue(*this, client_.settings().max_concurrency, nullptr, options.stop);
  const auto upload = queue.open(key, client_.settings().max_block_size, options);
  std::vector<std::byte> buffer(kReadBytes);
  body.rewind();
  while (const std::size_t count = body.read(buffer)) upload->write(Bytes(buffer).first(count));
  return upload->publish();
}

}  // namespace tapster
