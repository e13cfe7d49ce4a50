// How S3-compatible services differ. The endpoint's host name tells which service it is. Every difference is a field of
// S3Service: no other source names a service. docs/s3-compatible.md documents the same for users.
#pragma once

#include <string>
#include <string_view>

namespace tapster {

// How a service treats `If-None-Match: *` on a write.
enum class ConditionalPut {
  honoured,  // may be relied on
  unknown,   // look first, then send the condition as well
  refused,   // answered by an error: look first, send none
};

// The defaults are what every implementation copes with. They hold for hosts that no row names.
struct S3Service {
  std::string_view name = {};
  bool checksums = false;  // takes x-amz-checksum-*: policy `auto` is when_supported
  ConditionalPut conditional_put = ConditionalPut::unknown;
  ConditionalPut conditional_complete = ConditionalPut::unknown;  // the same on CompleteMultipartUpload
  bool path_style = true;                                         // what addressing style `auto` means
  bool tags = true;                                               // false: a request with tags is refused
  bool tags_survive_multipart = false;                            // tags given at CreateMultipartUpload are kept
  int max_parts = 10'000;                                         // of one upload
  bool bucket_acl = true;                                         // CreateBucket may carry x-amz-acl
  bool location_constraint = true;                                // CreateBucket may name the region signed for
};

// The service that `host` (without port) belongs to. Where no row names the host, its name is empty.
const S3Service& service_of(std::string_view host);

// The region to sign with at `host`: the one that it names, or its service's fixed one, or "".
std::string region_of(std::string_view host);

// AWS's own endpoint, "https://s3.eu-west-1.amazonaws.com", for any partition ("Amazon S3 endpoints and
// quotas" and the partitions of the AWS SDKs).
std::string aws_endpoint(std::string_view region, bool dualstack, bool fips);

}  // namespace tapster
