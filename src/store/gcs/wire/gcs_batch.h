// Several calls in one request ("Sending batch requests", JSON API): multipart/mixed of application/http.
#pragma once

#include <tapster/http_client.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tapster {

// The body of a request that deletes each of these paths ("/storage/v1/b/BUCKET/o/KEY"), in parts that are numbered
// from 0.
std::string gcs_delete_batch(std::span<const std::string> paths, const std::string& boundary);

// The answers in the order of the calls; nullopt for those that were not answered.
std::vector<std::optional<HttpResponse>> read_gcs_batch(const HttpResponse& response, std::size_t calls);

}  // namespace tapster
