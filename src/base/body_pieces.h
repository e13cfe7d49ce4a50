// Reading a body to know it (digests, checksums), not to send it.
#pragma once

#include <tapster/body.h>

#include <functional>

namespace tapster {

// Hands on every byte in order, in pieces of any size: without the price that sending the body may have, and without a
// copy where it lies in memory. Throws what reading it throws. Whoever reads the body afterwards rewinds it.
void each_piece(Body& body, const std::function<void(Bytes)>& take);

}  // namespace tapster
