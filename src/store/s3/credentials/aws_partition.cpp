#include "store/s3/credentials/aws_partition.h"

#include <array>
#include <utility>

namespace tapster {

const AwsPartition& partition_of(std::string_view region) noexcept {
  static constexpr AwsPartition kCommercial = {"amazonaws.com", "api.aws"};  // and us-gov-
  static constexpr std::array<std::pair<std::string_view, AwsPartition>, 6> kOthers = {{
      {"cn-", {"amazonaws.com.cn", "api.amazonwebservices.com.cn"}},
      {"eusc-", {"amazonaws.eu", "api.amazonwebservices.eu"}},
      {"us-iso-", {"c2s.ic.gov", "api.aws.ic.gov"}},
      {"us-isob-", {"sc2s.sgov.gov", "api.aws.scloud"}},
      {"eu-isoe-", {"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"}},
      {"us-isof-", {"csp.hci.ic.gov", "api.aws.hci.ic.gov"}},
  }};
  for (const auto& [prefix, partition] : kOthers) {
    if (region.starts_with(prefix)) return partition;
  }
  return kCommercial;
}

}  // namespace tapster
