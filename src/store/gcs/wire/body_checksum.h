// The CRC-32C of what is to be sent.
#pragma once

#include <tapster/body.h>

#include <cstdint>
#include <functional>

namespace tapster {

// Reads the whole body, without the price that sending it may have. `each`, if there is one, sees every piece in order.
std::uint32_t crc32c_of(Body& body, const std::function<void(Bytes)>& each = {});

}  // namespace tapster
