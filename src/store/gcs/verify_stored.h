// The last look at an object that was put together by the service.
#pragma once

#include "store/gcs/gcs_client.h"

#include <tapster/object_store.h>

#include <cstdint>
#include <string>

namespace tapster {

// Compares what is stored, as far as the service tells its CRC-32C, with what was sent. When they differ, that
// generation is removed, so that nobody takes it for what it should be, and it is an Error (general).
void verify_stored(GcsClient& client, const std::string& key, const ObjectStat& stored, std::uint32_t crc32c);

}  // namespace tapster
