#include "backup/restore/restore_finish.h"

#include "backup/restore/kept_time.h"
#include "backup/restore/member_extractor.h"
#include "file/atomic_file.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

namespace tapster {
namespace {

constexpr std::int64_t kFirstWithPgWal = 100000;  // version 10

FileDescriptor duplicate(int file, const std::string& path) {
  FileDescriptor copy(::fcntl(file, F_DUPFD_CLOEXEC, 0));
  if (!copy) throw FileError(errno, "cannot open", path);
  return copy;
}

}  // namespace

RestoreFinish::RestoreFinish(const RestorePlan& plan, int root)
    : plan_(plan), tree_(duplicate(root, plan.pgdata()), plan.pgdata()) {
  struct stat status {};
  if (::fstat(root, &status) != 0) throw FileError(errno, "cannot look at", plan.pgdata());
  user_ = status.st_uid;
  group_ = status.st_gid;
}

// To whom PGDATA belongs; without being root nothing can be given away, nor need be.
void RestoreFinish::own(int file, const std::string& path) const {
  if (::geteuid() == 0 && ::fchown(file, user_, group_) != 0) throw FileError(errno, "cannot set the owner of", path);
}

void RestoreFinish::restore_manifest(ObjectStore& store, const std::string& key) {
  const KeptTime kept(tree_.root());
  const std::string path = tree_.path_of("backup_manifest");
  AtomicFile file(tree_.root(), "backup_manifest", path, {.durable = false});
  if (!store.get(key, file)) throw error(ErrorKind::operation, "{} is gone", store.describe(key));
  file.commit_replace();
  const FileDescriptor written = open_at(tree_.root(), "backup_manifest", O_RDONLY | O_NOFOLLOW);
  if (!written) throw FileError(errno, "cannot open", path);
  own(written.get(), path);
}

void RestoreFinish::add_wal_directory() {
  const KeptTime kept(tree_.root());
  const std::string name = plan_.version != 0 && plan_.version < kFirstWithPgWal ? "pg_xlog" : "pg_wal";
  struct stat status {};
  if (::fstatat(tree_.root(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(status.st_mode)) return;
  for (const std::string& path : {name, name + "/archive_status"}) {
    const int parent = tree_.make_directory(split_path(path).first);
    const std::string leaf(split_path(path).second);
    if (::fstatat(parent, leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) continue;
    own(tree_.make_directory(path), tree_.path_of(path));
  }
}

void RestoreFinish::add_tablespaces(const std::vector<FileDescriptor>& roots) {
  if (roots.size() < 2) return;
  const bool is_root = ::geteuid() == 0;
  const int links = tree_.make_directory("pg_tblspc");
  const KeptTime kept(links);
  for (std::size_t i = 1; i < roots.size(); ++i) {
    const RestoreTarget& target = plan_.targets[i];
    struct stat status {};
    if (is_root && ::fstat(roots[i].get(), &status) == 0 && status.st_uid == 0) own(roots[i].get(), target.directory);
    const std::string name = target.set.base_name();
    const std::string path = tree_.path_of("pg_tblspc/" + name);
    if (::unlinkat(links, name.c_str(), 0) != 0 && errno != ENOENT) throw FileError(errno, "cannot replace", path);
    if (::symlinkat(target.directory.c_str(), links, name.c_str()) != 0) throw FileError(errno, "cannot create", path);
    if (is_root && ::fchownat(links, name.c_str(), user_, group_, AT_SYMLINK_NOFOLLOW) != 0)
      throw FileError(errno, "cannot set the owner of", path);
  }
}

void RestoreFinish::publish(bool sync) {
  const KeptTime kept_root(tree_.root());
  {
    const auto [parent, name] = split_path(kControlFile);
    const auto hidden = split_path(kHiddenControlFile).second;
    const int global = tree_.make_directory(parent);
    const KeptTime kept(global);
    struct stat status {};
    if (::renameat(global, std::string(hidden).c_str(), global, std::string(name).c_str()) == 0) {
      if (sync) sync_directory(global, tree_.path_of(parent));
    } else if (errno != ENOENT) {
      throw FileError(errno, "cannot rename", tree_.path_of(kHiddenControlFile));
    } else if (::fstatat(global, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      log::warning("the backup has no {}: PostgreSQL will not start on {}", kControlFile, plan_.pgdata());
    }
  }
  remove_marker(tree_.root(), plan_.pgdata());
  if (sync) sync_directory(tree_.root(), plan_.pgdata());
}

void sync_file_systems(const RestorePlan& plan, const std::vector<FileDescriptor>& roots) {
  std::set<dev_t> synced;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    struct stat status {};
    const bool known = ::fstat(roots[i].get(), &status) == 0;
    if (known && !synced.insert(status.st_dev).second) continue;
    if (::syncfs(roots[i].get()) != 0)
      throw FileError(errno, "cannot sync the file system of", plan.targets[i].directory);
  }
}

}  // namespace tapster
