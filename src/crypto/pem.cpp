#include "crypto/pem.h"

#include "text/encoding.h"

#include <tapster/error.h>

#include <string>

namespace tapster {

std::vector<std::vector<std::byte>> pem_certificates(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::vector<std::vector<std::byte>> certificates;
  for (std::size_t begin = pem.find(kBegin); begin != std::string_view::npos; begin = pem.find(kBegin, begin)) {
    begin += kBegin.size();
    const std::size_t end = pem.find(kEnd, begin);
    std::string text(end == std::string_view::npos ? std::string_view() : pem.substr(begin, end - begin));
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    auto certificate = base64_decode(text);
    if (!certificate || certificate->empty()) {
      throw error(ErrorKind::general, "certificate {} is damaged", certificates.size() + 1);
    }
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

}  // namespace tapster
