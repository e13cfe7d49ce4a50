#include "store/s3/s3_client.h"

#include "base/body_pieces.h"
#include "text/encoding.h"

namespace tapster {
namespace {

constexpr const char* kUnsignedPayload = "UNSIGNED-PAYLOAD";

}  // namespace

S3Client::S3Client(S3Settings settings, HttpClient& http, CredentialProvider& credentials, Clock& clock)
    : settings_(std::move(settings)),
      http_(http),
      credentials_(credentials),
      clock_(clock),
      sends_checksums_(settings_.checksums.uploads),
      checksum_for_digest_(settings_.checksum_for_digest),
      region_(settings_.region) {}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

StoreError S3Client::refused(const HttpResponse& response, const S3Call& call) const {
  return to_store_error(parse_s3_error(response), call.operation, settings_.bucket, call.key);
}

S3Client::Digests S3Client::digests_of(const S3Call& call, bool with_checksum) const {
  Digests digests;
  digests.payload_unsigned_for_checksum = checksum_for_digest_ && with_checksum && !call.body_sha256;
  const bool unsigned_payload = settings_.unsigned_payload || digests.payload_unsigned_for_checksum;
  const bool hash = !unsigned_payload && !call.body_sha256;
  std::optional<Sha256> sha256;
  std::optional<PayloadChecksum> checksum;
  if (hash) sha256.emplace();
  if (with_checksum) checksum.emplace(settings_.checksums.algorithm);
  const auto update = [&](Bytes data) {
    if (sha256) sha256->update(data);
    if (checksum) checksum->update(data);
  };
  std::vector<std::byte> whole;  // only for the small documents that need an MD5
  if (call.body != nullptr && (hash || with_checksum || call.needs_content_md5)) {
    each_piece(*call.body, [&](Bytes piece) {
      update(piece);
      if (call.needs_content_md5) whole.insert(whole.end(), piece.begin(), piece.end());
    });
  }
  if (call.needs_content_md5) digests.content_md5 = base64_encode(md5(whole));
  digests.payload_hash = unsigned_payload   ? kUnsignedPayload
                         : call.body_sha256 ? hex_encode(*call.body_sha256)
                                            : hex_encode(sha256->finish());
  if (checksum) digests.checksum = checksum->base64();
  return digests;
}

HttpRequest S3Client::build(const S3Call& call, const Digests& digests, bool with_checksum,
                            const std::string& region) const {
  HttpRequest request;
  request.method = call.method;
  request.url = settings_.bucket_url(region);
  if (!call.key.empty()) {
    request.url += "/" + percent_encode_path(call.key);
  } else if (!settings_.path_style) {
    request.url += "/";
  }
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    request.url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  request.headers = call.headers;
  if (!digests.content_md5.empty()) request.headers.emplace_back("Content-MD5", digests.content_md5);
  if (with_checksum) {
    if (call.offers_checksum) {
      request.headers.emplace_back(header_name(settings_.checksums.algorithm), digests.checksum);
    }
    request.headers.insert(request.headers.end(), call.checksum_headers.begin(), call.checksum_headers.end());
  }
  request.body = call.body;
  request.on_headers = call.on_headers;
  request.stop = call.stop;
  request.grace = call.grace;
  return request;
}

}  // namespace tapster
