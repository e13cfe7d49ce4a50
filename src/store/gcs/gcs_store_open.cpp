#include "http/curl_client.h"
#include "store/cloud/owning_store.h"
#include "store/gcs/credentials/gcs_credentials.h"
#include "store/gcs/gcs_settings.h"
#include "store/gcs/gcs_store.h"

namespace tapster {
namespace {

// Everything that the store borrows, in the order in which it borrows.
struct GcsStoreParts {
  GcsStoreParts(const StoreLocation& location, const StoreOptions& options, const Environment& environment,
                Clock& clock)
      : settings(resolve_gcs_settings(location, options, environment)),
        http(settings.http),
        client(
            settings, http,
            [this, &environment, &clock] {
              return resolve_google_identity(environment, http, clock, settings.emulator);
            },
            clock) {}
  GcsStoreParts(const GcsStoreParts&) = delete;
  GcsStoreParts& operator=(const GcsStoreParts&) = delete;

  GcsSettings settings;
  CurlClient http;
  GcsClient client;
};

}  // namespace

std::unique_ptr<ObjectStore> open_gcs_store(const StoreLocation& location, const StoreOptions& options,
                                            const Environment& environment, Clock& clock) {
  return std::make_unique<OwningStore<GcsStore, GcsStoreParts>>(location, options, environment, clock);
}

}  // namespace tapster
