// GetObject: the version pinned by its ETag, the stored checksum verified.
#include "store/s3/s3_store.h"
#include "store/transfer/resumable_download.h"
#include "text/encoding.h"
#include "text/number.h"
#include "text/time_text.h"

namespace tapster {
namespace {

constexpr const char* kOperation = "GetObject";

class S3Download final : public DownloadProtocol {
 public:
  S3Download(S3Client& client, const std::string& key, std::string name)
      : client_(client), key_(key), name_(std::move(name)) {}

  Outcome fetch(const Request& request) override;
  ObjectStat stat_of(const HttpHeaders& headers) override { return stat_from_headers(headers); }
  std::optional<ObjectStat> stat() override { return S3Store(client_).stat(key_); }
  void begin_checksum(const HttpHeaders& headers, bool whole) override;
  void update_checksum(Bytes data) override {
    if (checksum_) checksum_->update(data);
  }
  void verify_checksum() override;

 private:
  S3Client& client_;
  const std::string& key_;
  std::string name_;
  std::optional<PayloadChecksum> checksum_;
  std::string stored_checksum_;
};

DownloadProtocol::Outcome S3Download::fetch(const Request& request) {
  S3Call call{.operation = kOperation, .method = "GET", .key = key_};
  call.headers = client_.settings().customer_key;
  if (!request.range.empty()) call.headers.emplace_back("Range", request.range);
  if (request.pinned != nullptr && !request.pinned->etag.empty()) {
    call.headers.emplace_back("If-Match", request.pinned->etag);
  }
  if (client_.settings().checksums.downloads && request.range.empty() && request.pinned == nullptr) {
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  }
  call.sink = &request.sink;
  call.stop = request.stop;
  call.on_headers = request.on_headers;
  call.accepted = {404, 412, 416};
  const S3Answer answer = client_.call(call);
  switch (answer.http.status) {
    case 404:
      if (answer.error_code != "NoSuchKey") throw client_.refused(answer.http, call);
      return Outcome::absent;
    case 412:
      return Outcome::changed;
    case 416:
      return Outcome::past_the_end;
    default:
      return Outcome::delivered;
  }
}

void S3Download::begin_checksum(const HttpHeaders& headers, bool whole) {
  if (!client_.settings().checksums.downloads || !whole) return;
  const auto* type = find_header(headers, "x-amz-checksum-type");
  if (type != nullptr && *type == "COMPOSITE") return;  // a checksum of checksums of parts
  for (const auto algorithm :
       {ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc32, ChecksumAlgorithm::sha256}) {
    const auto* value = find_header(headers, header_name(algorithm));
    if (value == nullptr || value->find('-') != std::string::npos) continue;  // "...-N": of N parts
    checksum_.emplace(algorithm);
    stored_checksum_ = *value;
    return;
  }
}

void S3Download::verify_checksum() {
  if (!checksum_) return;
  const std::string computed = checksum_->base64();
  if (computed != stored_checksum_) {
    throw error(ErrorKind::general, "{} is damaged, or was on its way: its checksum is {}, the store has recorded {}",
                name_, computed, stored_checksum_);
  }
}

}  // namespace

std::optional<ObjectStat> S3Store::get(const std::string& key, ByteSink& sink, const GetOptions& options) {
  if (options.range && options.range->length == 0) return stat(key);
  S3Download protocol(client_, key, describe(key));
  return download(protocol, {kOperation, describe(key)}, sink, options, client_.clock(),
                  client_.settings().max_attempts);
}

ObjectStat stat_from_headers(const HttpHeaders& headers) {
  constexpr std::string_view kMetadata = "x-amz-meta-";
  ObjectStat stat;
  for (const auto& [name, value] : headers) {
    const std::string lower = to_lower(name);
    if (lower == "etag") {
      stat.etag = value;
    } else if (lower == "content-length") {
      stat.size = parse_decimal<std::uint64_t>(value).value_or(0);
    } else if (lower.starts_with(kMetadata)) {
      stat.metadata.emplace(lower.substr(kMetadata.size()), value);
    } else if (lower == "x-amz-object-lock-retain-until-date") {
      stat.retain_until = parse_rfc3339(value);
    } else if (lower == "x-amz-object-lock-legal-hold") {
      stat.legal_hold = equals_ignoring_case(value, "ON");
    }
  }
  return stat;
}

}  // namespace tapster
