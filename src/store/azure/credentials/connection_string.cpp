#include "store/azure/credentials/connection_string.h"

#include "store/azure/credentials/account_secrets.h"
#include "store/cloud/credentials/service_url.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace tapster {
namespace {

constexpr std::string_view kVariable = "AZURE_STORAGE_CONNECTION_STRING";

// "Use the Azurite emulator for local Azure Storage development": known to everybody.
constexpr std::string_view kEmulatorAccount = "devstoreaccount1";
constexpr std::string_view kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
constexpr int kEmulatorPort = 10'000;

[[noreturn]] void refuse(std::string_view key, std::string_view problem) {
  throw error(ErrorKind::general, "{} in {} {}", key, kVariable, problem);
}

// The keys that matter, with their values; the others may be parts of a secret in which a ';' got lost.
class Pairs {
 public:
  explicit Pairs(std::string_view text) {
    int number = 0;
    for (text = trim(text); !text.empty();) {
      const std::string_view pair = trim(text.substr(0, text.find(';')));
      text.remove_prefix(
          std::min(text.size(), text.find(';') == std::string_view::npos ? text.size() : text.find(';') + 1));
      ++number;
      if (!pair.empty()) add(pair, number);
    }
  }

  // Empty when it is not there.
  std::string_view get(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string_view() : found->second.reveal();
  }

 private:
  static constexpr std::array<std::string_view, 8> kKeys = {
      "AccountName",    "AccountKey",   "SharedAccessSignature", "DefaultEndpointsProtocol",
      "EndpointSuffix", "BlobEndpoint", "UseDevelopmentStorage", "DevelopmentStorageProxyUri"};

  void add(std::string_view pair, int number) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      throw error(ErrorKind::general, "{} is malformed: its part {} is not of the form KEY=VALUE", kVariable, number);
    }
    const std::string_view name = trim(pair.substr(0, equals));
    const auto* const key = std::find_if(kKeys.begin(), kKeys.end(),
                                         [&](std::string_view known) { return equals_ignoring_case(known, name); });
    if (key == kKeys.end()) return;
    if (!values_.emplace(*key, Secret(std::string(trim(pair.substr(equals + 1))))).second) refuse(*key, "stands twice");
  }

  std::map<std::string_view, Secret> values_;
};

bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string checked_endpoint(std::string_view key, std::string_view value) {
  if (value.find_first_of("?#") != std::string_view::npos) {
    refuse(key, "must be a URL without a query: a signature belongs under SharedAccessSignature");
  }
  if (!authority_of(value)) refuse(key, "is no http:// or https:// URL");
  while (value.ends_with('/')) value.remove_suffix(1);
  return std::string(value);
}

std::string composed_url(const Pairs& pairs, const std::string& account) {
  const std::string_view given = pairs.get("DefaultEndpointsProtocol");
  const std::string protocol = given.empty() ? "https" : to_lower(given);
  if (protocol != "https" && protocol != "http") refuse("DefaultEndpointsProtocol", "is neither https nor http");
  std::string_view suffix = pairs.get("EndpointSuffix");
  if (suffix.empty()) suffix = "core.windows.net";
  std::string url = fmt::format("{}://{}.blob.{}", protocol, account, suffix);
  if (suffix.find('/') != std::string_view::npos || !authority_of(url)) {
    refuse("EndpointSuffix", "is no host name such as core.windows.net");
  }
  return url;
}

std::string emulator_url(const Pairs& pairs, const std::string& account) {
  std::string host = "http://127.0.0.1";
  if (const std::string_view proxy = pairs.get("DevelopmentStorageProxyUri"); !proxy.empty()) {
    host = checked_endpoint("DevelopmentStorageProxyUri", proxy);
  }
  return fmt::format("{}:{}/{}", host, kEmulatorPort, account);
}

// "ACCOUNT.blob.core.windows.net" or "HOST:PORT/ACCOUNT".
std::string account_of(const std::string& url) {
  const std::string rest = url.substr(url.find("://") + 3);
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) return rest.substr(slash + 1, rest.find('/', slash + 1) - slash - 1);
  return rest.substr(0, rest.find_first_of(".:"));
}

}  // namespace

ConnectionString parse_connection_string(const Secret& text) {
  const Pairs pairs(text.reveal());
  ConnectionString result;
  const std::string_view emulator = pairs.get("UseDevelopmentStorage");
  const bool emulated = equals_ignoring_case(emulator, "true");
  if (!emulator.empty() && !emulated) refuse("UseDevelopmentStorage", "is not true: leave it out");

  result.account = pairs.get("AccountName");
  if (result.account.empty() && emulated) result.account = kEmulatorAccount;
  if (!is_name(result.account)) refuse("AccountName", "is no account's name (letters, digits)");

  if (const std::string_view endpoint = pairs.get("BlobEndpoint"); !endpoint.empty()) {
    result.blob_url = checked_endpoint("BlobEndpoint", endpoint);
    // A signature says by itself whose it is.
    if (result.account.empty() && pairs.get("AccountKey").empty()) result.account = account_of(result.blob_url);
  } else if (!result.account.empty()) {
    result.blob_url = emulated ? emulator_url(pairs, result.account) : composed_url(pairs, result.account);
  }
  if (result.account.empty()) refuse("AccountName", "is missing");

  if (const std::string_view key = pairs.get("AccountKey"); !key.empty()) {
    result.account_key = checked_account_key(key, fmt::format("AccountKey in {}", kVariable));
  } else if (const std::string_view sas = pairs.get("SharedAccessSignature"); !sas.empty()) {
    result.sas = checked_sas(sas, fmt::format("SharedAccessSignature in {}", kVariable));
  } else if (emulated && result.account == kEmulatorAccount) {
    result.account_key = Secret(std::string(kEmulatorKey));
  } else {
    refuse("AccountKey (or SharedAccessSignature)", "is missing");
  }
  return result;
}

}  // namespace tapster
