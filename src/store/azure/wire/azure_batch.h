// Blob Batch: several Delete Blob requests in one document ("Blob Batch", Azure Storage REST API reference; a
// multipart/mixed of application/http parts, RFC 2046).
#pragma once

#include <tapster/http_client.h>

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace tapster {

// The document. Each request has its URL, its headers and no body; its place is its Content-ID.
std::string batch_document(std::span<const HttpRequest> requests, const std::string& boundary);

struct BatchOutcome {
  int status = 0;
  std::string error_code;  // empty on success
};

// Outcomes by Content-ID. What cannot be read is not in it.
std::map<std::size_t, BatchOutcome> read_batch_answer(const HttpResponse& response);

}  // namespace tapster
