// Reading a body without sending it, as for a digest or a checksum.
#pragma once

#include <tapster/body.h>

#include <functional>

namespace tapster {

// Calls `take` with every byte in order, in pieces of any size. A paced body does not delay it (Body::unsent), and a
// body in memory is not copied. Throws what reading it throws. Whoever reads the body afterwards rewinds it.
void each_piece(Body& body, const std::function<void(Bytes)>& take);

}  // namespace tapster
