// What is known of S3-compatible services, told apart by their endpoint's host name. A difference in
// behaviour is a row here, never an `if` in the store.
#pragma once

#include <string>
#include <string_view>

namespace tapster {

// How a service treats `If-None-Match: *` on PUT.
enum class ConditionalPut {
  honoured,  // may be relied on
  unknown,   // look first, then send the condition as well
  refused,   // answers 501: look first, send none
};

struct S3Service {
  std::string_view name;
  std::string_view host;    // pattern; "*" is one label or more: the region, when `region` is empty
  std::string_view region;  // to sign with, where the host does not name it
  bool checksums = false;   // takes x-amz-checksum-*: policy `auto` is when_supported
  ConditionalPut conditional_put = ConditionalPut::unknown;
  bool path_style = true;               // what addressing style `auto` means
  bool tags_survive_multipart = false;  // tags given at CreateMultipartUpload are kept
};

// The service that `host` (without port) belongs to; an unknown one has an empty name.
const S3Service& service_of(std::string_view host) noexcept;

// The region that `host` names under that service, or the service's fixed one, or "".
std::string region_of(const S3Service& service, std::string_view host);

// AWS's own endpoint, "https://s3.eu-west-1.amazonaws.com", for any partition ("Amazon S3 endpoints and
// quotas" and the partitions of the AWS SDKs).
std::string aws_endpoint(std::string_view region, bool dualstack, bool fips);

}  // namespace tapster
