#include "text/encoding.h"
#include "text/shown_url.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/store_location.h>

#include <tuple>
#include <utility>

namespace tapster {
namespace {

struct Url {
  std::string scheme;          // lower case
  std::string_view authority;  // verbatim
  std::string_view path;       // with its leading slash; no query, no fragment
};

std::optional<Url> split(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url parts{to_lower(url.substr(0, colon)), {}, {}};
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t slash = rest.find('/');
  parts.authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) parts.path = rest.substr(slash);
  return parts;
}

std::string without_leading_slashes(std::string_view path) {
  const std::size_t first = path.find_first_not_of('/');
  return first == std::string_view::npos ? std::string() : std::string(path.substr(first));
}

StoreLocation parse_s3(std::string_view url) {
  const auto parts = split(url);
  if (!parts || parts->scheme != "s3" || parts->authority.empty()) {
    throw error(ErrorKind::general, "Invalid s3 URL address: {} (expected s3://BUCKET[/PATH])", shown_url(url));
  }
  return {Provider::aws_s3, std::string(parts->authority), without_leading_slashes(parts->path), {}, {}};
}

StoreLocation parse_file(std::string_view url) {
  const auto parts = split(url);
  if (!parts || parts->scheme != "file" || !(parts->authority.empty() || parts->authority == "localhost") ||
      parts->path.empty()) {
    throw error(ErrorKind::general, "Invalid file URL address: {} (expected file:///ABSOLUTE/DIRECTORY)",
                shown_url(url));
  }
  std::string directory = percent_decode(parts->path);
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (directory.find('\0') != std::string::npos) {
    throw error(ErrorKind::general, "Invalid file URL address: {} (a NUL byte in the path)", shown_url(url));
  }
  return {Provider::file, directory, {}, {}, {}};
}

std::string host_of(const Url& parts) { return to_lower(parts.authority.substr(0, parts.authority.find(':'))); }

// Of any cloud of Microsoft's: ACCOUNT.blob.core.windows.net, .chinacloudapi.cn, .usgovcloudapi.net ..., and the
// accounts in DNS zones, ACCOUNT.z01.blob.storage.azure.net.
bool is_azure_host(std::string_view host) {
  return host.find(".blob.core.") != std::string_view::npos ||
         host.find(".blob.storage.azure.") != std::string_view::npos;
}

// The first component of a path, and what follows its slash.
std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  const std::size_t slash = path.find('/');
  return {path.substr(0, slash), slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1)};
}

StoreLocation parse_azure(std::string_view url) {
  const auto parts = split(url);
  if (!parts || parts->authority.empty() || parts->authority.find('@') != std::string_view::npos) {
    throw error(ErrorKind::general,
                "Invalid azure-blob-storage URL address: {} (expected https://ACCOUNT.blob.core.windows.net/CONTAINER"
                "[/PATH])",
                shown_url(url));
  }
  if (url.find('?') != std::string_view::npos) {
    log::warning("What follows the ? in {} is ignored: a shared access signature belongs into AZURE_STORAGE_SAS_TOKEN",
                 shown_url(url));
  }
  StoreLocation location;
  location.provider = Provider::azure_blob_storage;
  std::string_view path = parts->path.empty() ? parts->path : parts->path.substr(1);
  const std::string host = host_of(*parts);
  if (is_azure_host(host)) {
    location.account = host.substr(0, host.find('.'));
    // Reads may go to the account's copy in the other region; its name is the same.
    if (location.account.ends_with("-secondary")) location.account.resize(location.account.size() - 10);
    location.account_url = "https://" + std::string(parts->authority);
  } else {
    const auto [account, rest] = split_first(path);
    location.account = account;
    location.account_url = fmt::format("{}://{}/{}", parts->scheme, parts->authority, account);
    path = rest;
  }
  const auto [container, prefix] = split_first(path);
  location.bucket = container;
  location.prefix = prefix;
  if (location.account.empty() || location.bucket.empty()) {
    throw error(ErrorKind::general,
                "Invalid azure-blob-storage URL address: {} (expected https://ACCOUNT.blob.core.windows.net/CONTAINER"
                "[/PATH], or http://HOST:PORT/ACCOUNT/CONTAINER[/PATH] of an emulator)",
                shown_url(url));
  }
  return location;
}

StoreLocation parse_google(std::string_view url) {
  constexpr std::string_view kBrowser = "/storage/browser/";
  const auto parts = split(url);
  std::string_view bucket;
  std::string_view path;
  if (parts && parts->scheme == "gs") {
    bucket = parts->authority;
    path = parts->path;
  } else if (parts && parts->scheme == "https" && to_lower(parts->authority) == "console.cloud.google.com" &&
             parts->path.starts_with(kBrowser)) {
    std::tie(bucket, path) = split_first(parts->path.substr(kBrowser.size()));
  }
  if (bucket.empty()) {
    throw error(ErrorKind::general,
                "Invalid google-cloud-storage URL address: {} (expected gs://BUCKET[/PATH] or "
                "https://console.cloud.google.com/storage/browser/BUCKET[/PATH])",
                shown_url(url));
  }
  std::string prefix = without_leading_slashes(path);
  while (prefix.ends_with('/')) prefix.pop_back();
  return {Provider::google_cloud_storage, std::string(bucket), std::move(prefix), {}, {}};
}

Provider infer(std::string_view url) {
  const auto parts = split(url);
  if (parts && parts->scheme == "file") return Provider::file;
  if (parts && parts->scheme == "gs") return Provider::google_cloud_storage;
  if (parts && (parts->scheme == "https" || parts->scheme == "http")) {
    const std::string host = host_of(*parts);
    if (host == "console.cloud.google.com") return Provider::google_cloud_storage;
    if (is_azure_host(host)) return Provider::azure_blob_storage;
  }
  return Provider::aws_s3;  // the original's default: its error text is what people know
}

}  // namespace

std::string_view name_of(Provider provider) noexcept {
  switch (provider) {
    case Provider::aws_s3:
      return "aws-s3";
    case Provider::azure_blob_storage:
      return "azure-blob-storage";
    case Provider::google_cloud_storage:
      return "google-cloud-storage";
    case Provider::file:
      return "file";
  }
  return "";
}

StoreLocation StoreLocation::parse(std::string_view url, std::optional<Provider> provider) {
  switch (provider.value_or(infer(url))) {
    case Provider::aws_s3:
      return parse_s3(url);
    case Provider::file:
      return parse_file(url);
    case Provider::azure_blob_storage:
      return parse_azure(url);
    case Provider::google_cloud_storage:
      break;
  }
  return parse_google(url);
}

}  // namespace tapster
