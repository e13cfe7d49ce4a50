#include "wal/wal_objects.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tapster {
namespace {

// Best first: what costs the least to read. A server writes one form; several of them are the
// trace of a change of its settings, and hold the same bytes.
constexpr Compression kByPreference[] = {Compression::none, Compression::zstd, Compression::lz4,  Compression::snappy,
                                         Compression::gzip, Compression::xz,   Compression::bzip2};
constexpr std::string_view kPartial = ".partial";
// More than all forms and labels of one segment.
constexpr int kPageSize = 100;

struct Form {
  Compression compression;
  std::size_t rank;
};

// What `rest`, the end of a key, says when it is nothing but a suffix.
std::optional<Form> form_of(std::string_view rest) {
  for (std::size_t rank = 0; rank < std::size(kByPreference); ++rank) {
    if (rest == suffix_of(kByPreference[rank])) return Form{kByPreference[rank], rank};
  }
  return std::nullopt;
}

}  // namespace

std::vector<WalObject> find_wal_objects(ObjectStore& store, const ArchiveLayout& layout, const WalName& name,
                                        PartialFallback fallback) {
  const std::string plain_key = layout.wal_key(name);
  const bool partial_too = fallback == PartialFallback::yes && name.kind() == WalName::Kind::segment;
  std::vector<std::pair<std::size_t, WalObject>> found;
  const auto examine = [&](const ObjectEntry& entry) {
    const std::string& key = entry.key;
    if (!key.starts_with(plain_key)) return;
    std::string_view rest = std::string_view(key).substr(plain_key.size());
    if (const auto form = form_of(rest)) {
      found.push_back({form->rank, {key, form->compression, false, entry.size}});
    } else if (partial_too && rest.starts_with(kPartial)) {
      rest.remove_prefix(kPartial.size());
      if (const auto partial_form = form_of(rest)) {
        found.push_back(
            {std::size(kByPreference) + partial_form->rank, {key, partial_form->compression, true, entry.size}});
      }
    }
  };
  ListOptions options;
  options.page_size = kPageSize;
  store.list(plain_key, options, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.objects) examine(entry);
    return true;
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<WalObject> result;
  result.reserve(found.size());
  for (auto& [rank, object] : found) result.push_back(std::move(object));
  return result;
}

std::string_view without_suffix(std::string_view text) {
  return text.substr(0, text.size() - suffix_of(compression_from_suffix(text)).size());
}

}  // namespace tapster
