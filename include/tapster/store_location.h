// Where an archive is: the parts of the URL that every command is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

enum class Provider { aws_s3, azure_blob_storage, google_cloud_storage, file };

// "aws-s3", "azure-blob-storage", "google-cloud-storage", "file".
std::string_view name_of(Provider provider) noexcept;

struct StoreLocation {
  Provider provider = Provider::aws_s3;
  // S3 and Google: the bucket, verbatim; Azure: the container; file: the absolute directory.
  std::string bucket;
  // S3: the path without its leading slashes, a trailing one kept; Azure: likewise; Google: without slashes at
  // both ends; file: empty.
  std::string prefix;
  // Azure: to which "/CONTAINER/BLOB" is appended: "https://ACCOUNT.blob.core.windows.net" or, for an emulator,
  // "http://HOST:PORT/ACCOUNT". Google, file: empty.
  std::string account_url;
  std::string account;  // Azure: the storage account's name

  // Parses `url` for `provider`, or for the provider that the URL itself names when none is
  // given (scheme s3, gs, file; Azure's and Google's hosts). Throws Error (general), "Invalid s3 URL address: ...",
  // with what would be right, when the URL does not fit.
  static StoreLocation parse(std::string_view url, std::optional<Provider> provider);
};

}  // namespace tapster
