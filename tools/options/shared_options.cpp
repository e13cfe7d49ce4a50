#include "options/shared_options.h"

#include "grammar/values.h"

#include <algorithm>
#include <iterator>

namespace tapster {
namespace {

constexpr Provider kProviders[] = {Provider::aws_s3, Provider::azure_blob_storage, Provider::google_cloud_storage,
                                   Provider::file};
constexpr std::string_view kProviderNames[] = {"aws-s3", "azure-blob-storage", "google-cloud-storage", "file"};
constexpr std::string_view kCredentials[] = {"azure-cli", "managed-identity", "default"};
constexpr std::string_view kAddressingStyles[] = {"auto", "virtual", "path"};
constexpr std::string_view kChecksumPolicies[] = {"auto", "when_required", "when_supported"};
constexpr std::string_view kChecksumAlgorithms[] = {"crc32", "crc32c", "crc64nvme", "sha256"};
constexpr std::string_view kEncryptions[] = {"AES256", "aws:kms"};

void declare_general(CommandLine& command, SharedArguments& arguments) {
  command.action({"-V", "--version"}, Arity::version, "show program's version number and exit");
  command.action({"--help"}, Arity::help, "show this help message and exit");
  const int verbosity = command.exclusive_group();
  command.counter({"-v", "--verbose"}, arguments.verbose, "log more: -v informational messages, -vv debugging too")
      .group = verbosity;
  command.counter({"-q", "--quiet"}, arguments.quiet, "log less: -q errors only, -qq nothing").group = verbosity;
  command.flag({"-t", "--test"}, arguments.test, "test the connection to the store and exit");
}

void declare_provider(CommandLine& command, SharedArguments& arguments) {
  const auto store = [&arguments](std::string_view text) {
    const auto found = std::find(std::begin(kProviderNames), std::end(kProviderNames), text);
    if (found == std::end(kProviderNames)) throw bad_choice(text, kProviderNames);
    arguments.provider = kProviders[found - std::begin(kProviderNames)];
  };
  command.value(
      {"--cloud-provider"}, "{aws-s3,azure-blob-storage,google-cloud-storage,file}", store,
      "the kind of store (default: what the URL says: s3:// is aws-s3, gs:// google-cloud-storage, file:// file, a "
      "host of Azure's azure-blob-storage)");
}

void declare_s3(CommandLine& command, StoreOptions& store) {
  command.section("Extra options for the aws-s3 cloud provider");
  command.text({"--endpoint-url"}, "ENDPOINT_URL", store.endpoint_url,
               "URL of the S3 service (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's endpoint_url, "
               "else AWS itself)");
  command.text({"-P", "--aws-profile"}, "AWS_PROFILE", store.aws_profile,
               "profile of the AWS configuration and credentials files (default: AWS_DEFAULT_PROFILE, AWS_PROFILE, "
               "else the profile named default)");
  command.text({"--profile"}, "AWS_PROFILE", store.aws_profile, "deprecated spelling of --aws-profile");
  command.value(
      {"--read-timeout"}, "READ_TIMEOUT", integer_setter(store.read_timeout),
      "seconds to wait for data from the store before the request is repeated or fails; 0: no limit (default: 60)");
}

void declare_azure(CommandLine& command, SharedArguments& arguments) {
  command.section("Extra options for the azure-blob-storage cloud provider");
  command.choice(
      {"--azure-credential", "--credential", "--default"}, "{azure-cli,managed-identity,default}", kCredentials,
      arguments.store.azure_credential,
      "whose tokens open the Azure account, whatever keys the environment holds (default: a connection "
      "string, signature or key in the environment, else the chain 'default'); accepted and ignored by other "
      "stores");
}

void declare_newer_s3(CommandLine& command, StoreOptions& store) {
  command.section("Extra options for the aws-s3 cloud provider");
  command.text({"--sse-customer-key"}, "URI", store.sse_customer_key,
               "file:// URI of a file with a base64-encoded 256-bit key: the store encrypts with it and does not keep "
               "it; not together with -e or --sse-kms-key-id (default: none)");
  command.choice(
      {"--addressing-style"}, "{auto,virtual,path}", kAddressingStyles, store.addressing_style,
      "where the bucket's name goes: virtual into the host name, path into the path, auto what suits the service "
      "and the name (default: the profile, else auto)");
  const auto ours = [](OptionSpec& option) { option.addition = true; };
  ours(command.text(
      {"--region"}, "REGION", store.region,
      "region of the bucket (default: AWS_DEFAULT_REGION, AWS_REGION, the profile, the endpoint's name, the store's "
      "own answer)"));
  ours(command.choice({"--checksum-policy"}, "{auto,when_required,when_supported}", kChecksumPolicies,
                      store.checksum_policy,
                      "when uploads carry an additional checksum header (default: AWS_REQUEST_CHECKSUM_CALCULATION, "
                      "the profile, else auto)"));
  ours(command.choice({"--checksum-algorithm"}, "{crc32,crc32c,crc64nvme,sha256}", kChecksumAlgorithms,
                      store.checksum_algorithm, "algorithm of that checksum (default: crc64nvme)"));
  ours(command.flag({"--unsigned-payload"}, store.unsigned_payload,
                    "do not sign the content of uploads; over https only"));
  ours(command.value({"--connect-timeout"}, "CONNECT_TIMEOUT", integer_setter(store.connect_timeout),
                     "seconds to wait for a connection (default: 60)"));
}

}  // namespace

void declare_shared_options(CommandLine& command, SharedArguments& arguments) {
  declare_general(command, arguments);
  declare_provider(command, arguments);
  declare_s3(command, arguments.store);
  declare_azure(command, arguments);
  declare_newer_s3(command, arguments.store);
  command.section("options");
}

void declare_encryption_options(CommandLine& command, StoreOptions& store) {
  command.section("Extra options for the aws-s3 cloud provider");
  command.choice({"-e", "--encryption"}, "ENCRYPTION", kEncryptions, store.encryption,
                 "server-side encryption: 'AES256' or 'aws:kms' (default: what the bucket does by itself)");
  command.text({"--sse-kms-key-id"}, "SSE_KMS_KEY_ID", store.sse_kms_key_id,
               "key for '-e aws:kms', without which it is refused (default: the account's own key)");
  command.section("options");
}

log::Level log_threshold(int verbose, int quiet) noexcept {
  // Counted in long: nobody gives that many, but nothing limits the counters.
  const long level = static_cast<long>(log::Level::warning) - 10L * (static_cast<long>(verbose) - quiet);
  const long lowest = static_cast<long>(log::Level::debug);
  const long highest = static_cast<long>(log::Level::none);
  return static_cast<log::Level>(std::clamp(level, lowest, highest));
}

std::optional<int> finish_arguments(const CommandLine& command, const SharedArguments& arguments, int argc,
                                    const char* const* argv) {
  if (const auto status = read_arguments(command, argc, argv)) return status;
  log::set_threshold(log_threshold(arguments.verbose, arguments.quiet));
  return std::nullopt;
}

}  // namespace tapster
