// Everything an S3 store has to know, gathered from the command line, the environment, the AWS profile
// and the endpoint's name, strongest first.
#pragma once

#include "http/curl_client.h"
#include "store/s3/payload_checksum.h"
#include "store/s3/s3_service.h"

#include <tapster/environment.h>
#include <tapster/http_client.h>
#include <tapster/open_store.h>
#include <tapster/store_location.h>

#include <string>

namespace tapster {

class AwsProfile;

struct ChecksumPolicy {
  bool uploads = false;    // send a checksum header beside the signed SHA-256
  bool downloads = false;  // ask for the stored checksum and verify it
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
};

struct S3Settings {
  std::string bucket;
  std::string endpoint_url;  // without a trailing slash; empty: AWS's own, by region
  std::string region;
  bool dualstack = false;
  bool fips = false;
  bool path_style = false;
  const S3Service* service = nullptr;
  ChecksumPolicy checksums;
  bool unsigned_payload = false;
  // Instead of signing the body's SHA-256, leave the body's integrity to TLS and to the checksum header, in requests
  // that carry one: over TLS, to stores that are known to verify it. resolve_s3_settings says whether it may be done,
  // and open_s3_store does it only where the processor is slow at SHA-256.
  bool checksum_for_digest = false;
  HttpHeaders encryption;    // sent when an object is made
  HttpHeaders customer_key;  // sent whenever an object's bytes are touched; holds a secret
  int max_attempts = 5;
  // The access key's id, as far as the environment has it, and the profile's name. They tell tenants apart, each of
  // whom may have a bucket of this name.
  std::string caller;
  CurlSettings http;

  // "https://host[/path]" to which the key is appended, for the given region: with the bucket in
  // front of the host, or behind it in the path.
  std::string bucket_url(const std::string& in_region) const;
};

// Throws Error: general for settings that make no sense (naming the option, variable or profile key),
// usage for options that exclude each other.
S3Settings resolve_s3_settings(const StoreLocation& location, const StoreOptions& options,
                               const Environment& environment, const AwsProfile& profile);

}  // namespace tapster
