// Certificates in PEM form (RFC 7468).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace tapster {

// The DER form of every "-----BEGIN CERTIFICATE-----" block, in their order. Other text is ignored. Throws Error
// (general) for a block that has no end or is not base64.
std::vector<std::vector<std::byte>> pem_certificates(std::string_view pem);

}  // namespace tapster
