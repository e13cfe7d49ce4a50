#include "http/curl_client.h"
#include "store/azure/azure_store.h"

namespace tapster {
namespace {

// Everything that an Azure store borrows, in the order in which it borrows.
struct Parts {
  Parts(const StoreLocation& location, const StoreOptions& options, const Environment& environment, Clock& clock)
      : settings(resolve_azure_settings(location, options, environment)),
        http(settings.http),
        client(settings, resolve_azure_account(location, options, environment, http, clock), http, clock) {}

  AzureSettings settings;
  CurlClient http;
  AzureClient client;
};

// The store together with what it borrows.
class OwningAzureStore final : private Parts, public AzureStore {
 public:
  OwningAzureStore(const StoreLocation& location, const StoreOptions& options, const Environment& environment,
                   Clock& clock)
      : Parts(location, options, environment, clock), AzureStore(Parts::client) {}
};

}  // namespace

std::unique_ptr<ObjectStore> open_azure_store(const StoreLocation& location, const StoreOptions& options,
                                              const Environment& environment, Clock& clock) {
  return std::make_unique<OwningAzureStore>(location, options, environment, clock);
}

}  // namespace tapster
