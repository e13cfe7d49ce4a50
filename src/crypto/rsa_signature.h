// Signatures with a private RSA key, as token services ask for them (RFC 7518, sections 3.3 and 3.5).
#pragma once

#include <tapster/secret.h>

#include <string>
#include <string_view>

namespace tapster {

// The signature's bytes. The key is PEM (PKCS #8 or PKCS #1), wherever it stands among other blocks; `passphrase` is
// that of an encrypted one: nobody is ever asked for it. Both throw Error (general), in which nothing of the key or the
// passphrase stands, for a key that is missing, damaged, encrypted with another passphrase, or no RSA key.
std::string sign_rs256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase = {});

// RSASSA-PSS with SHA-256 and a salt of 32 bytes: another signature each time.
std::string sign_ps256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase = {});

}  // namespace tapster
