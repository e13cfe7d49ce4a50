#include "store/azure/wire/azure_error.h"

#include "http/http_status.h"
#include "store/cloud/cure.h"
#include "text/encoding.h"
#include "text/xml.h"

#include <array>

namespace tapster {
namespace {

constexpr std::array kBlobCures = {
    Cure{"ContainerNotFound",
         "the container does not exist: create it first, or run barman-cloud-check-wal-archive, which does"},
    Cure{"ContainerBeingDeleted", "try again in a minute, or take another container"},
    Cure{"InvalidResourceName", "a container's name is 3 to 63 lower-case letters, digits and single dashes"},
    Cure{"AuthenticationFailed",
         "check the key, or whether the token or the shared access signature has ended, and the clock of this host"},
    Cure{"NoAuthenticationInformation", "give credentials: see AZURE_STORAGE_CONNECTION_STRING"},
    Cure{"InvalidAuthenticationInfo", "the token is not for this account or has ended: check the identity's tenant"},
    Cure{"AuthorizationPermissionMismatch",
         "the identity may not do this: give it the role Storage Blob Data Contributor, or the shared access signature "
         "the permissions rwdlt"},
    Cure{"AuthorizationFailure",
         "check the account's firewall (is this host's network allowed?) and what the shared access signature is for"},
    Cure{"AuthorizationResourceTypeMismatch",
         "the shared access signature must be for containers and objects (srt=co)"},
    Cure{"AuthorizationServiceMismatch", "the shared access signature must be for blobs (ss=b)"},
    Cure{"AuthorizationProtocolMismatch", "the shared access signature is for https only"},
    Cure{"AuthorizationSourceIPMismatch", "the shared access signature is for other addresses than this host's"},
    Cure{"KeyBasedAuthenticationNotPermitted",
         "the account refuses keys and signatures: use a token, by --azure-credential"},
    Cure{"PublicAccessNotPermitted", "give credentials: see AZURE_STORAGE_CONNECTION_STRING"},
    Cure{"AccountIsDisabled", "enable the storage account"},
    Cure{"BlobArchived", "move the blob to the hot or cool tier (rehydrate it) first"},
    Cure{"BlobBeingRehydrated", "wait until the blob has left the archive tier"},
    Cure{"BlobImmutableDueToPolicy", "a retention policy or a legal hold protects the blob"},
    Cure{"LeaseIdMissing", "somebody holds a lease on it: break the lease"},
    Cure{"SnapshotsPresent", "delete its snapshots first"},
    Cure{"InvalidBlobType", "there is an append or page blob of that name: delete it"},
    Cure{"InvalidBlobOrBlock",
         "another program has left unfinished blocks there: delete the blob, or wait a week until the service does"},
    Cure{"RequestBodyTooLarge", "lower --max-single-put-size, or --max-block-size"},
    Cure{"FeatureNotYetSupportedForHierarchicalNamespaceAccounts", "do without tags on this account"},
    Cure{"Md5Mismatch", "something between here and the store changes the data"},
    Cure{"Crc64Mismatch", "something between here and the store changes the data"},
    Cure{"ServerBusy", "the account throttles: raise TAPSTER_MAX_ATTEMPTS, or send less at once"},
    Cure{"TooManyRequests", "the account throttles: raise TAPSTER_MAX_ATTEMPTS, or send less at once"},
};

// Behind the first line come the request's id and time.
std::string first_line(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(0, text.find('\n'))));
}

// Why an authentication failed: "Signature not valid in the specified time frame: ...". Not when it repeats what was,
// or should have been, signed: that is long, and may hold a signature.
std::string detail_of(const XmlElement& root) {
  constexpr std::size_t kLongest = 300;
  const std::string detail = first_line(root.child("AuthenticationErrorDetail").text());
  const std::string lower = to_lower(detail);
  const bool repeats = lower.find("mac signature") != std::string::npos || lower.find("string to") != std::string::npos;
  return repeats || detail.size() > kLongest ? "" : detail;
}

}  // namespace

AzureError parse_azure_error(const HttpResponse& response) {
  AzureError failure;
  failure.status = response.status;
  if (const auto document = XmlDocument::parse(response.body); document && document->root().name() == "Error") {
    failure.code = document->root().child("Code").text();
    failure.message = first_line(document->root().child("Message").text());
    if (const std::string detail = detail_of(document->root()); !detail.empty()) failure.message += " " + detail;
  }
  if (const auto* code = find_header(response.headers, "x-ms-error-code")) failure.code = *code;
  if (const auto* id = find_header(response.headers, "x-ms-request-id")) failure.request_id = *id;
  if (failure.code.empty()) failure.code = std::to_string(response.status);
  return failure;
}

bool is_transient(const AzureError& failure) {
  if (failure.code == "FeatureNotSupported") return false;  // an emulator's way to say 501
  return (failure.status >= 500 && failure.status != status::kNotImplemented) ||
         failure.status == status::kTooManyRequests || failure.status == status::kRequestTimeout;
}

StoreError to_store_error(const AzureError& failure, const std::string& operation, const std::string& container,
                          const std::string& key) {
  std::string text =
      fmt::format("An error occurred ({}) when calling the {} operation: {}{}[HTTP {}, request id {}, container {}",
                  failure.code, operation, failure.message, failure.message.empty() ? "" : " ", failure.status,
                  failure.request_id.empty() ? "none" : failure.request_id, container);
  text += key.empty() ? "]" : fmt::format(", key {}]", key);
  if (const auto cure = cure_for(kBlobCures, failure.code); !cure.empty()) text += fmt::format(" ({})", cure);
  return StoreError(is_transient(failure) ? ErrorKind::network : ErrorKind::general, text,
                    {operation, failure.code, failure.status, failure.request_id, container, key});
}

}  // namespace tapster
