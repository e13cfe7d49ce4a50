#include "crypto/sha_instructions.h"
#include "http/curl_client.h"
#include "store/cloud/owning_store.h"
#include "store/s3/credentials/aws_credentials.h"
#include "store/s3/credentials/aws_profile.h"
#include "store/s3/s3_settings.h"
#include "store/s3/s3_store.h"

namespace tapster {
namespace {

// Everything that an S3 store borrows, in the order in which it borrows.
struct S3StoreParts {
  S3StoreParts(const StoreLocation& location, const StoreOptions& options, const Environment& environment, Clock& clock)
      : profile(options.aws_profile, environment),
        settings(for_this_processor(resolve_s3_settings(location, options, environment, profile), environment)),
        http(settings.http),
        credentials(make_credential_provider(profile, environment, http, clock)),
        client(settings, http, *credentials, clock) {}

  static S3Settings for_this_processor(S3Settings settings, const Environment& environment) {
    if (has_sha_instructions(environment)) settings.checksum_for_digest = false;
    return settings;
  }

  AwsProfile profile;
  S3Settings settings;
  CurlClient http;
  std::unique_ptr<CredentialProvider> credentials;
  S3Client client;
};

}  // namespace

std::unique_ptr<ObjectStore> open_s3_store(const StoreLocation& location, const StoreOptions& options,
                                           const Environment& environment, Clock& clock) {
  return std::make_unique<OwningStore<S3Store, S3StoreParts>>(location, options, environment, clock);
}

}  // namespace tapster
