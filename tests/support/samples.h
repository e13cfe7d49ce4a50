// Files that the original wrote: tests/samples.
#pragma once

#include <string>

namespace tapster::test {

// The content of a sample, which must exist.
std::string sample(const std::string& name);

}  // namespace tapster::test
