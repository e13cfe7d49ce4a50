#include "backup/restore/member_extractor.h"

#include <tapster/log.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tapster {
namespace {

constexpr std::uint64_t kWriteBack = 8 << 20;  // started as soon as so much waits: the final sync is short then
constexpr const char* kBackupLabel = "backup_label";

timespec to_timespec(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = (time - seconds).count()};
}

}  // namespace

Extractor::Extractor(FileDescriptor root, const std::string& path, bool is_pgdata, WriteBack* write_back,
                     std::stop_token stop)
    : tree_(std::move(root), path),
      is_pgdata_(is_pgdata),
      write_back_(write_back),
      is_root_(::geteuid() == 0),
      stop_(std::move(stop)) {}

std::string Extractor::stored_path(const std::string& name) const {
  std::string path = safe_member_path(name);
  if (is_pgdata_ && path == kControlFile) path = kHiddenControlFile;
  return path;
}

Extractor::Attributes Extractor::attributes_of(const TarMember& member, const std::string& path) {
  Attributes result{.mode = member.mode, .mtime = to_timespec(member.mtime)};
  if (is_root_) {
    result.user = accounts_.user(member.user).value_or(static_cast<uid_t>(member.uid));
    result.group = accounts_.group(member.group).value_or(static_cast<gid_t>(member.gid));
  }
  if (is_pgdata_ && path == kBackupLabel && member.uid == 0) {
    struct stat root {};
    const auto known = directories_.find("");
    if (known != directories_.end()) {
      result.user = known->second.user;
      result.group = known->second.group;
    } else if (::fstat(tree_.root(), &root) == 0) {
      result.user = root.st_uid;
      result.group = root.st_gid;
    }
    result.mode = 0600;
  }
  return result;
}

void Extractor::begin(const TarMember& member) {
  if (stop_.stop_requested()) throw Interrupted();
  path_ = stored_path(member.name);
  if (is_pgdata_ && path_ == kRestoreMarkerName) {
    log::warning("{}, left from an earlier restore, is in the backup: it is left out", member.name);
    return;
  }
  attributes_ = attributes_of(member, path_);
  if (member.type == TarMember::Type::directory) {
    tree_.make_directory(path_);
    directories_.insert_or_assign(path_, attributes_);
    return;
  }
  if (path_.empty()) throw error(ErrorKind::general, "the archive's root is no directory: refused");
  switch (member.type) {
    case TarMember::Type::hard_link:
      return create_hard_link(member);
    case TarMember::Type::symlink:
      return create_symlink(member);
    case TarMember::Type::fifo:
      return create_fifo();
    case TarMember::Type::file:
      return create_file();
    default:
      throw error(ErrorKind::general, "the archive holds '{}', a device or something else of type '{}': refused",
                  member.name, static_cast<char>(member.type));
  }
}

// Calls `create` with the directory and the name; what has the name already makes room.
template <typename Create>
void Extractor::create(const char* what, const Create& create) {
  const auto [parent, leaf] = split_path(path_);
  const int directory = tree_.make_directory(parent);
  const std::string name(leaf);
  if (create(directory, name.c_str())) return;
  if (errno == EEXIST) {
    if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT)
      throw FileError(errno, "cannot replace", tree_.path_of(path_));
    if (create(directory, name.c_str())) return;
  }
  throw FileError(errno, what, tree_.path_of(path_));
}

void Extractor::create_file() {
  create("cannot create", [&](int directory, const char* name) {
    file_ = open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    return static_cast<bool>(file_);
  });
  written_ = written_back_ = 0;
  ++files_;
}

void Extractor::create_hard_link(const TarMember& member) {
  const std::string target = stored_path(member.link);
  const auto [target_parent, target_leaf] = split_path(target);
  const std::string target_name(target_leaf);
  if (target_name.empty()) throw error(ErrorKind::general, "'{}' is a hard link to a directory: refused", member.name);
  if (target == path_) return;
  // A descriptor of its own: the tree may close it when the next directory is opened.
  const FileDescriptor target_directory(::fcntl(tree_.open_directory(target_parent), F_DUPFD_CLOEXEC, 0));
  if (!target_directory) throw FileError(errno, "cannot open", tree_.path_of(target_parent));
  create("cannot link", [&](int directory, const char* name) {
    return ::linkat(target_directory.get(), target_name.c_str(), directory, name, 0) == 0;
  });
}

void Extractor::create_symlink(const TarMember& member) {
  create("cannot create", [&](int directory, const char* name) {
    if (::symlinkat(member.link.c_str(), directory, name) != 0) return false;
    set_attributes_of_name(directory, name, false);
    return true;
  });
}

void Extractor::create_fifo() {
  create("cannot create", [&](int directory, const char* name) {
    if (::mkfifoat(directory, name, 0600) != 0) return false;
    set_attributes_of_name(directory, name, true);
    return true;
  });
}

// Of what must not be opened: links, and FIFOs, which nobody can have replaced.
void Extractor::set_attributes_of_name(int directory, const std::string& name, bool with_mode) const {
  const timespec times[] = {attributes_.mtime, attributes_.mtime};
  if ((is_root_ &&
       ::fchownat(directory, name.c_str(), attributes_.user, attributes_.group, AT_SYMLINK_NOFOLLOW) != 0) ||
      (with_mode && ::fchmodat(directory, name.c_str(), attributes_.mode, 0) != 0) ||
      ::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    throw FileError(errno, "cannot set owner, mode and time of", tree_.path_of(path_));
}

void Extractor::set_attributes(int file, const Attributes& attributes, const std::string& path) const {
  const timespec times[] = {attributes.mtime, attributes.mtime};
  // The owner first: changing it takes setuid bits away.
  if ((is_root_ && ::fchown(file, attributes.user, attributes.group) != 0) || ::fchmod(file, attributes.mode) != 0 ||
      ::futimens(file, times) != 0)
    throw FileError(errno, "cannot set owner, mode and time of", tree_.path_of(path));
}

void Extractor::content(Bytes data) {
  if (!file_) return;
  if (stop_.stop_requested()) throw Interrupted();
  write_at(file_.get(), written_, data, tree_.path_of(path_));
  written_ += data.size();
  if (write_back_ != nullptr && written_ - written_back_ >= kWriteBack) {
    write_back_->hint(file_.get(), written_back_, written_ - written_back_);
    written_back_ = written_;
  }
}

void Extractor::end() {
  if (!file_) return;
  set_attributes(file_.get(), attributes_, path_);
  file_.reset();
  bytes_ += written_;
}

void Extractor::finish_directories() {
  // Children before their parents, whose mode may close the way to them.
  for (auto entry = directories_.rbegin(); entry != directories_.rend(); ++entry) {
    set_attributes(tree_.make_directory(entry->first), entry->second, entry->first);
  }
}

}  // namespace tapster
