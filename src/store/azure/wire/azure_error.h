// What an answer of the Blob service that is not a success means ("Status and error codes", Azure Storage REST API
// reference).
#pragma once

#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <string>
#include <string_view>

namespace tapster {

struct AzureError {
  std::string code;     // "BlobNotFound"; the HTTP status as text when the answer names none
  std::string message;  // one line
  std::string request_id;
  int status = 0;
};

// Reads the error out of an answer's headers (HEAD has nothing else) and body.
AzureError parse_azure_error(const HttpResponse& response);

// Will the same request probably succeed later? (throttling, time-outs and failures on the server's side)
bool is_transient(const AzureError& failure);

// One line: code, operation, message, status, request id, container and key, then the likely cure. Kind network when
// the failure is transient, general otherwise.
StoreError to_store_error(const AzureError& failure, const std::string& operation, const std::string& container,
                          const std::string& key);

}  // namespace tapster
