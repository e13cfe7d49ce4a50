// Whether SHA-256 is fast on this processor.
#pragma once

namespace tapster {

class Environment;

// Whether OpenSSL can use instructions for SHA-256, which x86 and ARM processors may have. Without them it takes about
// four times as long. Reads OPENSSL_ia32cap, which hides instructions from OpenSSL (see its manual page of that name),
// and loads no library. True on processors where this cannot be known. Thread-safe.
bool has_sha_instructions(const Environment& environment);

}  // namespace tapster
