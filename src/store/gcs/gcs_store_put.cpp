// An object in one request: objects.insert with uploadType=multipart, where metadata, checksum and media travel
// together ("Upload an object by a multipart upload", JSON API; RFC 2387).
#include "http/http_status.h"
#include "store/cloud/multipart_boundary.h"
#include "store/gcs/gcs_store.h"
#include "store/gcs/wire/body_checksum.h"
#include "store/gcs/wire/framed_body.h"
#include "store/gcs/wire/object_metadata.h"
#include "store/gcs/wire/object_stat.h"

namespace tapster {

PutResult GcsStore::put(const std::string& key, Body& body, const PutOptions& options) {
  const std::string boundary = random_boundary("tapster-");
  FramedBody framed(fmt::format("--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n"
                                "--{0}\r\nContent-Type: application/octet-stream\r\n\r\n",
                                boundary, insert_document(gcs_metadata(options), crc32c_text(crc32c_of(body)))),
                    body, 0, body.size(), fmt::format("\r\n--{}--\r\n", boundary));
  GcsCall call{.operation = "objects.insert", .method = "POST", .path = client_.upload_path(), .key = key};
  call.query = {{"uploadType", "multipart"}, {"name", key}, {"fields", "generation"}};
  if (!client_.settings().kms_key_name.empty()) call.query.emplace_back("kmsKeyName", client_.settings().kms_key_name);
  call.headers = {{"Content-Type", "multipart/related; boundary=" + boundary}};
  call.body = &framed;
  call.stop = options.stop;
  if (options.if_absent()) {
    call.query.emplace_back("ifGenerationMatch", "0");
    call.accepted = {status::kPreconditionFailed};
  }
  return client_.call(call).status == status::kPreconditionFailed ? PutResult::already_exists : PutResult::created;
}

}  // namespace tapster
