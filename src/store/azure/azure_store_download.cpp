// Get Blob: the version pinned by its ETag, the stored MD5 verified.
#include "crypto/digest.h"
#include "store/azure/azure_answers.h"
#include "store/azure/azure_store.h"
#include "store/azure/wire/blob_headers.h"
#include "store/transfer/resumable_download.h"
#include "text/encoding.h"

namespace tapster {
namespace {

constexpr const char* kOperation = "Get Blob";
constexpr std::string_view kChanged = "ConditionNotMet";
constexpr std::string_view kPastTheEnd = "InvalidRange";

class AzureDownload final : public DownloadProtocol {
 public:
  AzureDownload(AzureClient& client, const std::string& key) : client_(client), key_(key) {}

  Outcome fetch(const Request& request) override;
  ObjectStat stat_of(const HttpHeaders& headers) override { return stat_from_blob_headers(headers); }
  std::optional<ObjectStat> stat() override { return AzureStore(client_).stat(key_); }
  void begin_checksum(const HttpHeaders& headers, bool whole) override;
  void update_checksum(Bytes data) override {
    if (md5_) md5_->update(data);
  }
  void verify_checksum() override;

 private:
  AzureClient& client_;
  const std::string& key_;
  std::optional<Md5> md5_;
  std::string stored_md5_;
};

DownloadProtocol::Outcome AzureDownload::fetch(const Request& request) {
  AzureCall call{.operation = kOperation, .method = "GET", .key = key_};
  if (!request.range.empty()) call.headers.emplace_back("Range", request.range);
  if (request.pinned != nullptr && !request.pinned->etag.empty()) {
    call.headers.emplace_back("If-Match", request.pinned->etag);
  }
  call.sink = &request.sink;
  call.on_headers = request.on_headers;
  call.stop = request.stop;
  call.accepted = {kBlobNotFound, kChanged, kPastTheEnd};
  const AzureAnswer answer = client_.call(call);
  if (answer.is({kBlobNotFound})) return Outcome::absent;
  if (answer.is({kChanged})) return Outcome::changed;
  return answer.is({kPastTheEnd}) ? Outcome::past_the_end : Outcome::delivered;
}

// Blobs of one Put Blob have one; those that were put together from blocks have none.
void AzureDownload::begin_checksum(const HttpHeaders& headers, bool whole) {
  const auto* value = find_header(headers, "content-md5");
  if (value == nullptr || !whole) return;
  md5_.emplace();
  stored_md5_ = *value;
}

void AzureDownload::verify_checksum() {
  if (!md5_) return;
  const std::string computed = base64_encode(md5_->finish());
  if (computed != stored_md5_) {
    throw error(ErrorKind::general, "{} is damaged, or was on its way: its MD5 is {}, the store has recorded {}",
                client_.name_of(key_), computed, stored_md5_);
  }
}

}  // namespace

std::optional<ObjectStat> AzureStore::get(const std::string& key, ByteSink& sink, const GetOptions& options) {
  if (options.range && options.range->length == 0) return stat(key);
  AzureDownload protocol(client_, key);
  return download(protocol, {kOperation, describe(key)}, sink, options, client_.clock(),
                  client_.settings().max_attempts);
}

}  // namespace tapster
