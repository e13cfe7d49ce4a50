// PKCS #12 files (RFC 7292: .pfx, .p12): a private key with its certificates, as Windows and Azure hand them out.
#pragma once

#include <tapster/secret.h>

#include <string_view>

namespace tapster {

// The same as PEM, unencrypted: the key, its certificate, then the others. Throws Error (general), in which nothing of
// the content or the password stands, when the file is no PKCS #12, the password is another one, the encryption is too
// old for OpenSSL 3, or the key or its certificate is missing.
Secret pkcs12_to_pem(std::string_view content, const Secret& password);

}  // namespace tapster
