// What an answer of Google Cloud Storage that is not a success means ("HTTP status and error codes" of the JSON API and
// of the XML API). One endpoint speaks three ways: JSON, XML, and a line of text where media are downloaded; what never
// reached the service is answered with a page.
#pragma once

#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <string>
#include <string_view>

namespace tapster {

struct GcsError {
  enum class Form { json, xml, other };
  Form form = Form::other;
  std::string code;  // JSON's reason ("notFound"), XML's code ("NoSuchKey"); the HTTP status as text when there is none
  std::string message;
  std::string request_id;  // x-guploader-uploadid
  int status = 0;
};

GcsError parse_gcs_error(const HttpResponse& response);

// True for an <Error> document: the end of an upload in parts may be answered with 200 before the work is done.
bool is_gcs_error_body(std::string_view body);

// The answer says so in words that only the service has: its other 404s do not tell what is missing.
bool says_no_such_object(const GcsError& failure);
bool says_no_such_bucket(const GcsError& failure);

// Will the same request probably succeed later? (408, 429, 5xx, and codes that say so though the status does not)
bool is_transient(const GcsError& failure);

// What arrived is not what its checksum says: worth another try.
bool says_damaged(const GcsError& failure);

// One line: what failed and why, HTTP status, request id, bucket and key, then the likely cure. Kind network when the
// failure is transient, general otherwise.
StoreError to_store_error(const GcsError& failure, const std::string& operation, const std::string& bucket,
                          const std::string& key);

}  // namespace tapster
