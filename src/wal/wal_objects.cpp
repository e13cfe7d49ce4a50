#include "wal/wal_objects.h"

#include "codec/codec.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tapster {
namespace {

constexpr std::string_view kPartial = ".partial";
// More than all forms and labels of one segment.
constexpr int kPageSize = 100;

// The form that `rest`, the end of a key, is the suffix of.
std::optional<Compression> form_of(std::string_view rest) {
  for (const Compression compression : reading_order()) {
    if (rest == suffix_of(compression)) return compression;
  }
  return std::nullopt;
}

// Collects the entries of a listing that hold one WAL file.
class FoundForms {
 public:
  FoundForms(std::string plain_key, bool partial_too) : plain_key_(std::move(plain_key)), partial_too_(partial_too) {}

  void add_if_form(const ObjectEntry& entry) {
    const std::string& key = entry.key;
    if (!key.starts_with(plain_key_)) return;
    std::string_view rest = std::string_view(key).substr(plain_key_.size());
    if (const auto form = form_of(rest)) {
      found_.push_back({key, *form, false, entry.size});
    } else if (partial_too_ && rest.starts_with(kPartial)) {
      rest.remove_prefix(kPartial.size());
      if (const auto partial_form = form_of(rest)) found_.push_back({key, *partial_form, true, entry.size});
    }
  }

  // The best first.
  std::vector<WalObject> best_first() {
    // A server writes one form. Several forms of one file come from a change of its settings, and hold the same
    // content.
    const auto order = [](const WalObject& object) {
      return std::pair(object.partial, codec_of(object.compression).reading_rank);
    };
    std::sort(found_.begin(), found_.end(),
              [&](const WalObject& a, const WalObject& b) { return order(a) < order(b); });
    return std::move(found_);
  }

 private:
  std::string plain_key_;
  bool partial_too_;
  std::vector<WalObject> found_;
};

}  // namespace

std::vector<WalObject> find_wal_objects(ObjectStore& store, const ArchiveLayout& layout, const WalName& name,
                                        PartialFallback fallback) {
  FoundForms found(layout.wal_key(name), fallback == PartialFallback::yes && name.kind() == WalName::Kind::segment);
  ListOptions options;
  options.page_size = kPageSize;
  store.list(layout.wal_key(name), options, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.objects) found.add_if_form(entry);
    return true;
  });
  return found.best_first();
}

WalObjectsFrom find_wal_objects_from(ObjectStore& store, const ArchiveLayout& layout, const WalName& name) {
  const std::string plain_key = layout.wal_key(name);
  FoundForms found(plain_key, false);
  WalObjectsFrom result;
  ListOptions options;
  // The key without its last digit sorts before the key, and after all but the 15 segments before it.
  options.start_after = plain_key.substr(0, plain_key.size() - 1);
  const std::string folder = plain_key.substr(0, plain_key.rfind('/') + 1);
  store.list(folder, options, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.objects) {
      found.add_if_form(entry);
      if (!entry.key.starts_with(folder)) continue;
      const auto segment = WalName::parse(without_suffix(std::string_view(entry.key).substr(folder.size())));
      if (segment && segment->kind() == WalName::Kind::segment && segment->text() > name.text()) {
        result.later.insert(segment->text());
      }
    }
    return true;
  });
  result.forms = found.best_first();
  return result;
}

std::string_view without_suffix(std::string_view text) {
  return text.substr(0, text.size() - suffix_of(compression_from_suffix(text)).size());
}

}  // namespace tapster
