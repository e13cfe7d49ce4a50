#include "base/digest.h"

#include "base/lazy_library.h"

#include <tapster/error.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tapster {
namespace {

static_assert(OPENSSL_VERSION_MAJOR == 3);

struct Crypto {
  LazyLibrary library{"libcrypto.so.3"};
  TAPSTER_LAZY(library, EVP_MD_CTX_new);
  TAPSTER_LAZY(library, EVP_MD_CTX_free);
  TAPSTER_LAZY(library, EVP_DigestInit_ex);
  TAPSTER_LAZY(library, EVP_DigestUpdate);
  TAPSTER_LAZY(library, EVP_DigestFinal_ex);
  TAPSTER_LAZY(library, EVP_Digest);
  TAPSTER_LAZY(library, HMAC);
  TAPSTER_LAZY(library, EVP_sha256);
  TAPSTER_LAZY(library, EVP_md5);
  TAPSTER_LAZY(library, EVP_sha1);
};

const Crypto& crypto() {
  static const Crypto instance;
  return instance;
}

[[noreturn]] void failed() {
  throw Error(ErrorKind::general, "OpenSSL cannot compute a digest (is this a restricted FIPS set-up?)");
}

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

template <std::size_t Size>
std::array<std::byte, Size> one_shot(const EVP_MD* algorithm, Bytes data) {
  std::array<std::byte, Size> digest{};
  if (crypto().EVP_Digest(data.data(), data.size(), raw(digest.data()), nullptr, algorithm, nullptr) != 1) failed();
  return digest;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = crypto().EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { crypto().EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (crypto().EVP_DigestInit_ex(state_->context, crypto().EVP_sha256(), nullptr) != 1) failed();
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(Bytes data) {
  if (crypto().EVP_DigestUpdate(state_->context, data.data(), data.size()) != 1) failed();
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  if (crypto().EVP_DigestFinal_ex(state_->context, raw(digest.data()), nullptr) != 1) failed();
  return digest;
}

Sha256Digest sha256(Bytes data) { return one_shot<32>(crypto().EVP_sha256(), data); }

Md5Digest md5(Bytes data) { return one_shot<16>(crypto().EVP_md5(), data); }

Sha1Digest sha1(Bytes data) { return one_shot<20>(crypto().EVP_sha1(), data); }

Sha256Digest hmac_sha256(Bytes key, Bytes data) {
  Sha256Digest digest{};
  if (crypto().HMAC(crypto().EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(data.data()), data.size(), raw(digest.data()),
                    nullptr) == nullptr) {
    failed();
  }
  return digest;
}

void Sha256Sink::write(Bytes data) {
  hash_.update(data);
  next_.write(data);
}

}  // namespace tapster
