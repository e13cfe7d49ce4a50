#include "wal/download/wal_download.h"

#include "wal/download/wal_reading.h"

#include <tapster/error.h>

#include <utility>

namespace tapster {
namespace {

// How often an object may be listed and then be gone.
constexpr int kAttempts = 4;

// A pass-through that tells of every piece.
class MovementSink final : public ByteSink {
 public:
  MovementSink(ByteSink& next, const std::function<void()>& moved) : next_(next), moved_(moved) {}
  void write(Bytes data) override {
    if (moved_) moved_();
    next_.write(data);
  }
  void finish() override { next_.finish(); }

 private:
  ByteSink& next_;
  const std::function<void()>& moved_;
};

class WalFileDownload {
 public:
  WalFileDownload(ObjectStore& store, const ArchiveLayout& layout, LastForm* form, const WalDownloadOrder& order)
      : store_(store), layout_(layout), form_(form), order_(order) {}

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
  // nullopt: it is not there, or not listed and nothing but its length speaks for it, which a listing can confirm.
  std::optional<DownloadedWalFile> fetch(const WalObject& object) {
    AtomicFile file = order_.new_file();
    SegmentHeaderSink header(file, [&](std::uint32_t segment_size) {
      if (object.partial) return;
      remember(object);  // a fetcher that is started now is to know it
      if (order_.begun) order_.begun(segment_size);
    });
    MovementSink sink(header, order_.moved);
    const auto evidence = read_verified_wal_object(store_, object, sink, order_.stop);
    if (!evidence) return std::nullopt;
    const bool whole = header.segment_size() == header.bytes();
    if (!whole && !object.size && evidence == Evidence::length) return std::nullopt;
    if (!whole && order_.only_whole) {
      throw error(ErrorKind::general, "{} is no whole segment", store_.describe(object.key));
    }
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
