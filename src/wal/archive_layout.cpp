#include <tapster/archive_layout.h>
#include <tapster/error.h>

namespace tapster {

ArchiveLayout::ArchiveLayout(std::string prefix, std::string server_name) : server_name_(std::move(server_name)) {
  if (server_name_.starts_with('/')) {
    throw error(ErrorKind::usage, "server name {} begins with a slash: it would leave the path of the URL",
                server_name_);
  }
  const auto append_slash = [](std::string& path) {
    if (!path.empty() && !path.ends_with('/')) path += '/';
  };
  prefix_ = std::move(prefix);
  append_slash(prefix_);
  root_ = prefix_ + server_name_;
  append_slash(root_);
}

std::string ArchiveLayout::wals_prefix() const { return root_ + "wals/"; }

std::string ArchiveLayout::wal_key(const WalName& name) const {
  std::string key = wals_prefix();
  if (const std::string folder = name.hash_dir(); !folder.empty()) key += folder + "/";
  return key + name.text();
}

std::string ArchiveLayout::wal_key(const WalName& name, Compression compression) const {
  return wal_key(name).append(suffix_of(compression));
}

std::string ArchiveLayout::base_prefix() const { return root_ + "base/"; }

std::string ArchiveLayout::backup_prefix(std::string_view id) const { return fmt::format("{}base/{}/", root_, id); }

std::string ArchiveLayout::backup_info_key(std::string_view id) const {
  return backup_prefix(id).append(kBackupInfoName);
}

std::string ArchiveLayout::manifest_key(std::string_view id) const { return backup_prefix(id).append(kManifestName); }

std::string ArchiveLayout::archive_key(std::string_view id, std::string_view base_name, int additional,
                                       Compression compression) const {
  const std::string number = additional == 0 ? "" : fmt::format("_{:04}", additional);
  return fmt::format("{}{}{}.tar{}", backup_prefix(id), base_name, number, suffix_of(compression));
}

std::string ArchiveLayout::keep_key(std::string_view id) const { return backup_prefix(id).append(kKeepName); }

std::string ArchiveLayout::slashed_base_prefix() const {
  return prefix_.empty() ? "" : prefix_ + "/" + base_prefix().substr(prefix_.size());
}

}  // namespace tapster
