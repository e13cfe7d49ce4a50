// Writing what is in a tar archive into a directory.
#pragma once

#include "backup/restore/target_tree.h"
#include "file/host_accounts.h"
#include "file/write_back.h"
#include "tar/tar_reader.h"

#include <map>
#include <stop_token>
#include <string>

namespace tapster {

// While a restore is under way, PostgreSQL must not find its control file.
inline constexpr const char* kControlFile = "global/pg_control";
inline constexpr const char* kHiddenControlFile = "global/.tapster-pg_control";
// In the root of PGDATA, see restore_marker.h. A member of this name is left out.
inline constexpr const char* kRestoreMarkerName = ".tapster-restore";

// Fills one tree from one archive after the other. Whatever an archive holds, nothing outside of the tree is written,
// no symbolic link is followed, existing names are replaced and not written into, and devices are refused (Error,
// general). Modes and times are restored, owners when running as root. The files are not synced. Not thread-safe.
class Extractor final : public TarVisitor {
 public:
  // `is_pgdata`: global/pg_control is written as kHiddenControlFile; a backup_label that belongs to root
  // gets the owner of PGDATA and mode 0600 (the original's archives have it wrong). `write_back`
  // (borrowed) is told what is written; null when no sync follows.
  Extractor(FileDescriptor root, const std::string& path, bool is_pgdata, WriteBack* write_back, std::stop_token stop);

  void begin(const TarMember& member) override;
  void content(Bytes data) override;
  void end() override;

  // The end of an archive: gives directories, whose content is complete now, their owners, modes and times.
  void finish_directories();

  TargetTree& tree() noexcept { return tree_; }
  std::uint64_t files() const noexcept { return files_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Attributes {
    uid_t user = 0;
    gid_t group = 0;
    mode_t mode = 0;
    timespec mtime{};
  };
  Attributes attributes_of(const TarMember& member, const std::string& path);
  std::string stored_path(const std::string& name) const;
  void create_file();
  void create_hard_link(const TarMember& member);
  void create_symlink(const TarMember& member);
  void create_fifo();
  template <typename Create>
  void create(const char* what, const Create& create);
  void set_attributes(int file, const Attributes& attributes, const std::string& path) const;
  void set_attributes_of_name(int directory, const std::string& name, bool with_mode) const;

  TargetTree tree_;
  bool is_pgdata_;
  WriteBack* write_back_;
  bool is_root_;
  std::stop_token stop_;
  HostAccounts accounts_;
  std::map<std::string, Attributes> directories_;
  // The current member.
  std::string path_;
  Attributes attributes_;
  FileDescriptor file_;
  std::uint64_t written_ = 0, written_back_ = 0;
  std::uint64_t files_ = 0, bytes_ = 0;
};

}  // namespace tapster
