// Shared Key: an HMAC-SHA256 over a canonical form of the request ("Authorize with Shared Key", Azure Storage
// REST API reference; the Blob service's form, of versions since 2015-02-21).
#pragma once

#include <tapster/http_client.h>
#include <tapster/secret.h>

#include <string>
#include <string_view>

namespace tapster {

// What is signed. The request must have its x-ms-date and x-ms-version; its Content-Length is that of its body. An
// account that is a part of the path (an emulator's) appears twice in it.
std::string string_to_sign(const HttpRequest& request, std::string_view account);

// Adds the Authorization header. `key` is base64. Throws Error (general) when it is not.
void sign_shared_key(HttpRequest& request, const std::string& account, const Secret& key);

}  // namespace tapster
