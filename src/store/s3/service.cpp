#include "store/s3/service.h"

#include "base/encoding.h"
#include "store/s3/aws_partition.h"

#include <fmt/format.h>

#include <array>

namespace tapster {
namespace {

using enum ConditionalPut;

// The first row that fits decides: AWS's special hosts stand before its general ones.
constexpr std::array kServices = {
    S3Service{"AWS", "s3.amazonaws.com", "us-east-1", true, honoured, false, true},
    S3Service{"AWS", "*.s3.amazonaws.com", "us-east-1", true, honoured, false, true},
    S3Service{"AWS", "s3-fips.dualstack.*.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "s3.dualstack.*.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "s3-fips.*.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "s3.*.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "s3-*.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "bucket.*.s3.*.vpce.amazonaws.com", "", true, honoured, false, true},
    S3Service{"AWS", "s3.dualstack.*.amazonaws.com.cn", "", true, honoured, false, true},
    S3Service{"AWS", "s3.*.amazonaws.com.cn", "", true, honoured, false, true},
    S3Service{"Cloudflare R2", "*.r2.cloudflarestorage.com", "auto", false, honoured},
    S3Service{"Google Cloud Storage", "storage.googleapis.com", "auto", false, unknown},
    S3Service{"Backblaze B2", "s3.*.backblazeb2.com", "", false, unknown},
    S3Service{"Wasabi", "s3.*.wasabisys.com", "", false, unknown},
    S3Service{"DigitalOcean Spaces", "*.digitaloceanspaces.com", "", false, unknown},
    S3Service{"Linode Object Storage", "*.linodeobjects.com", "", false, unknown},
    S3Service{"Hetzner Object Storage", "*.your-objectstorage.com", "", false, unknown},
    S3Service{"OVHcloud", "s3.*.io.cloud.ovh.net", "", false, refused},
    S3Service{"OVHcloud", "s3.*.cloud.ovh.net", "", false, refused},
    S3Service{"Scaleway", "s3.*.scw.cloud", "", false, unknown},
    S3Service{"IBM Cloud Object Storage", "s3.*.cloud-object-storage.appdomain.cloud", "", false, unknown},
    S3Service{"Alibaba OSS", "oss-*.aliyuncs.com", "", false, unknown, false},
};

constexpr S3Service kOther{};

// The text that '*' stands for in `host`, or npos-marked failure as nullptr data.
bool matches(std::string_view pattern, std::string_view host, std::string_view& star) {
  const std::size_t at = pattern.rfind('*');
  if (at == std::string_view::npos) return pattern == host;
  const std::string_view tail = pattern.substr(at + 1);
  if (!host.ends_with(tail)) return false;
  std::string_view head = pattern.substr(0, at);
  std::string_view rest = host.substr(0, host.size() - tail.size());
  if (const std::size_t other = head.find('*'); other != std::string_view::npos) {
    // Two stars: only the last one is of interest, the first is any text.
    const std::string_view middle = head.substr(other + 1);
    const std::size_t found = rest.rfind(middle);
    if (!rest.starts_with(head.substr(0, other)) || found == std::string_view::npos) return false;
    star = rest.substr(found + middle.size());
    return !star.empty();
  }
  if (!rest.starts_with(head) || rest.size() <= head.size()) return false;
  star = rest.substr(head.size());
  return true;
}

}  // namespace

const S3Service& service_of(std::string_view host) noexcept {
  const std::string name = to_lower(host);
  std::string_view star;
  for (const S3Service& service : kServices) {
    if (matches(service.host, name, star)) return service;
  }
  return kOther;
}

std::string region_of(const S3Service& service, std::string_view host) {
  std::string_view star;
  const std::string name = to_lower(host);
  if (!service.region.empty()) return std::string(service.region);
  if (service.name.empty() || !matches(service.host, name, star)) return {};
  return std::string(star);
}

std::string aws_endpoint(std::string_view region, bool dualstack, bool fips) {
  return fmt::format("https://s3{}{}.{}.{}", fips ? "-fips" : "", dualstack ? ".dualstack" : "", region,
                     partition_of(region).dns_suffix);
}

}  // namespace tapster
