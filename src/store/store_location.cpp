#include "base/encoding.h"

#include <tapster/error.h>
#include <tapster/store_location.h>

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
    throw error(ErrorKind::general, "Invalid s3 URL address: {} (expected s3://BUCKET[/PATH])", url);
  }
  return {Provider::aws_s3, std::string(parts->authority), without_leading_slashes(parts->path)};
}

StoreLocation parse_file(std::string_view url) {
  const auto parts = split(url);
  if (!parts || parts->scheme != "file" || !(parts->authority.empty() || parts->authority == "localhost") ||
      parts->path.empty()) {
    throw error(ErrorKind::general, "Invalid file URL address: {} (expected file:///ABSOLUTE/DIRECTORY)", url);
  }
  std::string directory = percent_decode(parts->path);
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (directory.find('\0') != std::string::npos) {
    throw error(ErrorKind::general, "Invalid file URL address: {} (a NUL byte in the path)", url);
  }
  return {Provider::file, directory, ""};
}

Provider infer(std::string_view url) {
  const auto parts = split(url);
  if (parts && parts->scheme == "file") return Provider::file;
  if (parts && parts->scheme == "gs") return Provider::google_cloud_storage;
  if (parts && (parts->scheme == "https" || parts->scheme == "http")) {
    const std::string host = to_lower(parts->authority.substr(0, parts->authority.find(':')));
    if (host == "console.cloud.google.com") return Provider::google_cloud_storage;
    if (host.find(".blob.core.") != std::string::npos || host.find(".blob.storage.azure.") != std::string::npos) {
      return Provider::azure_blob_storage;
    }
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
    case Provider::google_cloud_storage:
      break;
  }
  throw error(ErrorKind::general, "{} is not supported yet: use s3:// or file:// ({})",
              name_of(provider.value_or(infer(url))), url);
}

}  // namespace tapster
