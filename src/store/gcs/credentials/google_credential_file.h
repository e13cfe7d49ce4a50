// Credential files: the JSON objects that Google's console and gcloud write.
#pragma once

#include <tapster/secret.h>

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// An object in a credential file, or the whole of it. Cheap to copy. Every method may throw Error (general), which
// names the file and the member that is wrong, and never a value that may be secret. An empty text counts as absent.
class CredentialFile {
 public:
  // `path` is for messages.
  static CredentialFile parse(std::string_view text, const std::string& path);

  const std::string& place() const noexcept { return place_; }  // "/etc/key.json", "\"format\" of /etc/key.json"

  std::string text(const char* member) const;      // empty when it is not there
  std::string required(const char* member) const;  // never empty
  Secret secret(const char* member) const;         // never empty
  // An address that secrets may be sent to: https, or http to a loopback or link-local address. `fallback` is for an
  // absent member; when it is empty, the member is required.
  std::string url(const char* member, std::string_view fallback = {}) const;
  std::string optional_url(const char* member) const;  // empty when it is not there
  std::optional<std::int64_t> number(const char* member) const;
  std::optional<CredentialFile> object(const char* member) const;
  std::vector<std::string> list(const char* member) const;                  // of texts
  std::map<std::string, std::string> dictionary(const char* member) const;  // of texts

  // An error about this place: "MESSAGE in PLACE".
  [[noreturn]] void refuse(std::string_view message) const;

 private:
  CredentialFile(std::shared_ptr<const nlohmann::json> document, std::string place);
  const nlohmann::json* find(const char* member) const;

  std::shared_ptr<const nlohmann::json> document_;  // the object
  std::string place_;
};

}  // namespace tapster
