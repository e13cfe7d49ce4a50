// What the null store knows of objects.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

// A file in the page cache, mapped. Throws std::runtime_error when it cannot be.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

// Files that are handed out, and the names and sizes of what was put. Small bodies are kept with their bytes, so
// that what a client stores about its objects can be read again; those of larger ones are dropped. Thread-safe.
class NullObjects {
 public:
  static constexpr std::size_t kKept = 64 * 1024;  // bytes of a body that is kept

  void add_file(const std::string& key, const std::string& path) {
    files_.emplace(key, path);
  }  // before any other call

  void put(const std::string& key, std::uint64_t size, std::string bytes);
  // Uploads in parts: a part that is sent again replaces the one before.
  std::string start_upload();
  void put_part(const std::string& upload, const std::string& number, std::uint64_t size);
  void complete_upload(const std::string& key, const std::string& upload);
  void remove(const std::string& key);

  struct Found {
    std::uint64_t size = 0;
    std::optional<std::string> kept;  // the bytes of what was put
    std::string_view file;            // those of a file, which live as long as this object
  };
  std::optional<Found> find(const std::string& key) const;

  // The answer to ListObjectsV2, on one page whatever its length.
  std::string listing(const std::string& prefix, const std::string& delimiter) const;

 private:
  struct Stored {
    std::uint64_t size = 0;
    std::optional<std::string> bytes;
  };
  std::map<std::string, std::uint64_t> sizes() const;

  std::map<std::string, MappedFile> files_;
  mutable std::mutex mutex_;
  std::map<std::string, Stored> stored_;
  std::map<std::string, std::map<std::string, std::uint64_t>> uploads_;
  std::uint64_t next_upload_ = 1;
};
