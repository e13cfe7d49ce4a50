// Cryptographic digests, by OpenSSL. All functions throw Error (general) when OpenSSL cannot compute the digest, as
// with MD5 on a FIPS host.
#pragma once

#include <tapster/byte_sink.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace tapster {

using Sha256Digest = std::array<std::byte, 32>;
using Md5Digest = std::array<std::byte, 16>;
using Sha1Digest = std::array<std::byte, 20>;

// Incremental SHA-256. Not thread-safe; update after finish is a bug.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(Bytes data);
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same for MD5, which Content-MD5 needs; never for security.
class Md5 {
 public:
  Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;
  ~Md5();
  void update(Bytes data);
  Md5Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(Bytes data);
Sha256Digest hmac_sha256(Bytes key, Bytes data);
Md5Digest md5(Bytes data);
Sha1Digest sha1(Bytes data);  // the AWS CLI's names of cache files need it; never for security

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// Computes the digest of what it passes on to `next` (borrowed).
class Sha256Sink final : public ByteSink {
 public:
  explicit Sha256Sink(ByteSink& next) : next_(next) {}
  void write(Bytes data) override;
  void finish() override { next_.finish(); }
  Sha256Digest digest() { return hash_.finish(); }  // of all that was written; to be called once, at the end

 private:
  ByteSink& next_;
  Sha256 hash_;
};

}  // namespace tapster
