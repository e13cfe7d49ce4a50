// What SHA-256 costs on this processor, known without loading a library.
#pragma once

namespace tapster {

class Environment;

// Whether OpenSSL has instructions for SHA-256, as x86 and ARM may have: without them it takes some four times as long.
// Of the environment it reads OPENSSL_ia32cap, by which some hide instructions from OpenSSL (its manual page of that
// name). True where there is no telling. Thread-safe.
bool has_sha_instructions(const Environment& environment);

}  // namespace tapster
