#include "http/curl_client.h"
#include "store/azure/azure_store.h"
#include "store/cloud/owning_store.h"

namespace tapster {
namespace {

// Everything that an Azure store borrows, in the order in which it borrows.
struct AzureStoreParts {
  AzureStoreParts(const StoreLocation& location, const StoreOptions& options, const Environment& environment,
                  Clock& clock)
      : settings(resolve_azure_settings(location, options, environment)),
        http(settings.http),
        client(settings, resolve_azure_account(location, options, environment, http, clock), http, clock) {}

  AzureSettings settings;
  CurlClient http;
  AzureClient client;
};

}  // namespace

std::unique_ptr<ObjectStore> open_azure_store(const StoreLocation& location, const StoreOptions& options,
                                              const Environment& environment, Clock& clock) {
  return std::make_unique<OwningStore<AzureStore, AzureStoreParts>>(location, options, environment, clock);
}

}  // namespace tapster
