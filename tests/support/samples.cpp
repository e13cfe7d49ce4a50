#include "support/samples.h"

#include "support/scratch.h"

namespace tapster::test {

std::string sample(const std::string& name) { return read_file(std::string(TAPSTER_SAMPLES) + "/" + name); }

}  // namespace tapster::test
