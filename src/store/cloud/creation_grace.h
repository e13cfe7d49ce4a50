#pragma once

#include <tapster/clock.h>

namespace tapster {

// How long a request that creates an upload may still go on after it was told to stop. Its answer is the only place
// where the upload is named: without it nobody can abort what the store has made meanwhile, and not every store lists
// its uploads (Google's resumable ones are in no list).
inline constexpr Duration kCreationGrace{3000};

}  // namespace tapster
