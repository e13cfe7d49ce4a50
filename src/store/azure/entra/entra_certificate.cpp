// An application that proves itself by a certificate's key: AZURE_CLIENT_CERTIFICATE_PATH ("Microsoft identity platform
// application authentication certificate credentials").
#include "crypto/digest.h"
#include "crypto/pem.h"
#include "crypto/pkcs12.h"
#include "file/text_file.h"
#include "store/azure/entra/entra.h"
#include "store/cloud/credentials/jwt.h"
#include "text/encoding.h"

#include <nlohmann/json.hpp>

#include <random>
#include <utility>

namespace tapster {
namespace {

constexpr std::chrono::minutes kLife{10};  // of an assertion

// Version 4, as RFC 4122 says: never the same again.
std::string random_uuid() {
  std::random_device random;
  std::array<std::uint32_t, 4> words{};
  for (auto& word : words) word = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16U, words[1] & 0xfffU,
                     (words[2] >> 16U & 0x3fffU) | 0x8000U, words[2] & 0xffffU, words[3]);
}

std::int64_t seconds_of(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

class ClientCertificateSource final : public TokenSource {
 public:
  explicit ClientCertificateSource(IdentityContext context) : context_(std::move(context)) {}

  std::optional<AccessToken> fetch() override {
    const IdentitySettings& settings = context_.settings;
    require_settings(settings, name(), {{"AZURE_CLIENT_CERTIFICATE_PATH", !settings.certificate_path.empty()}});
    return ask_entra(context_, assertion_fields(assertion()), name());
  }

  std::string name() const override {
    return fmt::format("Microsoft Entra ID (certificate of {})", context_.settings.client_id);
  }

 private:
  // The file is read each time: whoever renews the certificate replaces it.
  Secret assertion() const {
    const std::string url = entra_token_url(context_.settings);
    const std::string& path = context_.settings.certificate_path;
    auto text = read_text_file(path);
    if (!text) throw error(ErrorKind::general, "There is no file {} (AZURE_CLIENT_CERTIFICATE_PATH)", path);
    const Secret content(std::move(*text));
    try {
      return signed_assertion(url, content);
    } catch (const Error& problem) {
      throw error(problem.kind(), "Cannot use the certificate in {} (AZURE_CLIENT_CERTIFICATE_PATH): {}", path,
                  problem.what());
    }
  }

  Secret signed_assertion(const std::string& url, const Secret& content) const {
    const Secret& password = context_.settings.certificate_password;
    const bool is_pem = content.reveal().find("-----BEGIN ") != std::string_view::npos;
    const Secret pem = is_pem ? content : pkcs12_to_pem(content.reveal(), password);
    return make_jwt(header(pem.reveal()), claims(url), pem, JwtAlgorithm::ps256, is_pem ? password : Secret());
  }

  std::string header(std::string_view pem) const {
    const auto certificates = pem_certificates(pem);
    if (certificates.empty()) {
      throw Error(ErrorKind::general, "there is no certificate in PEM form (\"-----BEGIN CERTIFICATE-----\") in it");
    }
    nlohmann::json header = {
        {"alg", "PS256"}, {"typ", "JWT"}, {"x5t#S256", base64url_encode(sha256(certificates.front()))}};
    // With the chain the service can follow renewals ("subject name / issuer authentication").
    if (context_.settings.send_certificate_chain) {
      for (const auto& certificate : certificates) header["x5c"].push_back(base64_encode(certificate));
    }
    return header.dump();
  }

  std::string claims(const std::string& url) const {
    const TimePoint now = context_.clock.now();
    const std::string& client = context_.settings.client_id;
    return nlohmann::json{{"aud", url},
                          {"iss", client},
                          {"sub", client},
                          {"jti", random_uuid()},
                          {"iat", seconds_of(now)},
                          {"nbf", seconds_of(now)},
                          {"exp", seconds_of(now + kLife)}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  IdentityContext context_;
};

}  // namespace

std::unique_ptr<TokenSource> client_certificate_source(const IdentityContext& context) {
  return std::make_unique<ClientCertificateSource>(context);
}

}  // namespace tapster
