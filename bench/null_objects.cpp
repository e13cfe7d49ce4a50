#include "null_objects.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <stdexcept>
#include <utility>

MappedFile::MappedFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) throw std::runtime_error(path + " cannot be read");
  size_ = static_cast<std::size_t>(status.st_size);
  void* const address = size_ == 0 ? nullptr : ::mmap(nullptr, size_, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  ::close(file);
  if (address == MAP_FAILED) throw std::runtime_error(path + " cannot be mapped");
  data_ = static_cast<const char*>(address);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

bool NullObjects::store(const std::string& key, Stored stored, bool only_if_absent) {
  if (only_if_absent && (stored_.contains(key) || files_.contains(key))) return false;
  stored_.insert_or_assign(key, std::move(stored));
  return true;
}

bool NullObjects::put(const std::string& key, std::uint64_t size, std::shared_ptr<const std::string> bytes,
                      std::string headers, bool only_if_absent) {
  Stored stored{size, std::nullopt, std::move(headers)};
  if (bytes) stored.bytes = Pieces{std::move(bytes)};
  const std::lock_guard lock(mutex_);
  return store(key, std::move(stored), only_if_absent);
}

std::string NullObjects::start_upload(std::string headers) {
  const std::lock_guard lock(mutex_);
  std::string upload = std::to_string(next_upload_++);
  uploads_[upload].headers = std::move(headers);
  return upload;
}

void NullObjects::put_part(const std::string& upload, int number, std::uint64_t size,
                           std::shared_ptr<const std::string> bytes) {
  Stored part{size, std::nullopt, {}};
  if (bytes) part.bytes = Pieces{std::move(bytes)};
  const std::lock_guard lock(mutex_);
  uploads_[upload].parts.insert_or_assign(number, std::move(part));
}

bool NullObjects::complete_upload(const std::string& key, const std::string& upload, bool only_if_absent) {
  const std::lock_guard lock(mutex_);
  Stored whole{0, Pieces{}, std::move(uploads_[upload].headers)};
  for (auto& [number, part] : uploads_[upload].parts) {
    whole.size += part.size;
    if (!part.bytes)
      whole.bytes.reset();
    else if (whole.bytes)
      whole.bytes->push_back(part.bytes->front());
  }
  uploads_.erase(upload);
  return store(key, std::move(whole), only_if_absent);
}

void NullObjects::abort_upload(const std::string& upload) {
  const std::lock_guard lock(mutex_);
  uploads_.erase(upload);
}

void NullObjects::remove(const std::string& key) {
  const std::lock_guard lock(mutex_);
  stored_.erase(key);
}

std::optional<NullObjects::Found> NullObjects::find(const std::string& key) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto stored = stored_.find(key); stored != stored_.end())
      return Found{stored->second.size, stored->second.bytes, {}, stored->second.headers};
  }
  const auto file = files_.find(key);
  if (file == files_.end()) return std::nullopt;
  return Found{file->second.bytes().size(), std::nullopt, file->second.bytes(), {}};
}

std::map<std::string, std::uint64_t> NullObjects::sizes() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> all;
  for (const auto& [key, file] : files_) all[key] = file.bytes().size();
  for (const auto& [key, stored] : stored_) all[key] = stored.size;
  return all;
}

std::string NullObjects::listing(const std::string& prefix, const std::string& delimiter) const {
  std::string entries;
  std::set<std::string> folders;
  std::size_t count = 0;
  for (const auto& [key, size] : sizes()) {
    if (!key.starts_with(prefix)) continue;
    const auto end = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    if (end != std::string::npos) {
      folders.insert(key.substr(0, end + delimiter.size()));
      continue;
    }
    ++count;
    entries.append("<Contents><Key>").append(key).append("</Key><Size>").append(std::to_string(size));
    entries.append(
        "</Size><ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>");
  }
  for (const auto& folder : folders)
    entries.append("<CommonPrefixes><Prefix>").append(folder).append("</Prefix></CommonPrefixes>");
  return "<?xml version=\"1.0\"?><ListBucketResult><Name>null</Name><Prefix>" + prefix +
         "</Prefix><MaxKeys>1000</MaxKeys><KeyCount>" + std::to_string(count + folders.size()) +
         "</KeyCount><IsTruncated>false</IsTruncated>" + entries + "</ListBucketResult>";
}
