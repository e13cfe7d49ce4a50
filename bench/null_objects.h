// What the null store knows of objects.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// The bytes of a body or of the parts of one, in order; shared, so that they outlive their object while they are sent.
using Pieces = std::vector<std::shared_ptr<const std::string>>;

// Files that are handed out, and the names, headers and sizes of what was put. Bodies of up to `kept` bytes stay in
// memory with their bytes, so that they can be read again; those of larger ones are dropped. Thread-safe.
class NullObjects {
 public:
  void keep(std::uint64_t bytes) { kept_ = bytes; }                                              // before any other
  void add_file(const std::string& key, const std::string& path) { files_.emplace(key, path); }  // call

  bool keeps(std::uint64_t size) const { return size <= kept_; }

  // `bytes`: null for one that is not kept; `headers`: whole lines that go with it. False: it is there, and was to be
  // made only when absent.
  bool put(const std::string& key, std::uint64_t size, std::shared_ptr<const std::string> bytes, std::string headers,
           bool only_if_absent);
  // Uploads in parts: a part that is sent again replaces the one before.
  std::string start_upload(std::string headers);
  void put_part(const std::string& upload, int number, std::uint64_t size, std::shared_ptr<const std::string> bytes);
  bool complete_upload(const std::string& key, const std::string& upload, bool only_if_absent);
  void abort_upload(const std::string& upload);
  void remove(const std::string& key);

  struct Found {
    std::uint64_t size = 0;
    std::optional<Pieces> kept;  // the bytes of what was put
    std::string_view file;       // those of a file, which live as long as this object
    std::string headers;
  };
  std::optional<Found> find(const std::string& key) const;

  // The answer to ListObjectsV2, on one page whatever its length.
  std::string listing(const std::string& prefix, const std::string& delimiter) const;

 private:
  struct Stored {
    std::uint64_t size = 0;
    std::optional<Pieces> bytes;
    std::string headers;
  };
  struct Upload {
    std::map<int, Stored> parts;
    std::string headers;
  };
  bool store(const std::string& key, Stored stored, bool only_if_absent);  // with mutex_ held
  std::map<std::string, std::uint64_t> sizes() const;

  std::uint64_t kept_ = std::uint64_t{64} * 1024;
  std::map<std::string, MappedFile> files_;
  mutable std::mutex mutex_;
  std::map<std::string, Stored> stored_;
  std::map<std::string, Upload> uploads_;
  std::uint64_t next_upload_ = 1;
};
