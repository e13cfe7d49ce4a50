#include "backup/copy/tree_copy.h"

#include "backup/copy/directory_walk.h"
#include "backup/copy/file_reader.h"
#include "backup/copy/hard_links.h"
#include "backup/copy/page_verifier.h"
#include "backup/copy/relation_name.h"
#include "codec/crc.h"
#include "crypto/digest.h"
#include "file/host_accounts.h"

#include <tapster/log.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace tapster {
namespace {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

constexpr std::size_t kLargestPage = 32 << 10;
constexpr std::size_t kReadSize = 8 * kLargestPage;  // what the cache of a core holds while it is looked at

// Times beyond what 64 bits of nanoseconds hold (1677 to 2262) become the nearest.
Time time_of(const struct timespec& time) {
  constexpr auto kMost = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds::max()).count() - 1;
  const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -kMost, kMost);
  return Time(std::chrono::seconds(seconds) + std::chrono::nanoseconds(time.tv_nsec));
}

// What tar lists for the root and for what lies directly in it.
std::string member_name(const std::string& folder, std::string_view name) {
  return folder.empty() ? "./" + std::string(name) : join_path(folder, name);
}

// It was something else, or there, a moment ago.
bool is_gone(int error_number) {
  return error_number == ENOENT || error_number == ELOOP || error_number == ENOTDIR || error_number == ENXIO;
}

// PostgreSQL itself makes, or its administrators are used to make, links to directories here.
bool is_usual_link(const std::string& folder, std::string_view name) {
  if (folder == "pg_tblspc") return true;
  return folder.empty() && (name == "pg_wal" || name == "pg_xlog" || name == "log" || name == "pg_log" ||
                            name == "pg_stat_tmp" || name == "pg_replslot");
}

bool is_relation_folder(std::string_view folder) {
  return folder == "global" || all_digits(folder.substr(folder.rfind('/') + 1));
}

// Where a file comes from, and as what it goes.
struct Origin {
  int directory;
  const char* name;
  int flags;             // of open
  std::string path;      // for messages
  std::string member;    // its name in the archive
  std::string reported;  // its name in the manifest
  std::optional<RelationName> relation;
};

}  // namespace

struct TreeCopier::State {
  State(ArchiveTarget& its_target, PageChecks its_checks, FileReport its_report, std::stop_token its_stop)
      : target(its_target),
        checks(its_checks),
        report(std::move(its_report)),
        stop(std::move(its_stop)),
        buffer(kReadSize) {}

  ArchiveTarget& target;
  PageChecks checks;
  FileReport report;
  std::stop_token stop;
  CopySummary summary;
  HostAccounts accounts;
  HardLinks links;
  std::vector<std::byte> buffer;

  void check_stop() const {
    if (stop.stop_requested()) throw error(ErrorKind::operation, "the backup was interrupted");
  }

  TarMember member_of(const struct stat& status, std::string name, TarMember::Type type) {
    TarMember member;
    member.name = std::move(name);
    member.type = type;
    member.mode = status.st_mode & 07777;
    member.uid = status.st_uid;
    member.gid = status.st_gid;
    member.user = accounts.user_name(status.st_uid);
    member.group = accounts.group_name(status.st_gid);
    member.size = type == TarMember::Type::file ? static_cast<std::uint64_t>(status.st_size) : 0;
    member.mtime = time_of(status.st_mtim);
    return member;
  }

  TarWriter& writer_for(const TarMember& member) {
    check_stop();
    TarWriter& tar = target.writer_for(tar_member_bound(member));
    if (tar.members() == 0) links.clear();
    return tar;
  }

  void add_without_content(const TarMember& member) {
    TarWriter& tar = writer_for(member);
    tar.begin(member);
    tar.end();
  }

  void add_report(const CopiedFile& file) {
    ++summary.files;
    summary.bytes += file.size;
    if (report) report(file);
  }

  bool copy(const Origin& origin);
  std::uint32_t copy_content(TarWriter& tar, const Origin& origin, int file, std::uint64_t size);
};

// False: it has vanished.
bool TreeCopier::State::copy(const Origin& origin) {
  // Without O_NONBLOCK, what has meanwhile become a FIFO would wait for a writer.
  const FileDescriptor file = open_at(origin.directory, origin.name, origin.flags | O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && is_gone(errno)) return false;
  if (!file) throw FileError(errno, "cannot open", origin.path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw FileError(errno, "cannot stat", origin.path);
  if (!S_ISREG(status.st_mode)) return false;

  TarMember member = member_of(status, origin.member, TarMember::Type::file);
  TarWriter& tar = writer_for(member);
  CopiedFile copied{origin.reported, member.size, std::chrono::floor<std::chrono::seconds>(member.mtime), 0};
  if (const HardLinks::First* const first = links.find(status)) {
    member.type = TarMember::Type::hard_link;
    member.size = 0;
    member.link = first->member;
    tar.begin(member);
    tar.end();
    copied = first->file;
    copied.path = origin.reported;
    add_report(copied);
    return true;
  }
  tar.begin(member);
  copied.crc32c = copy_content(tar, origin, file.get(), member.size);
  tar.end();
  links.remember(status, origin.member, copied);
  add_report(copied);
  return true;
}

// Returns the CRC-32C of what was stored.
std::uint32_t TreeCopier::State::copy_content(TarWriter& tar, const Origin& origin, int file, std::uint64_t size) {
  std::optional<PageVerifier> pages;
  if (checks.enabled && origin.relation) pages.emplace(checks, file, origin.path, origin.relation->segment);
  FileReader reader(file, origin.path, size);
  std::uint32_t crc = 0;
  std::uint64_t offset = 0;
  for (;;) {
    const std::span<std::byte> room = tar.room();
    std::size_t in_place = std::min(room.size(), kReadSize);
    if (in_place < size - offset) in_place -= in_place % kLargestPage;  // whole pages, for the checks
    const std::span<std::byte> out =
        in_place != 0 ? room.first(in_place) : std::span(buffer).first(room.empty() ? kReadSize : kLargestPage);
    const std::size_t count = reader.read(out);
    if (count == 0) break;
    check_stop();
    const Bytes piece = out.first(count);
    crc = crc32c(crc, piece);
    if (pages) pages->check(offset, piece);
    if (in_place != 0) {
      tar.filled(count);
    } else {
      tar.write(piece);
    }
    offset += count;
  }
  if (pages) summary.bad_pages += pages->finish();
  if (reader.shrank()) log::debug("{} became shorter while it was copied: filled with zeros", origin.path);
  return crc;
}

namespace {

// Turns what the walk finds into members.
class TreeVisitor final : public WalkVisitor {
 public:
  TreeVisitor(TreeCopier::State& copier, const TreeSource& source) : copier_(copier), source_(source) {}

  void directory(const std::string& path, const struct stat& status) override {
    copier_.add_without_content(copier_.member_of(status, path.empty() ? "." : path, TarMember::Type::directory));
  }
  void vanished() override { ++copier_.summary.vanished; }

  void entry(const WalkEntry& entry) override {
    copier_.check_stop();
    switch (entry.type) {
      case DT_REG:
        return file(entry);
      case DT_LNK:
        return link(entry);
      case DT_FIFO:
        return fifo(entry);
      case DT_SOCK:
        return;
      default:
        log::warning("{} is a device: it is not in the backup", path_of(entry));
    }
  }

 private:
  std::string path_of(const WalkEntry& entry) const {
    return join_path(source_.root, join_path(entry.folder, entry.name));
  }

  void file(const WalkEntry& entry) {
    Origin origin{entry.directory,
                  entry.name,
                  O_NOFOLLOW,
                  path_of(entry),
                  member_name(entry.folder, entry.name),
                  source_.manifest_prefix + join_path(entry.folder, entry.name),
                  std::nullopt};
    if (is_relation_folder(entry.folder)) origin.relation = parse_relation_name(entry.name);
    if (!copier_.copy(origin)) vanished();
  }

  // Of the entry itself; nullopt: it has vanished.
  std::optional<struct stat> status_of(const WalkEntry& entry) {
    struct stat status {};
    if (::fstatat(entry.directory, entry.name, &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
    if (!is_gone(errno)) throw FileError(errno, "cannot stat", path_of(entry));
    vanished();
    return std::nullopt;
  }

  void fifo(const WalkEntry& entry) {
    if (const auto status = status_of(entry))
      copier_.add_without_content(
          copier_.member_of(*status, member_name(entry.folder, entry.name), TarMember::Type::fifo));
  }

  void link(const WalkEntry& entry) {
    struct stat target {};
    if (::fstatat(entry.directory, entry.name, &target, 0) == 0 && S_ISDIR(target.st_mode)) {
      if (!is_usual_link(entry.folder, entry.name))
        log::warning("{} is a symbolic link to a directory: neither is in the backup", path_of(entry));
      return;
    }
    const auto status = status_of(entry);
    if (!status) return;
    std::string text(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(entry.directory, entry.name, text.data(), text.size());
    if (length < 0 && (is_gone(errno) || errno == EINVAL)) return vanished();
    if (length < 0) throw FileError(errno, "cannot read the symbolic link", path_of(entry));
    text.resize(static_cast<std::size_t>(length));
    TarMember member = copier_.member_of(*status, member_name(entry.folder, entry.name), TarMember::Type::symlink);
    member.link = std::move(text);
    copier_.add_without_content(member);
  }

  TreeCopier::State& copier_;
  const TreeSource& source_;
};

}  // namespace

TreeCopier::TreeCopier(ArchiveTarget& target, PageChecks checks, FileReport report, std::stop_token stop)
    : state_(std::make_unique<State>(target, checks, std::move(report), std::move(stop))) {}

TreeCopier::~TreeCopier() = default;

void TreeCopier::copy_tree(const TreeSource& source) {
  TreeVisitor visitor(*state_, source);
  DirectoryWalk(source, visitor).run();
}

bool TreeCopier::copy_file(const std::string& path, const std::string& name) {
  return state_->copy({AT_FDCWD, path.c_str(), 0, path, name, name, std::nullopt});
}

void TreeCopier::add_text(const std::string& name, std::string_view text, const std::string& like, Time mtime) {
  struct stat status {};
  if (::stat(like.c_str(), &status) != 0) throw FileError(errno, "cannot stat", like);
  TarMember member = state_->member_of(status, name, TarMember::Type::file);
  member.mode = 0600;
  member.size = text.size();
  member.mtime = mtime;
  TarWriter& tar = state_->writer_for(member);
  tar.begin(member);
  tar.write(as_bytes(text));
  tar.end();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(mtime);
  state_->add_report({name, text.size(), seconds, crc32c(0, as_bytes(text))});
}

const CopySummary& TreeCopier::summary() const noexcept { return state_->summary; }

}  // namespace tapster
