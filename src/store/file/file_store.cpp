#include "store/file/file_store.h"

#include "file/atomic_file.h"
#include "store/file/file_listing.h"
#include "store/file/file_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace tapster {
namespace {

constexpr std::size_t kReadBuffer = 256U << 10U;

ObjectStat stat_of(const struct stat& status) { return {static_cast<std::uint64_t>(status.st_size), "", {}}; }

bool same_version(const struct stat& a, const struct stat& b) noexcept {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// The begin and the end of the range, clipped to the object.
std::pair<std::uint64_t, std::uint64_t> clip(const std::optional<ByteRange>& range, std::uint64_t size) noexcept {
  if (!range) return {0, size};
  const std::uint64_t begin = std::min(range->offset, size);
  return {begin, begin + std::min(range->length.value_or(size), size - begin)};
}

}  // namespace

// Runs `work`, which concerns no key, and turns a FileError into a StoreError.
template <typename Work>
auto FileStore::guard_root(const char* operation, Work work) const {
  try {
    return work();
  } catch (const FileError& failure) {
    throw store_error(failure, operation, tree_.root(), "");
  }
}

FileStore::FileStore(std::string root) : FileStore(std::move(root), Options()) {}
FileStore::FileStore(std::string root, Options options) : tree_(std::move(root)), options_(options) {}

std::optional<ObjectStat> FileStore::stat(const std::string& key) {
  const Target target(tree_, "stat", key);
  return target.guard([&]() -> std::optional<ObjectStat> {
    const FileDescriptor folder = tree_.open_folder(target.folder());
    struct stat status {};
    if (!folder || !find_file(folder.get(), target.name(), target.path(), status)) return std::nullopt;
    return stat_of(status);
  });
}

std::optional<ObjectStat> FileStore::get(const std::string& key, ByteSink& sink, const GetOptions& options) {
  const Target target(tree_, "get", key);
  const std::string path = target.path();
  struct stat status {};
  const FileDescriptor file = target.guard([&]() -> FileDescriptor {
    const FileDescriptor folder = tree_.open_folder(target.folder());
    if (!folder || !find_file(folder.get(), target.name(), path, status)) return {};
    FileDescriptor opened = open_at(folder.get(), target.name().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!opened && errno == ENOENT) return {};
    // Again, of what was opened: the name may have got another file in between.
    if (!opened || ::fstat(opened.get(), &status) != 0) throw FileError(errno, "cannot open", path);
    if (!S_ISREG(status.st_mode)) throw FileError(EINVAL, "not a regular file:", path);
    return opened;
  });
  if (!file) return std::nullopt;

  // The open file stays one version, because this store's writers replace the name and never the contents. A change
  // by another program is detected at the end.
  const auto clipped = clip(options.range, static_cast<std::uint64_t>(status.st_size));
  std::uint64_t position = clipped.first;  // no structured binding: clang 14 cannot capture one
  const std::uint64_t end = clipped.second;
  ::posix_fadvise(file.get(), static_cast<off_t>(position), static_cast<off_t>(end - position), POSIX_FADV_SEQUENTIAL);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kReadBuffer, end - position)));
  while (position < end) {
    if (options.stop.stop_requested()) throw Interrupted();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - position));
    const std::size_t count =
        target.guard([&] { return read_at(file.get(), position, std::span(buffer).first(wanted), path); });
    if (count == 0) break;
    sink.write(Bytes(buffer).first(count));
    position += count;
  }
  struct stat now {};
  if (position < end || ::fstat(file.get(), &now) != 0 || !same_version(status, now)) {
    throw target.refusal("Changed", fmt::format("{} changed while it was read", path));
  }
  return stat_of(status);
}

PutResult FileStore::put(const std::string& key, Body& body, const PutOptions& options) {
  const Target target(tree_, "put", key);
  return target.retry_vanished_folder([&] { return put_once(target, body, options); });
}

PutResult FileStore::put_once(const Target& target, Body& body, const PutOptions& options) {
  const std::string path = target.path();
  const FileDescriptor folder = target.guard([&] { return tree_.make_folder(target.folder()); });
  struct stat status {};
  const auto taken = [&] { return find_file(folder.get(), target.name(), path, status); };
  // Checked before any byte is written, because archiving a segment again ends here. The directory is synced for the
  // file's writer, which may have been killed before it did that.
  if (options.if_absent() && target.guard(taken)) {
    target.guard([&] { sync_directory(folder.get(), path); });
    return PutResult::already_exists;
  }
  std::optional<AtomicFile> file;
  target.guard([&] {
    file.emplace(folder.get(), target.name(), path, AtomicFile::Options{0600, options_.unnamed_files});
  });
  target.copy(body, [&](Bytes data) { file->write(data); });
  return target.guard([&] {
    if (!options.if_absent()) {
      file->commit_replace();
    } else if (!file->commit_new()) {
      require_file(folder.get(), target.name(), path);
      return PutResult::already_exists;
    }
    return PutResult::created;
  });
}

void FileStore::list(const std::string& prefix, const ListOptions& options,
                     const std::function<bool(const ListPage&)>& each) {
  list_files(tree_, prefix, options, each);
}

std::vector<RemoveFailure> FileStore::remove(const std::vector<std::string>& keys) {
  guard_root("remove", [&] { tree_.open_root(); });
  std::vector<RemoveFailure> failures;
  std::set<std::string> folders;
  for (const std::string& key : keys) {
    try {
      const Target target(tree_, "remove", key);
      target.guard([&] {
        const FileDescriptor folder = tree_.open_folder(target.folder());
        if (!folder) return;
        // EISDIR: a directory is no object.
        if (::unlinkat(folder.get(), target.name().c_str(), 0) != 0 && errno != ENOENT && errno != EISDIR) {
          throw FileError(errno, "cannot delete", target.path());
        }
        folders.insert(target.folder());
      });
    } catch (const StoreError& failure) {
      failures.push_back({key, failure.what()});
    }
  }
  for (const std::string& folder : folders) tree_.prune(folder);
  return failures;
}

bool FileStore::container_exists() {
  return guard_root("container_exists", [&] {
    struct stat status {};
    if (::stat(tree_.root().c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) return true;
      errno = ENOTDIR;
    }
    if (errno == ENOENT) return false;
    throw FileError(errno, "cannot use the directory", tree_.root());
  });
}

void FileStore::create_container() {
  const std::string& root = tree_.root();
  guard_root("create_container", [&] {
    for (std::size_t slash = 0; slash != std::string::npos;) {
      const std::size_t next = root.find('/', slash + 1);
      const std::string path = root.substr(0, next);
      if (::mkdir(path.c_str(), 0700) == 0) {
        const std::string parent = slash == 0 ? "/" : root.substr(0, slash);
        sync_directory(open_directory(parent).get(), parent);
      } else if (errno != EEXIST) {
        throw FileError(errno, "cannot create the directory", path);
      }
      slash = next;
    }
    tree_.open_root();
  });
}

StoreLimits FileStore::limits() const {
  constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 62U;
  return {1, kMaxFile, 1'000'000, kMaxFile, 100'000};
}

}  // namespace tapster
