#include "store/s3/s3_settings.h"

#include "store/cloud/cloud_settings.h"
#include "store/cloud/credentials/service_url.h"
#include "store/s3/credentials/aws_profile.h"
#include "text/encoding.h"
#include "text/shown_url.h"

#include <tapster/secret.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tapster {
namespace {

struct Setting {
  std::string value;
  std::string name;  // for messages: "AWS_MAX_ATTEMPTS"
};

std::optional<Setting> from_environment_or_profile(const Environment& environment, const AwsProfile& profile,
                                                   const char* variable, const char* key) {
  if (auto value = environment.get(variable)) return Setting{*value, variable};
  if (auto value = profile.get(key)) return Setting{*value, std::string(key) + " in the AWS profile"};
  return std::nullopt;
}

bool parse_truth(const Setting& setting) {
  const std::string value = to_lower(setting.value);
  if (value == "true" || value == "1" || value == "yes") return true;
  if (value == "false" || value == "0" || value == "no") return false;
  throw error(ErrorKind::general, "{} is '{}': true or false is expected", setting.name, setting.value);
}

bool is_switched_on(const Environment& environment, const AwsProfile& profile, const char* variable, const char* key) {
  const auto setting = from_environment_or_profile(environment, profile, variable, key);
  return setting && parse_truth(*setting);
}

std::string endpoint_from(const StoreOptions& options, const Environment& environment, const AwsProfile& profile) {
  const bool by_option = !options.endpoint_url.empty();
  std::string url = by_option ? options.endpoint_url : configured_endpoint(profile, environment, "s3").value_or("");
  while (url.ends_with('/')) url.pop_back();
  const std::string lower = to_lower(url);
  const bool has_scheme = lower.starts_with("http://") || lower.starts_with("https://");
  if (!url.empty() &&
      (!has_scheme || url.find("://") + 3 == url.size() || url.find_first_of("?#@ \t") != std::string::npos)) {
    throw error(ErrorKind::general,
                "Invalid endpoint: {} (from {}; expected http://HOST[:PORT] or https://HOST[:PORT])", shown_url(url),
                by_option ? "--endpoint-url" : "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the AWS profile");
  }
  return url;
}

// The host of the endpoint, or AWS's own when there is no endpoint.
std::string endpoint_host(std::string_view url) {
  return url.empty() ? "s3.amazonaws.com" : host_of(to_lower(url)).value_or("");
}

std::string region_from(const StoreOptions& options, const Environment& environment, const AwsProfile& profile,
                        const S3Settings& settings) {
  if (!options.region.empty()) return options.region;
  // AWS_REGION is not read by the original; where both are set they agree, and EKS sets both.
  for (const char* variable : {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
    if (auto value = environment.get(variable)) return *value;
  }
  if (auto value = profile.get("region")) return *value;
  std::string named = region_of(endpoint_host(settings.endpoint_url));
  return named.empty() ? "us-east-1" : named;  // when it is wrong, the store's answer names the right one
}

// Whether the bucket can stand as a DNS label in front of the host, under a wildcard certificate.
bool is_dns_label(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '-' && bucket.back() != '-' &&
         std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool path_style_from(const StoreOptions& options, const AwsProfile& profile, const S3Settings& settings) {
  std::string style = options.addressing_style;
  if (style.empty()) style = profile.get_nested("s3", "addressing_style").value_or("auto");
  if (style == "path") return true;
  if (style == "virtual") return false;
  if (style != "auto") {
    throw error(ErrorKind::general, "addressing style '{}' is not known (choose from auto, virtual, path)", style);
  }
  return settings.service->path_style || !is_dns_label(settings.bucket);
}

bool wants_checksums(const std::string& option, const std::optional<Setting>& configured, const S3Service& service) {
  const Setting setting =
      !option.empty() ? Setting{option, "--checksum-policy"} : configured.value_or(Setting{"auto", ""});
  const std::string value = to_lower(setting.value);
  if (value == "auto") return service.checksums;
  if (value == "when_supported") return true;
  if (value == "when_required") return false;
  throw error(ErrorKind::general, "{} is '{}': auto, when_required or when_supported is expected", setting.name,
              setting.value);
}

ChecksumPolicy checksums_from(const StoreOptions& options, const Environment& environment, const AwsProfile& profile,
                              const S3Service& service) {
  ChecksumPolicy policy;
  policy.uploads = wants_checksums(options.checksum_policy,
                                   from_environment_or_profile(environment, profile, "AWS_REQUEST_CHECKSUM_CALCULATION",
                                                               "request_checksum_calculation"),
                                   service);
  policy.downloads =
      wants_checksums(options.checksum_policy,
                      from_environment_or_profile(environment, profile, "AWS_RESPONSE_CHECKSUM_VALIDATION",
                                                  "response_checksum_validation"),
                      service);
  if (!options.checksum_algorithm.empty()) {
    const auto algorithm = parse_checksum_algorithm(options.checksum_algorithm);
    if (!algorithm) {
      throw error(ErrorKind::general,
                  "checksum algorithm '{}' is not known (choose from crc32, crc32c, crc64nvme, sha256)",
                  options.checksum_algorithm);
    }
    policy.algorithm = *algorithm;
  }
  return policy;
}

HttpHeaders encryption_from(const StoreOptions& options) {
  HttpHeaders headers;
  if (!options.encryption.empty()) headers.emplace_back("x-amz-server-side-encryption", options.encryption);
  if (!options.sse_kms_key_id.empty()) {
    if (options.encryption != "aws:kms") {
      throw Error(ErrorKind::general, "--sse-kms-key-id needs -e aws:kms");
    }
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", options.sse_kms_key_id);
  }
  return headers;
}

HttpHeaders customer_key_from(const StoreOptions& options) {
  constexpr std::string_view kScheme = "file://";
  constexpr std::size_t kKeyBytes = 32;
  if (options.sse_customer_key.empty()) return {};
  if (!options.encryption.empty() || !options.sse_kms_key_id.empty()) {
    throw Error(ErrorKind::usage, "--sse-customer-key cannot be used together with --encryption or --sse-kms-key-id");
  }
  if (!options.sse_customer_key.starts_with(kScheme)) {
    throw Error(ErrorKind::general, "--sse-customer-key expects file://PATH of a file with a base64 256-bit key");
  }
  const std::string path = options.sse_customer_key.substr(kScheme.size());
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw error(ErrorKind::general, "cannot read the key file {} of --sse-customer-key", path);
  }
  Secret text{std::string(std::istreambuf_iterator<char>(file), {})};
  auto key = base64_decode(text.reveal());
  if (!key || key->size() != kKeyBytes) {
    throw error(ErrorKind::general, "the key file {} of --sse-customer-key does not hold a base64 256-bit key", path);
  }
  constexpr const char* kPrefix = "x-amz-server-side-encryption-customer-";
  return {{fmt::format("{}algorithm", kPrefix), "AES256"},
          {fmt::format("{}key", kPrefix), base64_encode(*key)},
          {fmt::format("{}key-MD5", kPrefix), base64_encode(md5(*key))}};
}

int max_attempts_from(const Environment& environment, const AwsProfile& profile) {
  const auto setting = from_environment_or_profile(environment, profile, "AWS_MAX_ATTEMPTS", "max_attempts");
  return setting ? parse_max_attempts(setting->value, setting->name) : default_max_attempts(environment);
}

CurlSettings http_from(const StoreOptions& options, const Environment& environment, const AwsProfile& profile) {
  std::string ca_bundle = environment.get("AWS_CA_BUNDLE").value_or("");
  if (ca_bundle.empty()) ca_bundle = profile.get("ca_bundle").value_or("");
  return network_settings(options, environment, std::move(ca_bundle));
}

}  // namespace

std::string S3Settings::bucket_url(const std::string& in_region) const {
  const std::string base = endpoint_url.empty() ? aws_endpoint(in_region, dualstack, fips) : endpoint_url;
  if (path_style) return base + "/" + percent_encode(bucket);
  const std::size_t host = base.find("://") + 3;
  return base.substr(0, host) + bucket + "." + base.substr(host);
}

S3Settings resolve_s3_settings(const StoreLocation& location, const StoreOptions& options,
                               const Environment& environment, const AwsProfile& profile) {
  S3Settings settings;
  settings.bucket = location.bucket;
  settings.encryption = encryption_from(options);
  settings.customer_key = customer_key_from(options);
  settings.endpoint_url = endpoint_from(options, environment, profile);
  settings.dualstack = is_switched_on(environment, profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  settings.fips = is_switched_on(environment, profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  settings.service = &service_of(endpoint_host(settings.endpoint_url));
  settings.region = region_from(options, environment, profile, settings);
  settings.path_style = path_style_from(options, profile, settings);
  settings.checksums = checksums_from(options, environment, profile, *settings.service);
  const bool tls = settings.endpoint_url.empty() || to_lower(settings.endpoint_url).starts_with("https:");
  if (options.unsigned_payload && !tls) {
    throw error(ErrorKind::general,
                "--unsigned-payload needs an https endpoint: over http the signed digest is the only "
                "protection of the data");
  }
  settings.unsigned_payload = options.unsigned_payload;
  const auto always_sign = profile.get_nested("s3", "payload_signing_enabled");
  const bool may_leave_out = !always_sign || !parse_truth({*always_sign, "payload_signing_enabled in the AWS profile"});
  settings.checksum_for_digest = tls && may_leave_out && settings.checksums.uploads && settings.service->checksums &&
                                 settings.checksums.algorithm != ChecksumAlgorithm::sha256;
  settings.max_attempts = max_attempts_from(environment, profile);
  settings.http = http_from(options, environment, profile);
  settings.caller = fmt::format("{} {}", environment.get("AWS_ACCESS_KEY_ID").value_or(""), profile.name());
  return settings;
}

}  // namespace tapster
