// New files that appear whole or not at all.
#pragma once

#include "file/file.h"

#include <tapster/byte_sink.h>

namespace tapster {

// Gives a finished file in the open directory `directory` its final name and syncs the
// directory; the file must have been synced. publish_replace replaces what has the name.
// publish_new never does: it returns false when something has the name. The directory is synced
// then too, so that a caller that finds its own earlier file there may rely on it. Both throw
// FileError, and leave `temporary` in place when they throw or return false.
void publish_replace(int directory, const std::string& temporary, const std::string& name, const std::string& path);
bool publish_new(int directory, const std::string& temporary, const std::string& name, const std::string& path);

// ".tapster-KIND-" and 16 random hexadecimal digits: no reader takes it for a segment, no
// store for a key.
std::string temporary_name(const std::string& kind);

// Starts to write back what was written there, without waiting, so that a later sync is
// short. Only a hint.
void start_write_back(int file, std::uint64_t offset, std::uint64_t length) noexcept;

// A file being written beside its final name. It has no name at all until it is committed
// (O_TMPFILE), so even SIGKILL leaves nothing behind; where the file system cannot do that,
// or cannot link such a file, it is a temporary name that only SIGKILL or a crash can leave.
//
// Committing syncs the file, publishes it and syncs the directory (if durable). Every method throws
// FileError; nothing new is under the final name then, except when a name was replaced and
// the directory could not be synced. Destroyed uncommitted, it leaves nothing behind. Not
// thread-safe.
class AtomicFile final : public ByteSink {
 public:
  struct Options {
    mode_t mode = 0600;   // less the umask
    bool unnamed = true;  // false: use a temporary name from the start
    bool durable = true;  // false: commit_replace syncs nothing; a crash may leave the file empty
  };

  explicit AtomicFile(const std::string& path);
  AtomicFile(const std::string& path, Options options);
  // In an open directory, which must outlive this; `path` is for messages.
  AtomicFile(int directory, const std::string& name, const std::string& path, Options options);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() override;

  void write(Bytes data) override;

  void commit_replace();  // whatever has the name is replaced
  bool commit_new();      // false: the name is taken, and what has it stays untouched
  void finish() override { commit_replace(); }

 private:
  void open();
  void open_named();
  bool link_as(const std::string& name);
  void name_it();

  FileDescriptor own_directory_;
  int directory_;
  std::string name_;
  std::string path_;
  Options options_;
  FileDescriptor file_;
  std::string temporary_;  // empty: the file has no name
  std::uint64_t size_ = 0;
  std::uint64_t written_back_ = 0;
};

}  // namespace tapster
