// What an S3 answer that is not a success means ("Error responses", Amazon S3 API Reference).
#pragma once

#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <string>
#include <string_view>

namespace tapster {

struct S3Error {
  std::string code;  // "NoSuchKey"; the HTTP status as text when the body names none
  std::string message;
  std::string region;  // where the bucket lives, when the answer says so
  std::string request_id;
  int status = 0;
};

// Reads the error out of an answer's body and headers; HEAD's answers have only headers.
S3Error parse_s3_error(const HttpResponse& response);

// True for an <Error> document: some answers carry one though their status, sent before the store knew, is 200.
bool is_s3_error_body(std::string_view body);

// Whether the same request may succeed later: 5xx but 501, throttling, time-outs on the server's side.
bool is_transient(const S3Error& failure);

// Its message is one line: the SDK's wording, then status, request id, bucket and key, then the likely cure.
// Kind network when the failure is transient, general otherwise.
StoreError to_store_error(const S3Error& failure, const std::string& operation, const std::string& bucket,
                          const std::string& key);

}  // namespace tapster
