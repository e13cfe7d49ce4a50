// Multipart uploads ("Uploading and copying objects using multipart upload", Amazon S3 User Guide).
#include "base/xml.h"
#include "store/s3/s3_store.h"

#include <tapster/log.h>

namespace tapster {
namespace {

constexpr int kNotFound = 404;
constexpr int kPreconditionFailed = 412;
constexpr int kNotImplemented = 501;

std::string completion_document(const std::vector<UploadedPart>& parts, const ChecksumPolicy& policy, bool checksums) {
  std::string document = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const UploadedPart& part : parts) {
    document += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", part.number, xml_escape(part.etag));
    if (checksums && !part.checksum.empty()) {
      document += fmt::format("<Checksum{0}>{1}</Checksum{0}>", wire_name(policy.algorithm), part.checksum);
    }
    document += "</Part>";
  }
  return document + "</CompleteMultipartUpload>";
}

std::uint64_t total_size(const std::vector<UploadedPart>& parts) {
  std::uint64_t total = 0;
  for (const UploadedPart& part : parts) total += part.size;
  return total;
}

}  // namespace

UploadId S3Store::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  const ChecksumPolicy& policy = client_.settings().checksums;
  S3Call call{.operation = "CreateMultipartUpload", .method = "POST", .key = key, .query = {{"uploads", ""}}};
  call.headers = creation_headers(client_.settings(), options);
  call.checksum_headers = {{"x-amz-checksum-algorithm", std::string(wire_name(policy.algorithm))}};
  if (policy.algorithm == ChecksumAlgorithm::crc64nvme) {
    call.checksum_headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");  // the only type it has
  }
  const S3Answer answer = client_.call(call);
  const auto document = XmlDocument::parse(answer.http.body);
  const std::string id = document ? document->root().child("UploadId").text() : "";
  if (id.empty()) throw error(ErrorKind::network, "{}: the store's answer has no upload id", call.operation);
  return {key, id, part_size};
}

UploadedPart S3Store::upload_part(const UploadId& upload, int number, Body& body) {
  S3Call call{.operation = "UploadPart", .method = "PUT", .key = upload.key};
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.id}};
  call.headers = client_.settings().customer_key;
  call.body = &body;
  call.offers_checksum = true;
  const S3Answer answer = client_.call(call);
  const auto* etag = find_header(answer.http.headers, "etag");
  if (etag == nullptr || etag->empty())
    throw error(ErrorKind::network, "{}: the store's answer has no ETag", call.operation);
  return {number, *etag, answer.checksum, body.size()};
}

// Tags given at the beginning are lost at some stores (Ceph): there they are set again when the object is there.
void S3Store::tag_afterwards(const std::string& key, const PutOptions& options) {
  if (!options.tags || options.tags->empty() || client_.settings().service->tags_survive_multipart) return;
  std::string document = "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>";
  for (const auto& [name, value] : *options.tags) {
    document += fmt::format("<Tag><Key>{}</Key><Value>{}</Value></Tag>", xml_escape(name), xml_escape(value));
  }
  document += "</TagSet></Tagging>";
  MemoryBody body(document);
  S3Call call{.operation = "PutObjectTagging", .method = "PUT", .key = key, .query = {{"tagging", ""}}};
  call.body = &body;
  call.needs_content_md5 = true;
  try {
    client_.call(call);
  } catch (const Error& failure) {
    log::warning("{} is stored, but maybe without its tags: {}", describe(key), failure.what());
  }
}

PutResult S3Store::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                   const PutOptions& options) {
  bool exists = false;
  const bool conditional = send_condition(upload.key, options, exists);
  if (exists) return PutResult::already_exists;
  const std::string document = completion_document(parts, client_.settings().checksums, client_.sends_checksums());
  MemoryBody body(document);
  S3Call call{.operation = "CompleteMultipartUpload", .method = "POST", .key = upload.key};
  call.query = {{"uploadId", upload.id}};
  call.headers = client_.settings().customer_key;
  call.body = &body;
  call.accepted = {kNotFound};
  if (conditional) {
    call.headers.emplace_back("If-None-Match", "*");
    call.accepted = {kNotFound, kPreconditionFailed, kNotImplemented};
  }
  const S3Answer answer = client_.call(call);
  if (answer.http.status == kPreconditionFailed) return PutResult::already_exists;
  if (answer.http.status == kNotImplemented) {
    conditions_refused_ = true;
    return complete_upload(upload, parts, options);
  }
  if (answer.http.status == kNotFound) {
    // A repeat, after an answer that was lost, does not find the upload any more: it is the object then.
    const auto stored = answer.error_code == "NoSuchUpload" ? stat(upload.key) : std::nullopt;
    if (!stored || stored->size != total_size(parts)) throw client_.refused(answer.http, call);
  }
  tag_afterwards(upload.key, options);
  return PutResult::created;
}

void S3Store::abort_upload(const UploadId& upload) noexcept {
  try {
    S3Call call{.operation = "AbortMultipartUpload", .method = "DELETE", .key = upload.key};
    call.query = {{"uploadId", upload.id}};
    call.accepted = {kNotFound};
    client_.call(call);
  } catch (const std::exception& failure) {
    log::warning("The unfinished upload {} of {} could not be aborted and may cost storage: {}", upload.id,
                 describe(upload.key), failure.what());
  }
}

}  // namespace tapster
