// A directory as an object store: the file system's own atomicity and durability.
//
// A key is a path below the root. Directories are made with mode 0700 and files with 0600;
// a directory that removing left empty goes too. Symbolic links below the root are never
// followed: a key that leads through one is an error. A file is written without a name (or under a
// temporary one, see file/atomic_file.h) and linked when it is durable, so readers see all of
// it or nothing, and several writers on several hosts may share the directory. Temporary
// files that a crash left, ".tapster-*", are invisible and may be deleted.
//
// There are no tags and no metadata, and entity tags are empty. Errors are StoreErrors with
// the system's error name ("ENOSPC") as their code; a root that does not exist is an error of
// kind general for everything but container_exists and create_container, never an absence.
#pragma once

#include "store/file/file_tree.h"

#include <tapster/object_store.h>

namespace tapster {

class FileStore final : public ObjectStore {
 public:
  struct Options {
    bool unnamed_files = true;  // false: never O_TMPFILE
  };

  // `root` is absolute. Nothing is opened before it is used.
  explicit FileStore(std::string root);
  FileStore(std::string root, Options options);

  std::optional<ObjectStat> stat(const std::string& key) override;
  std::optional<ObjectStat> get(const std::string& key, ByteSink& sink, const GetOptions& options) override;
  PutResult put(const std::string& key, Body& body, const PutOptions& options) override;
  void list(const std::string& prefix, const ListOptions& options,
            const std::function<bool(const ListPage&)>& each) override;
  std::vector<RemoveFailure> remove(const std::vector<std::string>& keys) override;

  // The parts are written into one hidden file beside the final name; an upload that is
  // neither completed nor aborted leaves it. list_uploads finds these files, and those that a killed put
  // left, by the time of their last change.
  UploadId begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) override;
  UploadedPart upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop = {}) override;
  PutResult complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                            const PutOptions& options) override;
  void abort_upload(const UploadId& upload) noexcept override;

  void list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) override;
  std::optional<TimePoint> newest_part(const UploadId& upload) override;

  bool container_exists() override;
  void create_container() override;

  StoreLimits limits() const override;
  StoreCapabilities capabilities() const override { return {.create_only = CreateOnly::honoured}; }
  std::string identity() const override { return describe(""); }
  std::string describe(const std::string& key) const override { return "file://" + tree_.path_of(key); }

 private:
  // What one operation knows of its key: the place, and how a failure is reported.
  class Target;
  template <typename Work>
  auto guard_root(const char* operation, Work work) const;
  PutResult put_once(const Target& target, Body& body, const PutOptions& options);

  FileTree tree_;
  Options options_;
};

}  // namespace tapster
