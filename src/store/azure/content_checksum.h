// The checksum that goes along with a body.
#pragma once

#include "store/azure/azure_settings.h"

#include <tapster/body.h>

#include <optional>
#include <string>
#include <utility>

namespace tapster {

class ContentChecksum {
 public:
  // The body is borrowed; nullptr: there is none.
  explicit ContentChecksum(Body* body) : body_(body) {}

  // The header that announces it: x-ms-content-crc64 (base64 of 8 bytes, the least first) or Content-MD5. The body is
  // read for it once for each algorithm.
  std::pair<std::string, std::string> header(BlobChecksum algorithm);

 private:
  Body* body_;
  std::optional<std::string> crc64_;
  std::optional<std::string> md5_;
};

}  // namespace tapster
