#include "store/file/file_listing.h"

#include "file/directory_stream.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace tapster {
namespace {

constexpr int kPageSize = 1000;

class Walk {
 public:
  Walk(const FileTree& tree, int page_size, const ListOptions& options,
       const std::function<bool(const ListPage&)>& each)
      : tree_(tree), page_size_(static_cast<std::size_t>(std::max(page_size, 1))), options_(options), each_(each) {}

  // Lists the folder ("" or ending in '/'), of its own entries those that begin with `start`.
  // False when the listener has had enough.
  bool folder(FileDescriptor descriptor, const std::string& folder, const std::string& start);
  bool flush();
  bool calling() const noexcept { return calling_; }  // the listener, and it threw

 private:
  std::vector<std::string> names(DIR* directory, const std::string& folder, const std::string& start) const;
  bool passed(const std::string& key) const;
  bool subfolder(int parent, const std::string& name, const std::string& key);

  const FileTree& tree_;
  const std::size_t page_size_;
  const ListOptions& options_;
  const std::function<bool(const ListPage&)>& each_;
  ListPage page_;
  bool calling_ = false;
};

// In the order of their keys: a directory's name ends in '/', as its keys go on.
std::vector<std::string> Walk::names(DIR* directory, const std::string& folder, const std::string& start) const {
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory);  // NOLINT(concurrency-mt-unsafe): the stream is this thread's own
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || !name.starts_with(start) || name.starts_with(kTemporaryPrefix)) continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
      struct stat status {};
      if (::fstatat(::dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        throw FileError(errno, "cannot stat", tree_.path_of(folder + entry->d_name));
      }
      type = static_cast<unsigned char>(IFTODT(status.st_mode));
    }
    if (type == DT_LNK)
      throw FileError(ELOOP, "will not follow the symbolic link", tree_.path_of(folder + entry->d_name));
    if (type == DT_DIR) names.push_back(std::string(name) + '/');
    if (type == DT_REG) names.emplace_back(name);
  }
  if (errno != 0) throw FileError(errno, "cannot read the directory", tree_.path_of(folder));
  std::sort(names.begin(), names.end());
  return names;
}

bool Walk::folder(FileDescriptor descriptor, const std::string& folder, const std::string& start) {
  const DirectoryStream directory(::fdopendir(descriptor.get()));
  if (!directory) throw FileError(errno, "cannot read the directory", tree_.path_of(folder));
  const int parent = descriptor.release();  // closed with the stream
  for (const std::string& name : names(directory.get(), folder, start)) {
    const std::string key = folder + name;
    if (passed(key)) continue;
    if (name.back() == '/') {
      if (!subfolder(parent, name.substr(0, name.size() - 1), key)) return false;
    } else {
      struct stat status {};
      if (!find_file(parent, name, tree_.path_of(key), status)) continue;  // removed since
      page_.objects.push_back({key, static_cast<std::uint64_t>(status.st_size), modified(status)});
    }
    if (page_.objects.size() + page_.prefixes.size() >= page_size_ && !flush()) return false;
  }
  return true;
}

// Whether the key, or all keys below it, come before those that are wanted.
bool Walk::passed(const std::string& key) const {
  const std::string& start = options_.start_after;
  return key <= start && (key.back() != '/' || !start.starts_with(key));
}

bool Walk::subfolder(int parent, const std::string& name, const std::string& key) {
  FileDescriptor descriptor = open_at(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!descriptor && (errno == ENOENT || errno == ENOTDIR)) return true;  // removed since
  if (!descriptor) throw FileError(errno, "cannot open the directory", tree_.path_of(key));
  if (!options_.by_folder) return folder(std::move(descriptor), key, "");
  bool any = false;
  const std::function<bool(const ListPage&)> found = [&](const ListPage&) { return !(any = true); };
  const ListOptions plain;
  Walk probe(tree_, 1, plain, found);
  probe.folder(std::move(descriptor), key, "");
  if (any) page_.prefixes.push_back(key);
  return true;
}

bool Walk::flush() {
  if (page_.objects.empty() && page_.prefixes.empty()) return true;
  const ListPage page = std::exchange(page_, {});
  calling_ = true;
  const bool more = each_(page);
  calling_ = false;
  return more;
}

}  // namespace

void list_files(const FileTree& tree, const std::string& prefix, const ListOptions& options,
                const std::function<bool(const ListPage&)>& each) {
  const std::size_t slash = prefix.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
  const std::string start = prefix.substr(folder.size());
  // No key begins with what is not a path.
  const bool possible = folder.empty() || is_path_key(std::string_view(folder).substr(0, folder.size() - 1));
  Walk walk(tree, options.page_size.value_or(kPageSize), options, each);
  try {
    FileDescriptor directory =
        possible ? tree.open_folder(folder.substr(0, folder.empty() ? 0 : folder.size() - 1)) : tree.open_root();
    if (directory && possible && walk.folder(std::move(directory), folder, start)) walk.flush();
  } catch (const FileError& failure) {
    if (walk.calling()) throw;
    throw store_error(failure, "list", tree.root(), prefix);
  }
}

}  // namespace tapster
