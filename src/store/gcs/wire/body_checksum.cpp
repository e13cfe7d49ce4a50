#include "store/gcs/wire/body_checksum.h"

#include "base/body_pieces.h"
#include "codec/crc.h"

namespace tapster {

std::uint32_t crc32c_of(Body& body, const std::function<void(Bytes)>& each) {
  std::uint32_t crc = 0;
  each_piece(body, [&](Bytes piece) {
    crc = crc32c(crc, piece);
    if (each) each(piece);
  });
  return crc;
}

}  // namespace tapster
