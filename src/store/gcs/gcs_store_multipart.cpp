// Uploads in parts ("XML API multipart uploads"), several at once; where the endpoint has no such thing, resumable
// ones.
//
// The XML API knows no preconditions here, so create-only is a look before the completion.
#include "codec/crc.h"
#include "http/http_status.h"
#include "store/cloud/creation_grace.h"
#include "store/gcs/gcs_store.h"
#include "store/gcs/verify_stored.h"
#include "store/gcs/wire/body_checksum.h"
#include "store/gcs/wire/object_metadata.h"
#include "store/gcs/wire/object_stat.h"
#include "text/time_text.h"
#include "text/xml.h"

#include <tapster/log.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tapster {
namespace {

// Statuses by which an endpoint may say that it has no uploads in parts, beside what they mean where it has them.
std::vector<int> unclear() { return {400, status::kNotFound, 405, 501}; }

// The service's own refusals are XML documents.
bool is_without_parts(const GcsError& failure) {
  if (says_no_such_bucket(failure)) return false;
  return failure.form != GcsError::Form::xml || failure.status == 405 || failure.status == 501;
}

std::string completion_document(const std::vector<UploadedPart>& parts) {
  std::string document = "<CompleteMultipartUpload>";
  for (const UploadedPart& part : parts) {
    document +=
        fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number, xml_escape(part.etag));
  }
  return document + "</CompleteMultipartUpload>";
}

// Of the whole: nullopt when the parts' are not all known.
std::optional<std::uint32_t> crc32c_of_parts(const std::vector<UploadedPart>& parts) {
  std::uint32_t whole = 0;
  for (const UploadedPart& part : parts) {
    const auto crc = parse_crc32c(part.checksum);
    if (!crc) return std::nullopt;
    whole = crc32c_combine(whole, *crc, part.size);
  }
  return whole;
}

std::uint64_t total_size(const std::vector<UploadedPart>& parts) {
  std::uint64_t total = 0;
  for (const UploadedPart& part : parts) total += part.size;
  return total;
}

XmlDocument parse_answer(const HttpResponse& response, const GcsCall& call, std::string_view kind) {
  auto document = XmlDocument::parse(response.body);
  if (!document || document->root().name() != kind) {
    throw error(ErrorKind::network, "{}: the store's answer is not what was asked for: {:.100}", call.operation,
                response.body);
  }
  return std::move(*document);
}

Error no_way_on(const GcsCall& call) {
  return error(ErrorKind::network, "{}: a page of the listing does not say how to go on", call.operation);
}

}  // namespace

UploadId GcsStore::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  if (lacks_parts_) return resumable_.begin(key, part_size, options);
  GcsCall call{.operation = "the beginning of an upload in parts", .method = "POST", .path = client_.xml_path(key)};
  call.key = key;
  call.query = {{"uploads", ""}};
  call.headers = {{"Content-Type", "application/octet-stream"}};
  for (const auto& [name, value] : gcs_metadata(options)) {
    if (fits_header(name, value)) call.headers.emplace_back("x-goog-meta-" + name, value);
  }
  const std::string& kms_key = client_.settings().kms_key_name;
  if (!kms_key.empty()) call.headers.emplace_back("x-goog-encryption-kms-key-name", kms_key);
  call.accepted = unclear();
  call.stop = options.stop;
  call.grace = kCreationGrace;
  const HttpResponse response = client_.call(call);
  if (response.status >= 400) {
    const GcsError failure = client_.failure_in(response, call);
    if (!is_without_parts(failure)) throw client_.refused(response, call);
    UploadId upload = resumable_.begin(key, part_size, options);
    if (!lacks_parts_.exchange(true)) {
      log::info("The endpoint has no uploads in parts (HTTP {}): going on with resumable uploads, one stream for each",
                response.status);
    }
    return upload;
  }
  std::string id = parse_answer(response, call, "InitiateMultipartUploadResult").root().child("UploadId").text();
  if (id.empty()) throw error(ErrorKind::network, "{}: the store's answer has no upload id", call.operation);
  return {key, std::move(id), part_size};
}

UploadedPart GcsStore::upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  if (ResumableUploads::has_made(upload)) return resumable_.send(upload, number, body, stop);
  GcsCall call{.operation = "a part of an upload", .method = "PUT", .path = client_.xml_path(upload.key)};
  call.key = upload.key;
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.id}};
  const std::string checksum = crc32c_text(crc32c_of(body));
  call.headers = {{"x-goog-hash", "crc32c=" + checksum}};
  call.body = &body;
  call.stop = stop;
  const HttpResponse response = client_.call(call);
  const std::string* etag = find_header(response.headers, "etag");
  if (etag == nullptr || etag->empty()) {
    throw error(ErrorKind::network, "{}: the store's answer has no ETag", call.operation);
  }
  return {number, *etag, checksum, body.size()};
}

PutResult GcsStore::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                    const PutOptions& options) {
  if (ResumableUploads::has_made(upload)) return resumable_.complete(upload, parts, options);
  if (options.if_absent() && stat(upload.key)) return PutResult::already_exists;
  const PutResult result = complete_in_parts(upload, parts, options);
  add_metadata_afterwards(upload.key, options);
  return result;
}

// No checksum is sent here: that of the request would be that of its list of parts.
PutResult GcsStore::complete_in_parts(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                      const PutOptions& options) {
  const std::string document = completion_document(parts);
  MemoryBody body(document);
  GcsCall call{.operation = "the end of an upload in parts", .method = "POST", .path = client_.xml_path(upload.key)};
  call.key = upload.key;
  call.query = {{"uploadId", upload.id}};
  call.headers = {{"Content-Type", "application/xml"}};
  call.body = &body;
  call.accepted = {status::kNotFound};
  call.stop = options.stop;
  const HttpResponse response = client_.call(call);
  const auto result = XmlDocument::parse(response.body);
  const bool complete =
      response.status != status::kNotFound && result && result->root().name() == "CompleteMultipartUploadResult";
  // A repeat, after an answer that was lost, does not find the upload any more: it is the object then.
  if (response.status == status::kNotFound && client_.failure_in(response, call).code != "NoSuchUpload") {
    throw client_.refused(response, call);
  }
  const auto sent = crc32c_of_parts(parts);
  if (complete && (!sent || crc32c_in(response.headers) == sent)) return PutResult::created;
  std::optional<ObjectStat> stored;
  try {
    stored = stat(upload.key);
  } catch (const StoreError& refusal) {
    // Whoever may only write must believe it: the parts were verified one by one.
    if (!complete || refusal.details().http_status != status::kForbidden) throw;
    log::info("Cannot verify {}: {}", describe(upload.key), refusal.what());
    return PutResult::created;
  }
  const bool right_size = stored && stored->size == total_size(parts);
  if (!complete && !(right_size && (!sent || !stored->crc32c || stored->crc32c == sent))) {
    if (response.status == status::kNotFound) throw client_.refused(response, call);
    throw error(ErrorKind::network, "{}: the store's answer does not say that {} is complete, and it is not there",
                call.operation, describe(upload.key));
  }
  if (right_size && sent) verify_stored(client_, upload.key, *stored, *sent);
  return PutResult::created;
}

// Metadata that no header can carry (a name with capitals, a value that is not ASCII) is added when the object is
// there. It does not make another generation of it.
void GcsStore::add_metadata_afterwards(const std::string& key, const PutOptions& options) {
  Metadata left = gcs_metadata(options);
  std::erase_if(left, [](const auto& entry) { return fits_header(entry.first, entry.second); });
  if (left.empty()) return;
  const std::string document = insert_document(left);
  MemoryBody body(document);
  GcsCall call{.operation = "objects.patch", .method = "PATCH", .path = client_.object_path(key), .key = key};
  call.query = {{"fields", "generation"}};
  call.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
  call.body = &body;
  try {
    client_.call(call);
  } catch (const Error& failure) {
    log::warning("{} is stored, but without some of its tags: {}", describe(key), failure.what());
  }
}

void GcsStore::list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) {
  std::string key_marker;
  std::string id_marker;
  for (bool more = !lacks_parts_; more;) {
    GcsCall call{.operation = "the list of uploads", .method = "GET", .path = client_.xml_path()};
    call.query = {{"uploads", ""}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!key_marker.empty()) call.query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) call.query.emplace_back("upload-id-marker", id_marker);
    call.accepted = unclear();
    const HttpResponse response = client_.call(call);
    if (response.status >= 400) {
      if (is_without_parts(client_.failure_in(response, call))) return;  // resumable ones cannot be listed
      throw client_.refused(response, call);
    }
    const XmlDocument document = parse_answer(response, call, "ListMultipartUploadsResult");
    const XmlElement listing = document.root();
    for (const XmlElement& upload : listing.children("Upload")) {
      const auto initiated = parse_rfc3339(upload.child("Initiated").text());
      if (!each({{upload.child("Key").text(), upload.child("UploadId").text(), 0}, initiated})) return;
    }
    more = listing.child("IsTruncated").text() == "true";
    std::string next_key = listing.child("NextKeyMarker").text();
    std::string next_id = listing.child("NextUploadIdMarker").text();
    if (more && next_key == key_marker && next_id == id_marker) throw no_way_on(call);
    key_marker = std::move(next_key);
    id_marker = std::move(next_id);
  }
}

std::optional<TimePoint> GcsStore::newest_part(const UploadId& upload) {
  if (ResumableUploads::has_made(upload)) return std::nullopt;
  std::optional<TimePoint> newest;
  std::string marker;
  for (bool more = true; more;) {
    GcsCall call{.operation = "the list of an upload's parts", .method = "GET", .path = client_.xml_path(upload.key)};
    call.key = upload.key;
    call.query = {{"uploadId", upload.id}};
    if (!marker.empty()) call.query.emplace_back("part-number-marker", marker);
    call.accepted = {status::kNotFound};
    const HttpResponse response = client_.call(call);
    if (response.status == status::kNotFound) {
      if (client_.failure_in(response, call).code == "NoSuchUpload") return std::nullopt;
      throw client_.refused(response, call);
    }
    const XmlDocument document = parse_answer(response, call, "ListPartsResult");
    const XmlElement listing = document.root();
    for (const XmlElement& part : listing.children("Part")) {
      newest = std::max(newest, parse_rfc3339(part.child("LastModified").text()));
    }
    more = listing.child("IsTruncated").text() == "true";
    std::string next = listing.child("NextPartNumberMarker").text();
    if (more && next == marker) throw no_way_on(call);
    marker = std::move(next);
  }
  return newest;
}

void GcsStore::abort_upload(const UploadId& upload) noexcept {
  const bool resumable = ResumableUploads::has_made(upload);
  try {
    if (resumable) return resumable_.abort(upload);
    GcsCall call{.operation = "the abortion of an upload", .method = "DELETE", .path = client_.xml_path(upload.key)};
    call.key = upload.key;
    call.query = {{"uploadId", upload.id}};
    call.accepted = {status::kNotFound};
    client_.call(call);
  } catch (const std::exception& failure) {
    log::warning("The unfinished upload {} of {} could not be aborted and may cost storage: {}", upload.id,
                 describe(upload.key), failure.what());
  }
}

}  // namespace tapster
