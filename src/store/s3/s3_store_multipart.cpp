// Multipart uploads ("Uploading and copying objects using multipart upload", Amazon S3 User Guide).
#include "http/http_status.h"
#include "store/cloud/creation_grace.h"
#include "store/s3/s3_store.h"
#include "text/encoding.h"
#include "text/time_text.h"
#include "text/xml.h"

#include <tapster/log.h>

#include <algorithm>

namespace tapster {
namespace {

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

// The store may send status 200 before it has completed the upload: only the body says that it has.
bool says_complete(const std::string& body) {
  const auto document = XmlDocument::parse(body);
  return document && document->root().name() == "CompleteMultipartUploadResult";
}

std::uint64_t total_size(const std::vector<UploadedPart>& parts) {
  std::uint64_t total = 0;
  for (const UploadedPart& part : parts) total += part.size;
  return total;
}

XmlDocument parse_listing(const S3Answer& answer, const std::string& operation, std::string_view kind) {
  auto document = XmlDocument::parse(answer.http.body);
  if (!document || document->root().name() != kind) {
    throw error(ErrorKind::network, "{}: the store's answer is not a listing: {:.100}", operation, answer.http.body);
  }
  return std::move(*document);
}

Error no_way_on(const std::string& operation) {
  return error(ErrorKind::network, "{}: a page of the listing does not say how to go on", operation);
}

}  // namespace

UploadId S3Store::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  const ChecksumPolicy& policy = client_.settings().checksums;
  S3Call call{.operation = "CreateMultipartUpload", .method = "POST", .key = key, .query = {{"uploads", ""}}};
  call.headers = creation_headers(options);
  call.stop = options.stop;
  call.grace = kCreationGrace;
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

UploadedPart S3Store::upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  S3Call call{.operation = "UploadPart", .method = "PUT", .key = upload.key};
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.id}};
  call.headers = client_.settings().customer_key;
  call.body = &body;
  call.offers_checksum = true;
  call.stop = stop;
  const S3Answer answer = client_.call(call);
  const auto* etag = find_header(answer.http.headers, "etag");
  if (etag == nullptr || etag->empty())
    throw error(ErrorKind::network, "{}: the store's answer has no ETag", call.operation);
  return {number, *etag, answer.checksum, body.size()};
}

// Tags given at the beginning are lost at some stores (Ceph): there they are set again when the object is there.
void S3Store::tag_afterwards(const std::string& key, const PutOptions& options) {
  const S3Service& service = *client_.settings().service;
  if (!options.tags || options.tags->empty() || !service.tags || service.tags_survive_multipart) return;
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

// Tells whether the upload was completed where the answer does not.
bool S3Store::stored_whole(const UploadId& upload, const std::vector<UploadedPart>& parts) {
  const auto stored = stat(upload.key);
  return stored && stored->size == total_size(parts);
}

PutResult S3Store::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                   const PutOptions& options) {
  bool exists = false;
  const bool conditional =
      send_condition(upload.key, options, client_.settings().service->conditional_complete, exists);
  if (exists) return PutResult::already_exists;
  const std::string document = completion_document(parts, client_.settings().checksums, client_.sends_checksums());
  MemoryBody body(document);
  S3Call call{.operation = "CompleteMultipartUpload", .method = "POST", .key = upload.key};
  call.query = {{"uploadId", upload.id}};
  call.headers = client_.settings().customer_key;
  call.body = &body;
  call.accepted = {status::kNotFound};
  call.stop = options.stop;
  if (conditional) {
    call.headers.emplace_back("If-None-Match", "*");
    call.accepted = {status::kNotFound, status::kPreconditionFailed, status::kNotImplemented};
  }
  const S3Answer answer = client_.call(call);
  if (answer.http.status == status::kPreconditionFailed) return PutResult::already_exists;
  if (answer.http.status == status::kNotImplemented) {
    conditions_refused_ = true;
    return complete_upload(upload, parts, options);
  }
  if (answer.http.status == status::kNotFound) {
    // When the answer to the first request was lost, the second one does not find the upload: it is an object by now.
    if (answer.error_code != "NoSuchUpload" || !stored_whole(upload, parts)) throw client_.refused(answer.http, call);
  } else if (!says_complete(answer.http.body) && !stored_whole(upload, parts)) {
    throw error(ErrorKind::network, "{}: the store's answer does not say that {} is complete, and it is not there",
                call.operation, describe(upload.key));
  }
  tag_afterwards(upload.key, options);
  return PutResult::created;
}

void S3Store::list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) {
  std::string key_marker;
  std::string id_marker;
  for (bool more = true; more;) {
    S3Call call{.operation = "ListMultipartUploads", .method = "GET"};
    call.query = {{"uploads", ""}, {"prefix", prefix}};  // no encoding-type: some (Ceph) encode and do not say so
    if (!key_marker.empty()) call.query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) call.query.emplace_back("upload-id-marker", id_marker);
    const XmlDocument document = parse_listing(client_.call(call), call.operation, "ListMultipartUploadsResult");
    const XmlElement listing = document.root();
    const bool encoded = listing.child("EncodingType").text() == "url";
    const auto decoded = [&](const XmlElement& element) {
      return encoded ? percent_decode(element.text(), true) : element.text();
    };
    for (const XmlElement& upload : listing.children("Upload")) {
      const std::string key = decoded(upload.child("Key"));
      if (!key.starts_with(prefix)) continue;
      const auto initiated = parse_rfc3339(upload.child("Initiated").text());
      if (!each({{key, upload.child("UploadId").text(), 0}, initiated})) return;
    }
    more = listing.child("IsTruncated").text() == "true";
    std::string next_key = decoded(listing.child("NextKeyMarker"));
    std::string next_id = listing.child("NextUploadIdMarker").text();
    if (more && next_key == key_marker && next_id == id_marker) throw no_way_on(call.operation);
    key_marker = std::move(next_key);
    id_marker = std::move(next_id);
  }
}

std::optional<TimePoint> S3Store::newest_part(const UploadId& upload) {
  std::optional<TimePoint> newest;
  std::string marker;
  for (bool more = true; more;) {
    S3Call call{.operation = "ListParts", .method = "GET", .key = upload.key};
    call.query = {{"uploadId", upload.id}};
    if (!marker.empty()) call.query.emplace_back("part-number-marker", marker);
    call.headers = client_.settings().customer_key;
    call.accepted = {status::kNotFound};
    const S3Answer answer = client_.call(call);
    if (answer.http.status == status::kNotFound) {
      if (answer.error_code == "NoSuchUpload" || answer.error_code == "NoSuchKey")
        return std::nullopt;  // the latter: Ceph
      throw client_.refused(answer.http, call);
    }
    const XmlDocument document = parse_listing(answer, call.operation, "ListPartsResult");
    const XmlElement listing = document.root();
    for (const XmlElement& part : listing.children("Part")) {
      newest = std::max(newest, parse_rfc3339(part.child("LastModified").text()));
    }
    more = listing.child("IsTruncated").text() == "true";
    std::string next = listing.child("NextPartNumberMarker").text();
    if (more && next == marker) throw no_way_on(call.operation);
    marker = std::move(next);
  }
  return newest;
}

void S3Store::abort_upload(const UploadId& upload) noexcept {
  try {
    S3Call call{.operation = "AbortMultipartUpload", .method = "DELETE", .key = upload.key};
    call.query = {{"uploadId", upload.id}};
    call.accepted = {status::kNotFound};
    client_.call(call);
  } catch (const std::exception& failure) {
    log::warning("The unfinished upload {} of {} could not be aborted and may cost storage: {}", upload.id,
                 describe(upload.key), failure.what());
  }
}

}  // namespace tapster
