#include "crypto/digest.h"

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

// A digest that is being computed.
class Context {
 public:
  explicit Context(const EVP_MD* algorithm) {
    if (crypto().EVP_DigestInit_ex(context_, algorithm, nullptr) != 1) {
      crypto().EVP_MD_CTX_free(context_);
      failed();
    }
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { crypto().EVP_MD_CTX_free(context_); }

  void update(Bytes data) {
    if (crypto().EVP_DigestUpdate(context_, data.data(), data.size()) != 1) failed();
  }
  template <std::size_t Size>
  std::array<std::byte, Size> finish() {
    std::array<std::byte, Size> digest{};
    if (crypto().EVP_DigestFinal_ex(context_, raw(digest.data()), nullptr) != 1) failed();
    return digest;
  }

 private:
  EVP_MD_CTX* context_ = crypto().EVP_MD_CTX_new();
};

}  // namespace

struct Sha256::State : Context {
  State() : Context(crypto().EVP_sha256()) {}
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(Bytes data) { state_->update(data); }

Sha256Digest Sha256::finish() { return state_->finish<std::tuple_size_v<Sha256Digest>>(); }

struct Md5::State : Context {
  State() : Context(crypto().EVP_md5()) {}
};

Md5::Md5() : state_(std::make_unique<State>()) {}
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;
Md5::~Md5() = default;

void Md5::update(Bytes data) { state_->update(data); }

Md5Digest Md5::finish() { return state_->finish<std::tuple_size_v<Md5Digest>>(); }

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
