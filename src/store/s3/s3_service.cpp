#include "store/s3/s3_service.h"

#include "store/s3/credentials/aws_partition.h"
#include "text/encoding.h"

#include <fmt/format.h>

#include <array>

namespace tapster {
namespace {

using enum ConditionalPut;

// "How to prevent object overwrites with conditional writes" and "Checking object integrity", Amazon S3 User Guide;
// "CreateMultipartUpload", Amazon S3 API Reference.
constexpr S3Service kAws{.name = "AWS",
                         .checksums = true,
                         .conditional_put = honoured,
                         .conditional_complete = honoured,
                         .path_style = false,
                         .tags_survive_multipart = true};

// "S3 API compatibility" and "Extensions", Cloudflare R2: conditional operations in PutObject, and no word of them
// for CompleteMultipartUpload; no tags, no ACL, both answered by 501 NotImplemented. The host may have a
// jurisdiction in front (eu, fedramp). Parts of one upload must have one size, which ours always have.
constexpr S3Service kR2{.name = "Cloudflare R2", .conditional_put = honoured, .tags = false, .bucket_acl = false};

// "Request preconditions", Cloud Storage: If-None-Match holds for requests that read, a write does not heed it.
// "POST Bucket" (XML API): deletes up to 1,000 keys, as S3 does.
constexpr S3Service kGoogle{.name = "Google Cloud Storage"};

// "S3-Compatible API", Backblaze B2: 400 "Unsupported header" for x-amz-checksum-* and x-amz-tagging, 501
// NotImplemented for conditional writes.
constexpr S3Service kBackblaze{
    .name = "Backblaze B2", .conditional_put = refused, .conditional_complete = refused, .tags = false};

// "Wasabi S3 API Reference": S3's own behaviour is promised, conditions and checksums are not mentioned. What is
// not documented keeps its default, here and below.
constexpr S3Service kWasabi{.name = "Wasabi"};

// "Spaces S3 compatibility".
constexpr S3Service kDigitalOcean{.name = "DigitalOcean Spaces"};

// "Endpoint types", Akamai: several generations of one platform.
constexpr S3Service kLinode{.name = "Linode Object Storage"};

constexpr S3Service kHetzner{.name = "Hetzner Object Storage"};

// "Object Storage - S3 conditional writes", OVHcloud, of June 2026; every write with a condition was answered by
// 501 before. S3Store handles a 501, so both are well served.
constexpr S3Service kOvh{.name = "OVHcloud"};

// "Managing multipart uploads", Scaleway: 1 to 1,000 parts. "Using conditional writes", of July 2026, promises
// them for PutObject; older notes say nothing.
constexpr S3Service kScaleway{.name = "Scaleway", .max_parts = 1'000};

// "Bucket operations" (compatibility API), IBM Cloud Object Storage: a location constraint is a region with a
// storage class, "eu-de-standard"; without one the endpoint decides.
constexpr S3Service kIbm{.name = "IBM Cloud Object Storage", .location_constraint = false};

// "Amazon S3 Compatibility API", Oracle: addressed by path; the namespace stands in front of the host.
constexpr S3Service kOracle{.name = "Oracle Cloud"};

// "S3 API on OSS: supported operations and limitations", Alibaba Cloud: buckets in the host's name alone (by
// path: 403 SecondLevelDomainForbidden). Conditional writes are answered by 501; what OSS has instead,
// x-oss-forbid-overwrite, is not part of that API.
constexpr S3Service kAlibaba{
    .name = "Alibaba OSS", .conditional_put = refused, .conditional_complete = refused, .path_style = false};

constexpr S3Service kOther{};

struct Endpoint {
  std::string_view host;  // pattern; '*' is one label or more, and the last one is the region unless one is given
  const S3Service* service;
  std::string_view region = {};
};

// The first row that fits decides: special hosts stand before general ones.
constexpr std::array kEndpoints = {
    Endpoint{"s3.amazonaws.com", &kAws, "us-east-1"},
    Endpoint{"*.s3.amazonaws.com", &kAws, "us-east-1"},
    Endpoint{"s3-fips.dualstack.*.amazonaws.com", &kAws},
    Endpoint{"s3.dualstack.*.amazonaws.com", &kAws},
    Endpoint{"s3-fips.*.amazonaws.com", &kAws},
    Endpoint{"s3.*.amazonaws.com", &kAws},
    Endpoint{"s3-*.amazonaws.com", &kAws},
    Endpoint{"bucket.*.s3.*.vpce.amazonaws.com", &kAws},
    Endpoint{"s3.dualstack.*.amazonaws.com.cn", &kAws},
    Endpoint{"s3.*.amazonaws.com.cn", &kAws},
    Endpoint{"s3.dualstack.*.amazonaws.eu", &kAws},
    Endpoint{"s3.*.amazonaws.eu", &kAws},
    Endpoint{"*.r2.cloudflarestorage.com", &kR2, "auto"},
    Endpoint{"storage.googleapis.com", &kGoogle, "auto"},
    Endpoint{"storage.*.rep.googleapis.com", &kGoogle, "auto"},
    Endpoint{"s3.*.backblazeb2.com", &kBackblaze},
    Endpoint{"s3.wasabisys.com", &kWasabi, "us-east-1"},
    Endpoint{"s3.*.wasabisys.com", &kWasabi},
    Endpoint{"*.digitaloceanspaces.com", &kDigitalOcean},
    Endpoint{"*.linodeobjects.com", &kLinode},
    Endpoint{"*.your-objectstorage.com", &kHetzner},
    Endpoint{"s3.*.io.cloud.ovh.net", &kOvh},
    Endpoint{"s3.*.perf.cloud.ovh.net", &kOvh},
    Endpoint{"s3.*.cloud.ovh.net", &kOvh},
    Endpoint{"s3.*.io.cloud.ovh.us", &kOvh},
    Endpoint{"s3.*.scw.cloud", &kScaleway},
    Endpoint{"s3.private.*.cloud-object-storage.appdomain.cloud", &kIbm},
    Endpoint{"s3.direct.*.cloud-object-storage.appdomain.cloud", &kIbm},
    Endpoint{"s3.*.cloud-object-storage.appdomain.cloud", &kIbm},
    Endpoint{"*.compat.objectstorage.*.oraclecloud.com", &kOracle},
    Endpoint{"*.compat.objectstorage.*.oci.customer-oci.com", &kOracle},
    Endpoint{"oss-accelerate.aliyuncs.com", &kAlibaba},  // names no region
    Endpoint{"oss-accelerate-overseas.aliyuncs.com", &kAlibaba},
    Endpoint{"s3.oss-*-internal.aliyuncs.com", &kAlibaba},
    Endpoint{"s3.oss-*.aliyuncs.com", &kAlibaba},
    Endpoint{"oss-*-internal.aliyuncs.com", &kAlibaba},
    Endpoint{"oss-*.aliyuncs.com", &kAlibaba},
};

// Whether `host` has the pattern's form; then `star` is what the last '*' stands for.
bool matches(std::string_view pattern, std::string_view host, std::string_view& star) {
  const std::size_t at = pattern.rfind('*');
  if (at == std::string_view::npos) return pattern == host;
  const std::string_view tail = pattern.substr(at + 1);
  if (!host.ends_with(tail)) return false;
  std::string_view head = pattern.substr(0, at);
  std::string_view rest = host.substr(0, host.size() - tail.size());
  if (const std::size_t other = head.find('*'); other != std::string_view::npos) {
    // Two stars: the first is any text, and `star` is what the last stands for.
    const std::string_view middle = head.substr(other + 1);
    const std::size_t found = rest.rfind(middle);
    if (!rest.starts_with(head.substr(0, other)) || found == std::string_view::npos || found <= other) return false;
    star = rest.substr(found + middle.size());
    return !star.empty();
  }
  if (!rest.starts_with(head) || rest.size() <= head.size()) return false;
  star = rest.substr(head.size());
  return true;
}

struct EndpointMatch {
  const S3Service* service = &kOther;
  std::string region;
};

EndpointMatch match_endpoint(std::string_view host) {
  const std::string name = to_lower(host);
  std::string_view star;
  for (const Endpoint& endpoint : kEndpoints) {
    if (!matches(endpoint.host, name, star)) continue;
    return {endpoint.service, std::string(endpoint.region.empty() ? star : endpoint.region)};
  }
  return {};
}

}  // namespace

const S3Service& service_of(std::string_view host) { return *match_endpoint(host).service; }

std::string region_of(std::string_view host) { return match_endpoint(host).region; }

std::string aws_endpoint(std::string_view region, bool dualstack, bool fips) {
  return fmt::format("https://s3{}{}.{}.{}", fips ? "-fips" : "", dualstack ? ".dualstack" : "", region,
                     partition_of(region).dns_suffix);
}

}  // namespace tapster
