// usage: copy-tree ROOT [ARCHIVE [MANIFEST]]
//
// Copies a data directory into one tar archive (or nowhere), verifying its pages, and says what that took: what
// reading costs without compression and upload.
#include "backup/copy/backup_manifest.h"
#include "backup/copy/tree_copy.h"

#include <tapster/error.h>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>

using namespace tapster;

namespace {

class FileSink final : public ByteSink {
 public:
  explicit FileSink(const char* path) : file_(path, std::ios::binary) {}
  void write(Bytes data) override {
    file_.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  }
  void finish() override {
    file_.close();
    if (!file_) throw error(ErrorKind::general, "cannot write");
  }

 private:
  std::ofstream file_;
};

class OneArchive final : public ArchiveTarget {
 public:
  explicit OneArchive(ByteSink& sink) : tar_(sink) {}
  TarWriter& writer_for(std::uint64_t) override { return tar_; }
  void finish() { tar_.finish(); }
  std::uint64_t written() const { return tar_.written(); }

 private:
  TarWriter tar_;
};

std::unique_ptr<ByteSink> sink_for(const char* path) {
  if (path == nullptr) return std::make_unique<NullSink>();
  return std::make_unique<FileSink>(path);
}

int run(int count, char** arguments) {
  const auto begin = std::chrono::steady_clock::now();
  const auto archive = sink_for(count > 2 ? arguments[2] : nullptr);
  const auto list = sink_for(count > 3 ? arguments[3] : nullptr);
  OneArchive target(*archive);
  ManifestWriter manifest(*list, 150000, "0");
  SystemClock clock;
  PageChecks checks;
  checks.enabled = true;
  checks.start_lsn = ~std::uint64_t{0};
  checks.clock = &clock;
  TreeCopier copier(target, checks, [&](const CopiedFile& file) { manifest.add(file); }, {});
  TreeSource source;
  source.root = arguments[1];
  copier.copy_tree(source);
  copier.copy_file(source.root + "/global/pg_control", "global/pg_control");
  target.finish();
  manifest.finish(1, 0, 0);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%llu files, %.1f MB in %.2f s: %.0f MB/s; %llu bad pages, %llu vanished; user %.2f s, system %.2f s, "
      "peak %.1f MiB\n",
      static_cast<unsigned long long>(copier.summary().files), static_cast<double>(target.written()) / 1e6,
      time.count(), static_cast<double>(target.written()) / 1e6 / time.count(),
      static_cast<unsigned long long>(copier.summary().bad_pages),
      static_cast<unsigned long long>(copier.summary().vanished),
      static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6,
      static_cast<double>(usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_stime.tv_usec) / 1e6,
      static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: copy-tree ROOT [ARCHIVE [MANIFEST]]\n", stderr);
    return 3;
  }
  try {
    return run(count, arguments);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
