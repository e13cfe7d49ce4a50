#include "store/s3/credentials/aws_profile.h"

#include "file/text_file.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace tapster {
namespace {

template <typename Map>
auto find(const Map& map, std::string_view key) -> decltype(&map.begin()->second) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

std::optional<std::string> unless_empty(const std::string* value) {
  if (value == nullptr || value->empty()) return std::nullopt;
  return *value;
}

const AwsSetting* find_setting(const AwsSections& sections, std::string_view section, std::string_view key) {
  const AwsSettings* settings = find(sections, section);
  return settings == nullptr ? nullptr : find(*settings, key);
}

std::optional<std::string> value_in(const AwsSections& sections, std::string_view section, std::string_view key) {
  const AwsSetting* setting = find_setting(sections, section, key);
  return unless_empty(setting == nullptr ? nullptr : &setting->value);
}

std::optional<std::string> nested_in(const AwsSections& sections, std::string_view section, std::string_view group,
                                     std::string_view key) {
  const AwsSetting* setting = find_setting(sections, section, group);
  return unless_empty(setting == nullptr ? nullptr : find(setting->nested, key));
}

std::string path_from(const Environment& environment, std::string_view variable, const char* name) {
  if (const auto path = environment.get(variable)) return expand_home(*path, environment);
  return expand_home(std::string("~/.aws/") + name, environment);
}

}  // namespace

struct AwsProfile::Files {
  explicit Files(const Environment& env) : environment(env) {}

  const Environment& environment;
  std::mutex mutex;
  bool read = false;  // a failure is not remembered: it is found again, and said again
  std::string config_path;
  std::string credentials_path;
  AwsConfigFile config;
  AwsConfigFile credentials;

  void load() {
    const std::lock_guard lock(mutex);
    if (read) return;
    config_path = path_from(environment, "AWS_CONFIG_FILE", "config");
    credentials_path = path_from(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    config = AwsConfigFile::read(config_path, AwsConfigFile::Kind::config);
    credentials = AwsConfigFile::read(credentials_path, AwsConfigFile::Kind::credentials);
    read = true;
  }

  bool has(std::string_view profile) const {
    return find(config.profiles, profile) != nullptr || find(credentials.profiles, profile) != nullptr;
  }
};

AwsProfile::AwsProfile(std::string name, const Environment& environment)
    : name_(std::move(name)), files_(std::make_shared<Files>(environment)) {
  named_by_option_ = !name_.empty();
  for (const char* variable : {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}) {
    if (name_.empty()) name_ = environment.get(variable).value_or("");
  }
  must_exist_ = !name_.empty();
  if (name_.empty()) name_ = "default";
}

const AwsProfile::Files& AwsProfile::files() const {
  files_->load();
  if (must_exist_ && !files_->has(name_)) {
    throw error(ErrorKind::general,
                "The AWS profile \"{}\" was not found in {} ([profile {}]) or {} ([{}]); define it or name another one",
                name_, files_->config_path, name_, files_->credentials_path, name_);
  }
  return *files_;
}

std::optional<std::string> AwsProfile::get(std::string_view key) const {
  auto value = get_from(File::credentials, key);
  return value ? value : get_from(File::config, key);
}

std::optional<std::string> AwsProfile::get_from(File file, std::string_view key) const {
  const Files& all = files();
  return value_in(file == File::config ? all.config.profiles : all.credentials.profiles, name_, key);
}

std::optional<std::string> AwsProfile::get_nested(std::string_view group, std::string_view key) const {
  const Files& all = files();
  auto value = nested_in(all.credentials.profiles, name_, group, key);
  return value ? value : nested_in(all.config.profiles, name_, group, key);
}

std::optional<std::string> AwsProfile::get_service(std::string_view service, std::string_view key) const {
  const auto section = get("services");
  if (!section) return std::nullopt;
  const Files& all = files();
  if (find(all.config.services, *section) == nullptr) {
    throw error(ErrorKind::general, "The AWS profile \"{}\" names the section [services {}], which is not in {}", name_,
                *section, all.config_path);
  }
  return nested_in(all.config.services, *section, service, key);
}

std::optional<std::string> AwsProfile::get_sso_session(std::string_view session, std::string_view key) const {
  return value_in(files().config.sso_sessions, session, key);
}

bool AwsProfile::has_sso_session(std::string_view session) const {
  return find(files().config.sso_sessions, session) != nullptr;
}

std::string AwsProfile::path_of(File file) const {
  const Files& all = files();
  return file == File::config ? all.config_path : all.credentials_path;
}

AwsProfile AwsProfile::sibling(std::string name) const {
  AwsProfile other = *this;
  other.name_ = std::move(name);
  other.must_exist_ = false;
  return other;
}

bool AwsProfile::exists() const { return files().has(name_); }

std::optional<std::string> configured_endpoint(const AwsProfile& profile, const Environment& environment,
                                               std::string_view service) {
  auto ignore = environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore && equals_ignoring_case(*ignore, "true")) return std::nullopt;
  std::string key = to_lower(service);
  std::replace(key.begin(), key.end(), '-', '_');
  std::string variable = "AWS_ENDPOINT_URL_";
  for (const char c : key) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (auto url = environment.get(variable)) return url;
  if (auto url = environment.get("AWS_ENDPOINT_URL")) return url;
  if (!ignore) ignore = profile.get("ignore_configured_endpoint_urls");
  if (ignore && equals_ignoring_case(*ignore, "true")) return std::nullopt;
  if (auto url = profile.get_service(key, "endpoint_url")) return url;
  return profile.get("endpoint_url");
}

}  // namespace tapster
