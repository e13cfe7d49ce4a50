#include "wal/download/wal_download.h"

#include "wal/download/wal_reading.h"

#include <tapster/error.h>

#include <utility>

namespace tapster {
namespace {

// How often an object may be listed and be gone when it is read.
constexpr int kAttempts = 4;

// A pass-through that calls `on_bytes` for every piece.
class ProgressSink final : public ByteSink {
 public:
  ProgressSink(ByteSink& next, const std::function<void()>& on_bytes) : next_(next), on_bytes_(on_bytes) {}
  void write(Bytes data) override {
    if (on_bytes_) on_bytes_();
    next_.write(data);
  }
  void finish() override { next_.finish(); }

 private:
  ByteSink& next_;
  const std::function<void()>& on_bytes_;
};

class WalFileDownload {
 public:
  WalFileDownload(ObjectStore& store, const ArchiveLayout& layout, LastForm* form, const WalDownloadOrder& order)
      : store_(store), layout_(layout), form_(form), order_(order) {}

  // How a WAL file's absence is decided: only by a listing of everything that begins with its key. It must be complete,
  // and hold no form of the file that this restorer can read (find_wal_objects). A listing that fails or is refused is
  // an error; so is an object that is listed and cannot be read. That the store answers "not found" for the expected
  // form decides nothing. Absence is never remembered.
  std::optional<DownloadedWalFile> run() {
    if (form_ != nullptr && order_.name.kind() == WalName::Kind::segment) {
      if (const auto form = form_->get()) {
        const WalObject expected{layout_.wal_key(order_.name, *form), *form};
        if (auto done = fetch(expected)) return done;
      }
    }
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (order_.stop.stop_requested()) throw Interrupted();
      const auto objects = find_wal_objects(store_, layout_, order_.name, order_.fallback);
      if (objects.empty()) return std::nullopt;
      if (auto done = fetch(objects.front())) return done;
    }
    throw error(ErrorKind::general, "{} is listed but cannot be read: is somebody else writing to it or deleting it?",
                store_.describe(layout_.wal_key(order_.name)));
  }

 private:
  // nullopt: the object is not there; or it was not listed, is no whole segment and has no recorded checksum, so that
  // the size in a listing has to confirm it.
  std::optional<DownloadedWalFile> fetch(const WalObject& object) {
    AtomicFile file = order_.new_file();
    SegmentHeaderSink header(file, [&](std::uint32_t segment_size) {
      if (object.partial) return;
      remember(object);  // before a fetcher is started, which reads it
      if (order_.on_segment_size) order_.on_segment_size(segment_size);
    });
    ProgressSink sink(header, order_.on_bytes);
    const auto evidence = read_verified_wal_object(store_, object, sink, order_.stop);
    if (!evidence) return std::nullopt;
    const bool whole = header.segment_size() == header.bytes();
    if (!whole && !object.size && evidence == Evidence::length) return std::nullopt;
    if (!whole && order_.only_whole) {
      throw error(ErrorKind::general, "{} is no whole segment", store_.describe(object.key));
    }
    // A restored WAL file gets its final name here, after its content was verified. AtomicFile syncs the file, names it
    // and syncs the directory, except where the server does that itself (is_synced_by_server in wal_restore.cpp).
    // A segment out of the spool got its name in the spool here, and is renamed by Spool::move_out.
    file.commit_replace();
    remember(object);
    return DownloadedWalFile{object.key, header.bytes(), header.segment_size()};
  }

  void remember(const WalObject& object) {
    if (form_ == nullptr || object.partial || order_.name.kind() != WalName::Kind::segment) return;
    form_->set(object.compression);
  }

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  LastForm* form_;
  const WalDownloadOrder& order_;
};

}  // namespace

std::optional<DownloadedWalFile> download_wal_file(ObjectStore& store, const ArchiveLayout& layout, LastForm* form,
                                                   const WalDownloadOrder& order) {
  return WalFileDownload(store, layout, form, order).run();
}

}  // namespace tapster
