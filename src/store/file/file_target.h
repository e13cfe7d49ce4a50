// What the operations of FileStore share: where a key is, and how a failure is reported.
#pragma once

#include "store/file/file_store.h"

#include <algorithm>
#include <vector>

namespace tapster {

class FileStore::Target {
 public:
  // Throws StoreError when the key cannot be a path below the root.
  Target(const FileTree& tree, const char* operation, const std::string& key)
      : tree_(tree), operation_(operation), key_(key) {
    if (!is_path_key(key)) {
      throw refusal(
          "InvalidKey",
          fmt::format("a key of the directory {} has no empty component, \".\", \"..\", NUL byte or name that "
                      "begins with {}: \"{}\"",
                      tree.root(), kTemporaryPrefix, key));
    }
    place_ = split_key(key);
  }

  const std::string& folder() const noexcept { return place_.folder; }
  const std::string& name() const noexcept { return place_.name; }
  std::string path() const { return tree_.path_of(key_); }

  StoreError refusal(const std::string& code, const std::string& message) const {
    return {ErrorKind::general, message, {operation_, code, 0, "", tree_.root(), key_}};
  }

  // Runs `work`, and turns a FileError into a StoreError. Not for work that calls a caller's body or
  // sink: their exceptions are to pass unchanged.
  template <typename Work>
  auto guard(Work work) const {
    try {
      return work();
    } catch (const FileError& failure) {
      throw store_error(failure, operation_, tree_.root(), key_);
    }
  }

  // Runs `work` again when another process found the directory empty and removed it meanwhile.
  template <typename Work>
  auto retry_vanished_folder(Work work) const {
    constexpr int kAttempts = 100;
    for (int attempt = 1;; ++attempt) {
      try {
        return work();
      } catch (const StoreError& failure) {
        const std::string& code = failure.details().code;
        if (attempt == kAttempts || failure.details().operation != operation_) throw;
        if (code != "ENOENT" && code != "ESTALE") throw;
      }
    }
  }

  // Rewinds the body and passes all of it to write(Bytes).
  template <typename Write>
  void copy(Body& body, Write write) const {
    constexpr std::size_t kBuffer = 256U << 10U;
    body.rewind();
    std::uint64_t total = body.contiguous().size();
    if (total != 0) {
      guard([&] { write(body.contiguous()); });
    } else {
      std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kBuffer, body.size() + 1)));
      while (const std::size_t count = body.read(buffer)) {
        guard([&] { write(Bytes(buffer).first(count)); });
        total += count;
      }
    }
    if (total != body.size()) {
      throw refusal("IncompleteBody",
                    fmt::format("{} bytes came for {} where {} were announced", total, path(), body.size()));
    }
  }

 private:
  const FileTree& tree_;
  const char* operation_;
  std::string key_;
  KeyPath place_;
};

}  // namespace tapster
