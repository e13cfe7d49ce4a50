// Multipart uploads into one hidden file: part n lies at (n - 1) * part_size.
//
// An upload keeps nothing in memory. Its id is the file's name, and a part's etag says what
// upload_part wrote, so that complete_upload can tell that all parts are there.
#include "file/atomic_file.h"
#include "store/file/file_target.h"

#include <tapster/log.h>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::string_view kUploadPrefix = ".tapster-upload-";
constexpr std::string_view kPutPrefix = ".tapster-new-";

// The file that a killed put left behind is aborted as an upload is.
bool is_upload_id(const std::string& id) {
  return (id.starts_with(kUploadPrefix) || id.starts_with(kPutPrefix)) && id.find('/') == std::string::npos &&
         id.find('\0') == std::string::npos;
}

// ".tapster-upload-", 16 digits and, where the name has room, the key's last component, for list_uploads.
std::string upload_name(const std::string& name) {
  const std::string id = temporary_name("upload");
  return id.size() + 1 + name.size() > NAME_MAX ? id : id + "-" + name;
}

std::string etag_of(const UploadId& upload, int number, std::uint64_t size) {
  return fmt::format("{}:{}:{}", upload.id, number, size);
}

// The size that the parts add up to; nullopt when one is missing, is not of this upload, or
// is too short. Their order does not matter.
std::optional<std::uint64_t> whole_size(const UploadId& upload, std::vector<UploadedPart> parts) {
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].etag != etag_of(upload, static_cast<int>(i + 1), parts[i].size)) return std::nullopt;
    if (parts[i].size != upload.part_size && i + 1 != parts.size()) return std::nullopt;
    size += parts[i].size;
  }
  return parts.empty() ? std::nullopt : std::optional(size);
}

// The upload's file; empty when there is none.
FileDescriptor open_upload(int folder, const UploadId& upload, const std::string& path) {
  if (!is_upload_id(upload.id)) return {};
  FileDescriptor file = open_at(folder, upload.id.c_str(), O_WRONLY | O_NOFOLLOW);
  if (!file && errno != ENOENT) throw FileError(errno, "cannot open the upload of", path);
  return file;
}

}  // namespace

UploadId FileStore::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions&) {
  const Target target(tree_, "begin_upload", key);
  if (part_size == 0 || part_size > limits().max_part_size) {
    throw target.refusal("InvalidPart", fmt::format("parts of {} bytes are not possible", part_size));
  }
  return target.retry_vanished_folder([&] {
    return target.guard([&]() -> UploadId {
      const FileDescriptor folder = tree_.make_folder(target.folder());
      const std::string id = upload_name(target.name());
      if (!open_at(folder.get(), id.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)) {
        throw FileError(errno, "cannot create", target.path());
      }
      return {key, id, part_size};
    });
  });
}

UploadedPart FileStore::upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  const Target target(tree_, "upload_part", upload.key);
  if (number < 1 || number > limits().max_parts || body.size() > upload.part_size) {
    throw target.refusal("InvalidPart",
                         fmt::format("part {} of {} bytes is not possible in an upload of {} with parts of {}", number,
                                     body.size(), target.path(), upload.part_size));
  }
  const FileDescriptor file = target.guard([&]() -> FileDescriptor {
    const FileDescriptor folder = tree_.open_folder(target.folder());
    if (!folder) return {};
    return open_upload(folder.get(), upload, target.path());
  });
  if (!file) throw target.refusal("NoSuchUpload", fmt::format("the upload of {} does not exist", target.path()));
  const std::uint64_t begin = static_cast<std::uint64_t>(number - 1) * upload.part_size;
  std::uint64_t position = begin;
  target.copy(body, [&](Bytes data) {
    if (stop.stop_requested()) throw Interrupted();
    write_at(file.get(), position, data, target.path());
    position += data.size();
  });
  start_write_back(file.get(), begin, position - begin);
  return {number, etag_of(upload, number, body.size()), "", body.size()};
}

PutResult FileStore::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                     const PutOptions& options) {
  const Target target(tree_, "complete_upload", upload.key);
  const std::string path = target.path();
  return target.guard([&] {
    const FileDescriptor folder = tree_.open_folder(target.folder());
    const FileDescriptor file = folder ? open_upload(folder.get(), upload, path) : FileDescriptor();
    if (!file) throw target.refusal("NoSuchUpload", fmt::format("the upload of {} does not exist", path));
    const std::optional<std::uint64_t> size = whole_size(upload, parts);
    const std::uint64_t written = size_of(file.get(), path);
    if (!size || *size > written) {
      throw target.refusal("InvalidPart", fmt::format("a part of the upload of {} is missing or too short", path));
    }
    // Longer when a part was sent that is not to be in the object.
    if (*size < written && ::ftruncate(file.get(), static_cast<off_t>(*size)) != 0) {
      throw FileError(errno, "cannot truncate", path);
    }
    sync_file(file.get(), path);
    if (!options.if_absent()) {
      publish_replace(folder.get(), upload.id, target.name(), path);
    } else if (!publish_new(folder.get(), upload.id, target.name(), path)) {
      require_file(folder.get(), target.name(), path);
      ::unlinkat(folder.get(), upload.id.c_str(), 0);
      return PutResult::already_exists;
    }
    return PutResult::created;
  });
}

void FileStore::abort_upload(const UploadId& upload) noexcept {
  try {
    const Target target(tree_, "abort_upload", upload.key);
    if (!is_upload_id(upload.id)) return;
    const FileDescriptor folder = tree_.open_folder(target.folder());
    if (!folder) return;
    if (::unlinkat(folder.get(), upload.id.c_str(), 0) != 0 && errno != ENOENT) {
      throw FileError(errno, "cannot delete the upload of", target.path());
    }
    tree_.prune(target.folder());
  } catch (const std::exception& failure) {
    log::write(log::Level::warning, failure.what());
  }
}

}  // namespace tapster
