// AWS's partitions: which domain a region's endpoints live in ("AWS service endpoints", AWS
// General Reference).
#pragma once

#include <string_view>

namespace tapster {

struct AwsPartition {
  std::string_view dns_suffix;         // sts.REGION.SUFFIX
  std::string_view dual_stack_suffix;  // s3.dualstack.REGION is older and uses dns_suffix
};

// A region with no known prefix counts as one of the commercial partition.
const AwsPartition& partition_of(std::string_view region) noexcept;

}  // namespace tapster
