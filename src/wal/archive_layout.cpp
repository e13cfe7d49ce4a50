#include <tapster/archive_layout.h>
#include <tapster/error.h>

namespace tapster {

ArchiveLayout::ArchiveLayout(std::string prefix, std::string server_name) : server_name_(std::move(server_name)) {
  if (server_name_.starts_with('/')) {
    throw error(ErrorKind::usage, "server name {} begins with a slash: it would leave the path of the URL",
                server_name_);
  }
  root_ = std::move(prefix);
  const auto append_slash = [this] {
    if (!root_.empty() && !root_.ends_with('/')) root_ += '/';
  };
  append_slash();
  root_ += server_name_;
  append_slash();
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

}  // namespace tapster
