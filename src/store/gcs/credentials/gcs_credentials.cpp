// Application Default Credentials: where Google's own libraries look, in their order ("How Application Default
// Credentials works", Google Cloud).
#include "store/gcs/credentials/gcs_credentials.h"

#include "file/text_file.h"
#include "store/cloud/credentials/service_call.h"
#include "store/gcs/credentials/gcloud.h"
#include "store/gcs/credentials/gcs_token_sources.h"
#include "store/gcs/credentials/metadata_server.h"
#include "text/encoding.h"
#include "text/one_line.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <optional>
#include <utility>

namespace tapster {
namespace {

constexpr const char* kVariable = "GOOGLE_APPLICATION_CREDENTIALS";

struct KeyText {
  std::string text;
  std::string path;
};

std::optional<KeyText> named_key(const Environment& environment) {
  const auto path = environment.get(kVariable);
  if (!path) return std::nullopt;
  auto text = read_text_file(*path);
  if (!text) {
    throw error(ErrorKind::general, "There is no file {}: {} must name a readable credential file (or be unset)", *path,
                kVariable);
  }
  return KeyText{std::move(*text), *path};
}

std::string login_path(const Environment& environment) {
  const std::string folder = gcloud_folder(environment);
  return folder.empty() ? folder : folder + "/application_default_credentials.json";
}

std::optional<KeyText> gcloud_login(const Environment& environment) {
  const std::string path = login_path(environment);
  auto text = path.empty() ? std::nullopt : read_text_file(path);
  if (!text) return std::nullopt;
  return KeyText{std::move(*text), path};
}

std::string not_found(const Environment& environment) {
  const std::string path = login_path(environment);
  return fmt::format(
      "Unable to locate Google credentials: {} is not set{}{}, and this is no machine of Google's. Set {} to a key "
      "file, or run gcloud auth application-default login",
      kVariable, path.empty() ? "" : ", there is no file ", path, kVariable);
}

void check_universe(const CredentialFile& file, const Environment& environment) {
  const std::string theirs = universe_of(file);
  const std::string ours = environment.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN").value_or(std::string(kDefaultUniverse));
  if (theirs == ours) return;
  throw error(ErrorKind::general,
              "The credentials in {} are of the universe domain {}, and requests go to {}: set "
              "GOOGLE_CLOUD_UNIVERSE_DOMAIN to the former, or use other credentials",
              file.place(), short_line(theirs), short_line(ours));
}

std::string project_of(const CredentialFile* file, const Environment& environment) {
  for (const char* variable : {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"}) {
    if (auto project = environment.get(variable)) return *project;
  }
  std::string project = file != nullptr ? file->text("project_id") : "";
  if (project.empty()) project = gcloud_project(environment);
  if (project.empty() && file != nullptr) project = file->text("quota_project_id");
  return project;
}

GoogleIdentity identity(std::unique_ptr<TokenSource> source, const CredentialFile* file, const Environment& environment,
                        Clock& clock) {
  GoogleIdentity found;
  if (source != nullptr) found.token = std::make_shared<TokenProvider>(std::move(source), clock);
  found.project = project_of(file, environment);
  found.quota_project = environment.get("GOOGLE_CLOUD_QUOTA_PROJECT").value_or("");
  if (found.quota_project.empty() && file != nullptr) found.quota_project = file->text("quota_project_id");
  return found;
}

}  // namespace

GoogleIdentity resolve_google_identity(const Environment& environment, HttpClient& http, Clock& clock,
                                       bool anonymous_allowed) {
  const GoogleNetwork network{http, clock};
  auto key = named_key(environment);
  // Nobody's login is shown to an emulator, unless that was asked for.
  const bool may_look = !anonymous_allowed || environment.get("CLOUDSDK_CONFIG");
  if (!key && may_look) key = gcloud_login(environment);
  if (key && trim(key->text).empty()) {
    if (!anonymous_allowed) {
      throw error(ErrorKind::general,
                  "The credential file {} is empty, which means anonymous access and is for emulators: set "
                  "STORAGE_EMULATOR_HOST, or put a key into the file",
                  key->path);
    }
    log::info("The credential file {} is empty: requests are anonymous", key->path);
    return identity(nullptr, nullptr, environment, clock);
  }
  if (key) {
    const CredentialFile file = CredentialFile::parse(key->text, key->path);
    check_universe(file, environment);
    auto source = make_token_source(file, kStorageScope, environment, network);
    log::debug("Google credentials: {}", source->name());
    return identity(std::move(source), &file, environment, clock);
  }
  if (anonymous_allowed && !environment.get("GCE_METADATA_HOST")) {
    log::info("There are no credentials for the emulator: requests are anonymous");
    return identity(nullptr, nullptr, environment, clock);
  }
  auto source = metadata_source(environment, network, not_found(environment));
  if (source == nullptr) throw Error(ErrorKind::general, not_found(environment));
  return identity(std::move(source), nullptr, environment, clock);
}

std::string universe_of(const CredentialFile& file) {
  std::string universe = file.text("universe_domain");
  return universe.empty() ? std::string(kDefaultUniverse) : universe;
}

std::unique_ptr<TokenSource> make_token_source(const CredentialFile& file, std::string_view scope,
                                               const Environment& environment, const GoogleNetwork& network) {
  const std::string type = file.required("type");
  if (type == "service_account") return service_account_source(file, scope, network);
  if (type == "authorized_user") return authorized_user_source(file, network);
  if (type == "external_account") return external_account_source(file, scope, environment, network);
  if (type == "impersonated_service_account") return impersonated_source(file, scope, environment, network);
  file.refuse(
      fmt::format("\"type\" is \"{}\", and supported are service_account, authorized_user, external_account and "
                  "impersonated_service_account,",
                  short_line(type)));
}

}  // namespace tapster
