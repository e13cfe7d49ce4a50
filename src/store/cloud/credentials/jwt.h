// JSON Web Tokens (RFC 7519) that prove who asks: what token services take in place of a password.
#pragma once

#include <tapster/secret.h>

#include <string_view>

namespace tapster {

enum class JwtAlgorithm { rs256, ps256 };  // for "alg": "RS256", "PS256"

// HEADER.CLAIMS.SIGNATURE in base64url, of two JSON documents that are taken byte for byte; the header names the
// algorithm. Throws what crypto/rsa_signature.h says. A Secret, because until it expires it opens the same doors as the
// key.
Secret make_jwt(std::string_view header_json, std::string_view claims_json, const Secret& pem_private_key,
                JwtAlgorithm algorithm = JwtAlgorithm::rs256, const Secret& passphrase = {});

}  // namespace tapster
