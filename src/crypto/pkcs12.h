// PKCS #12 files (RFC 7292: .pfx, .p12) of a private key and its certificates, as Windows and Azure export them.
#pragma once

#include <tapster/secret.h>

#include <string_view>

namespace tapster {

// Converts to PEM, unencrypted: the key, its certificate, then the other certificates. Throws Error (general) when
// `content` is no PKCS #12 file, the password is wrong, the encryption is too old for OpenSSL 3, or the key or its
// certificate is missing. The error shows nothing of the content or the password.
Secret pkcs12_to_pem(std::string_view content, const Secret& password);

}  // namespace tapster
