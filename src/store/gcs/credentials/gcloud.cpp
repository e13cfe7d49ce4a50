#include "store/gcs/credentials/gcloud.h"

#include "file/text_file.h"
#include "text/encoding.h"

#include <string_view>

namespace tapster {
namespace {

// The value of `wanted` in the section [core]: "name = value" lines, comments begin with # or ;.
std::string core_setting(std::string_view text, std::string_view wanted) {
  bool in_core = false;
  while (!text.empty()) {
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.starts_with('[')) in_core = line == "[core]";
    const std::size_t equals = line.find('=');
    if (!in_core || line.starts_with('#') || line.starts_with(';') || equals == std::string_view::npos) continue;
    if (trim(line.substr(0, equals)) == wanted) return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

}  // namespace

std::string gcloud_folder(const Environment& environment) {
  if (auto folder = environment.get("CLOUDSDK_CONFIG")) return *folder;
  const std::string home = home_directory(environment);
  return home.empty() ? home : home + "/.config/gcloud";
}

std::string gcloud_project(const Environment& environment) {
  if (auto project = environment.get("CLOUDSDK_CORE_PROJECT")) return *project;
  const std::string folder = gcloud_folder(environment);
  if (folder.empty()) return {};
  std::string name = environment.get("CLOUDSDK_ACTIVE_CONFIG_NAME").value_or("");
  if (name.empty()) name = trim(read_text_file(folder + "/active_config").value_or("default"));
  return core_setting(read_text_file(folder + "/configurations/config_" + name).value_or(""), "project");
}

}  // namespace tapster
