// Uploads that nobody finished: the hidden files below a prefix.
#include "file/directory_stream.h"
#include "store/file/file_target.h"

#include <fcntl.h>

#include <cerrno>
#include <memory>

namespace tapster {
namespace {

// Where the key's last component begins in the name of an upload's file, if it is in there.
constexpr std::size_t kNoted = std::string_view(".tapster-upload-0123456789abcdef-").size();

struct Contents {
  std::vector<std::string> files;  // the hidden ones
  std::vector<std::string> folders;
};

// `folder` stays open.
Contents read_folder(int folder, const std::string& path) {
  FileDescriptor copy = open_at(folder, ".", O_RDONLY | O_DIRECTORY);
  const DirectoryStream directory(copy ? ::fdopendir(copy.get()) : nullptr);
  if (!directory) throw FileError(errno, "cannot read the directory", path);
  copy.release();  // closed with the stream
  Contents contents;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): this thread's own stream
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (name.starts_with(kTemporaryPrefix)) {
      contents.files.push_back(name);
    } else if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) {
      contents.folders.push_back(name);
    }
  }
  if (errno != 0) throw FileError(errno, "cannot read the directory", path);
  return contents;
}

// The folder's uploads whose keys begin with the prefix; folders that may hold more go to `pending`.
std::vector<UnfinishedUpload> uploads_in(const FileTree& tree, const std::string& folder, const std::string& prefix,
                                         std::vector<std::string>& pending) {
  std::vector<UnfinishedUpload> found;
  const FileDescriptor descriptor = tree.open_folder(folder);
  if (!descriptor) return found;  // removed since, or a file
  const std::string path = folder.empty() ? "" : folder + "/";
  const Contents contents = read_folder(descriptor.get(), tree.path_of(folder));
  for (const std::string& name : contents.folders) {
    const std::string below = path + name + "/";
    if (below.starts_with(prefix) || prefix.starts_with(below)) pending.push_back(path + name);
  }
  for (const std::string& name : contents.files) {
    struct stat status {};
    const std::string key = path + (name.size() > kNoted ? name.substr(kNoted) : "?");
    if (!key.starts_with(prefix) || !find_file(descriptor.get(), name, tree.path_of(key), status)) continue;
    found.push_back({{key, name, 0}, modified(status)});
  }
  return found;
}

}  // namespace

void FileStore::list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) {
  const std::size_t slash = prefix.rfind('/');
  std::vector<std::string> pending{slash == std::string::npos ? "" : prefix.substr(0, slash)};
  if (!pending.back().empty() && !is_path_key(pending.back())) return;
  while (!pending.empty()) {
    const std::string folder = pending.back();
    pending.pop_back();
    std::vector<UnfinishedUpload> found;
    try {
      found = uploads_in(tree_, folder, prefix, pending);
    } catch (const FileError& failure) {
      throw store_error(failure, "list_uploads", tree_.root(), prefix);
    }
    for (const UnfinishedUpload& upload : found) {
      if (!each(upload)) return;
    }
  }
}

std::optional<TimePoint> FileStore::newest_part(const UploadId& upload) {
  const Target target(tree_, "newest_part", upload.key);
  return target.guard([&]() -> std::optional<TimePoint> {
    const FileDescriptor folder = tree_.open_folder(target.folder());
    struct stat status {};
    if (!folder || !find_file(folder.get(), upload.id, target.path(), status)) return std::nullopt;
    return modified(status);
  });
}

}  // namespace tapster
