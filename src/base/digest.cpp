#include "base/digest.h"

#include <tapster/error.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tapster {
namespace {

[[noreturn]] void failed() {
  throw Error(ErrorKind::general, "OpenSSL cannot compute a digest (is this a restricted FIPS set-up?)");
}

template <std::size_t Size>
std::array<std::byte, Size> one_shot(const EVP_MD* algorithm, Bytes data) {
  std::array<std::byte, Size> digest{};
  if (algorithm == nullptr || EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()),
                                         nullptr, algorithm, nullptr) != 1) {
    failed();
  }
  return digest;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) failed();
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(Bytes data) {
  if (EVP_DigestUpdate(state_->context, data.data(), data.size()) != 1) failed();
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1) failed();
  return digest;
}

Sha256Digest sha256(Bytes data) { return one_shot<32>(EVP_sha256(), data); }

Md5Digest md5(Bytes data) { return one_shot<16>(EVP_md5(), data); }

Sha256Digest hmac_sha256(Bytes key, Bytes data) {
  Sha256Digest digest{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
           data.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == nullptr) {
    failed();
  }
  return digest;
}

void Sha256Sink::write(Bytes data) {
  hash_.update(data);
  next_.write(data);
}

}  // namespace tapster
