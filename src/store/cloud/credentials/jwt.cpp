#include "store/cloud/credentials/jwt.h"

#include "crypto/digest.h"
#include "crypto/rsa_signature.h"
#include "text/encoding.h"

#include <string>

namespace tapster {

Secret make_jwt(std::string_view header_json, std::string_view claims_json, const Secret& pem_private_key,
                JwtAlgorithm algorithm, const Secret& passphrase) {
  std::string token = base64url_encode(as_bytes(header_json)) + '.' + base64url_encode(as_bytes(claims_json));
  const auto sign = algorithm == JwtAlgorithm::ps256 ? sign_ps256 : sign_rs256;
  token += '.' + base64url_encode(as_bytes(sign(pem_private_key, token, passphrase)));
  return Secret(std::move(token));
}

}  // namespace tapster
