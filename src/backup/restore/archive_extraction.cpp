#include "backup/restore/archive_extraction.h"

#include "base/thread_pool.h"
#include "codec/parallel/byte_queue.h"
#include "store/transfer/ranged_download.h"
#include "tar/tar_reader.h"

#include <tapster/log.h>

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace tapster {
namespace {

constexpr std::uint64_t kDownloadMemory = 48 << 20;  // bytes, over all archives
constexpr std::size_t kPieces = 4;                   // between decompression and writing, for each archive
constexpr std::size_t kPieceSize = 1 << 20;
constexpr int kAtOnce = 4;      // archives, by default
constexpr int kMostAtOnce = 8;  // archives: each has its own pieces and a decompressor

// Puts the object's name before complaints about its content.
class NamedContent final : public ByteSink {
 public:
  NamedContent(ByteSink& next, const std::string& object) : next_(next), object_(object) {}
  void write(Bytes data) override {
    guarded([&] { next_.write(data); });
  }
  void finish() override {
    guarded([&] { next_.finish(); });
  }

 private:
  template <typename Step>
  void guarded(const Step& step) {
    try {
      step();
    } catch (const FileError&) {
      throw;  // has the file's name, which matters more
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::general) throw;
      throw error(failure.kind(), "{}: {}", object_, failure.what());
    }
  }

  ByteSink& next_;
  const std::string& object_;
};

class Extraction {
 public:
  Extraction(ObjectStore& store, const std::string& folder, const RestorePlan& plan,
             const std::vector<FileDescriptor>& roots, const ExtractionOptions& options,
             const std::function<void(const std::string&)>& done, std::stop_token stop)
      : store_(store),
        folder_(folder),
        plan_(plan),
        roots_(roots),
        done_(done),
        forward_stop_(std::move(stop), [this] { stop_.request_stop(); }),
        downloads_(store, options.jobs, kDownloadMemory, stop_.get_token(), options.more_jobs) {
    if (options.write_back) write_back_.emplace();
  }

  ExtractionSummary run(int at_once);

 private:
  void work();
  void extract_set(std::size_t index);
  void extract(const BackupArchive& archive, Extractor& extractor);
  void decompress_and_extract(const std::string& key, const BackupArchive& archive, const std::string& object,
                              ByteSink& reader);
  bool is_done(const std::string& name) const {
    return std::find(plan_.marker.done.begin(), plan_.marker.done.end(), name) != plan_.marker.done.end();
  }

  ObjectStore& store_;
  const std::string& folder_;
  const RestorePlan& plan_;
  const std::vector<FileDescriptor>& roots_;
  const std::function<void(const std::string&)>& done_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_stop_;
  RangedDownloads downloads_;
  std::optional<WriteBack> write_back_;
  std::mutex mutex_;  // guards what follows
  std::size_t next_set_ = 0;
  std::exception_ptr failure_;  // the first
  ExtractionSummary summary_;
};

// The download and the decompressor in this thread, reading the archive and writing files in another.
void Extraction::decompress_and_extract(const std::string& key, const BackupArchive& archive, const std::string& object,
                                        ByteSink& reader) {
  ByteQueue queue(kPieces, kPieceSize);
  std::exception_ptr failure;
  {
    const std::jthread writer([&] {
      try {
        queue.drain(reader);
      } catch (const ByteQueue::Abandoned&) {  // the other side knows why
      } catch (...) {
        failure = std::current_exception();
      }
    });
    try {
      const auto decompressor = make_decompressor(archive.compression, queue);
      NamedContent named(*decompressor, object);
      downloads_.read(key, archive.size, named);
      named.finish();
    } catch (const ByteQueue::Abandoned&) {  // the writer failed
    } catch (...) {
      queue.fail();
      throw;
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void Extraction::extract(const BackupArchive& archive, Extractor& extractor) {
  const std::string key = folder_ + archive.name;
  const std::string object = store_.describe(key);
  log::info("extracting {} ({} bytes)", object, archive.size);
  TarReader tar(extractor);
  NamedContent reader(tar, object);
  if (archive.compression == Compression::none) {
    downloads_.read(key, archive.size, reader);
    reader.finish();
  } else {
    decompress_and_extract(key, archive, object, reader);
  }
  extractor.finish_directories();
}

void Extraction::extract_set(std::size_t index) {
  const RestoreTarget& target = plan_.targets[index];
  FileDescriptor root(::fcntl(roots_[index].get(), F_DUPFD_CLOEXEC, 0));
  if (!root) throw FileError(errno, "cannot open", target.directory);
  Extractor extractor(std::move(root), target.directory, !target.set.tablespace, write_back_ ? &*write_back_ : nullptr,
                      stop_.get_token());
  for (const BackupArchive& archive : target.set.archives) {
    if (is_done(archive.name)) {
      log::info("{} was extracted by an earlier attempt", archive.name);
      continue;
    }
    extract(archive, extractor);
    const std::lock_guard lock(mutex_);
    done_(archive.name);
  }
  const std::lock_guard lock(mutex_);
  summary_.files += extractor.files();
  summary_.bytes += extractor.bytes();
}

void Extraction::work() {
  try {
    for (;;) {
      std::size_t index = 0;
      {
        const std::lock_guard lock(mutex_);
        if (failure_ || next_set_ == plan_.targets.size()) return;
        index = next_set_++;
      }
      extract_set(index);
    }
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
    stop_.request_stop();
  }
}

ExtractionSummary Extraction::run(int at_once) {
  {
    ThreadPool others([this] { work(); });
    others.grow(static_cast<std::size_t>(at_once - 1));
    work();
  }
  if (failure_) std::rethrow_exception(failure_);
  return summary_;
}

}  // namespace

ExtractionSummary extract_archives(ObjectStore& store, const std::string& folder, const RestorePlan& plan,
                                   const std::vector<FileDescriptor>& roots, const ExtractionOptions& options,
                                   const std::function<void(const std::string&)>& done, std::stop_token stop) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // Archives of the original repeat in PGDATA's what belongs to a tablespace inside of it: one after the other then.
  const int at_once = plan.nested ? 1
                                  : std::min({options.more_jobs ? kAtOnce : options.jobs, cores, kMostAtOnce,
                                              static_cast<int>(plan.targets.size())});
  return Extraction(store, folder, plan, roots, options, done, std::move(stop)).run(at_once);
}

}  // namespace tapster
