// Signatures by a private RSA key, as token services require them (RFC 7518, sections 3.3 and 3.5).
#pragma once

#include <tapster/secret.h>

#include <string>
#include <string_view>

namespace tapster {

// Returns the bytes of the signature. The key is in PEM form (PKCS #8 or PKCS #1); there may be other blocks around it.
// `passphrase` decrypts an encrypted key; the user is never asked for one. Both functions throw Error (general) when
// the key is missing, damaged, encrypted with another passphrase, or no RSA key. The error shows nothing of the key or
// the passphrase.
std::string sign_rs256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase = {});

// RSASSA-PSS with SHA-256 and a random salt of 32 bytes: the signature differs each time.
std::string sign_ps256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase = {});

}  // namespace tapster
