#include "wal/archive/local_wal_file.h"

#include "file/file.h"
#include "wal/segment_header.h"

#include <tapster/error.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kReadSize = std::size_t{256} << 10U;

struct stat stat_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw system_error(errno, "cannot read WAL file", path);
  return info;
}

bool must_not_be_empty(const WalName& name) {
  return name.kind() == WalName::Kind::segment || name.kind() == WalName::Kind::partial;
}

}  // namespace

class LocalWalFile::CheckedBody final : public Body {
 public:
  CheckedBody(const LocalWalFile& source, std::uint64_t offset, std::uint64_t length)
      : source_(source), file_(source.path_, offset, length) {}
  std::uint64_t size() const override { return file_.size(); }
  void rewind() override {
    file_.rewind();
    position_ = 0;
  }
  std::size_t read(std::span<std::byte> out) override {
    if (source_.stop_.stop_requested()) throw Interrupted();
    const std::size_t count = file_.read(out);
    position_ += count;
    if (position_ == size()) source_.check_unchanged();
    return count;
  }

 private:
  const LocalWalFile& source_;
  FileBody file_;
  std::uint64_t position_ = 0;
};

LocalWalFile::LocalWalFile(std::string path, const WalName& name, std::stop_token stop)
    : path_(std::move(path)), stop_(std::move(stop)) {
  first_seen_ = stat_of(path_);
  if (!S_ISREG(first_seen_.st_mode)) {
    throw error(ErrorKind::general, "cannot read WAL file {}: it is not a regular file", path_);
  }
  if (size() == 0 && must_not_be_empty(name)) {
    throw error(ErrorKind::general, "WAL file {} is empty: PostgreSQL writes no such segments, it was not archived",
                path_);
  }
}

void LocalWalFile::check_unchanged() const {
  const struct stat now = stat_of(path_);
  const auto times_differ = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
  };
  if (now.st_size != first_seen_.st_size || now.st_ino != first_seen_.st_ino ||
      times_differ(now.st_mtim, first_seen_.st_mtim)) {
    throw error(ErrorKind::general, "WAL file {} changed while it was read: only finished files can be archived",
                path_);
  }
}

std::optional<std::uint64_t> LocalWalFile::system_identifier() const {
  std::array<std::byte, kLongHeaderSize> bytes{};
  if (size() < bytes.size()) return std::nullopt;
  FileBody file(path_, 0, bytes.size());
  for (std::size_t filled = 0; filled < bytes.size();) filled += file.read(std::span(bytes).subspan(filled));
  const auto header = segment_header_in(bytes);
  if (!header || header->segment_size != size()) return std::nullopt;
  return header->system_identifier;
}

std::unique_ptr<Body> LocalWalFile::body(std::uint64_t offset, std::uint64_t length) const {
  return std::make_unique<CheckedBody>(*this, offset, std::min(length, size() - offset));
}

void LocalWalFile::stream_into(ByteSink& sink) const {
  const auto content = body(0, size());
  std::vector<std::byte> buffer(kReadSize);
  while (const std::size_t count = content->read(buffer)) sink.write(Bytes(buffer).first(count));
  sink.finish();
}

const ContentDigest& LocalWalFile::digest() {
  if (!digest_) {
    NullSink nowhere;
    ContentDigestSink hash(nowhere);
    stream_into(hash);
    digest_ = hash.digest();
  }
  return *digest_;
}

}  // namespace tapster
