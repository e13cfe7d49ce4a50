#include "store/gcs/verify_stored.h"

#include <tapster/log.h>

namespace tapster {

void verify_stored(GcsClient& client, const std::string& key, const ObjectStat& stored, std::uint32_t crc32c) {
  if (!stored.crc32c || *stored.crc32c == crc32c) return;
  GcsCall call{.operation = "objects.delete", .method = "DELETE", .path = client.object_path(key), .key = key};
  call.query = {{"generation", stored.etag}};
  call.accepted = {404};
  try {
    if (!stored.etag.empty()) client.call(call);
  } catch (const Error& failure) {
    log::error("{} is damaged and could not be removed: remove it yourself ({})", client.describe(key), failure.what());
  }
  throw error(ErrorKind::general,
              "{} was damaged on its way: the CRC-32C of what was sent is {:08x}, of what is stored {:08x}",
              client.describe(key), crc32c, *stored.crc32c);
}

}  // namespace tapster
