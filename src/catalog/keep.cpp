// The keep annotation of one backup.
#include "catalog/keep.h"

#include "catalog/small_object.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::size_t kLargest = 64 << 10;

void put_text(ObjectStore& store, const std::string& key, std::string_view text) {
  MemoryBody body(text);
  store.put(key, body, {});
}

}  // namespace

std::string_view annotation_text(KeepTarget target) noexcept {
  return target == KeepTarget::standalone ? "standalone" : "full";
}

std::string slashed_keep_key(const ArchiveLayout& layout, std::string_view id) {
  const std::string prefix = layout.slashed_base_prefix();
  return prefix.empty() ? "" : fmt::format("{}{}/{}", prefix, id, kKeepName);
}

Keep parse_keep(std::string_view annotation) {
  Keep keep;
  keep.text = annotation.substr(0, annotation.find('\n'));
  keep.target = keep.text == annotation_text(KeepTarget::full)         ? KeepTarget::full
                : keep.text == annotation_text(KeepTarget::standalone) ? KeepTarget::standalone
                                                                       : KeepTarget::other;
  return keep;
}

std::optional<Keep> stronger_keep(std::optional<Keep> keep, std::optional<Keep> other) {
  if (!keep || (other && keep->target == KeepTarget::standalone)) return other;
  return keep;
}

std::optional<Keep> read_keep_at(ObjectStore& store, const std::string& key) {
  const auto annotation = read_small_object(store, key, kLargest);
  return annotation ? std::optional(parse_keep(*annotation)) : std::nullopt;
}

std::optional<Keep> read_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id) {
  auto keep = read_keep_at(store, layout.keep_key(id));
  const std::string slashed = slashed_keep_key(layout, id);
  if (slashed.empty() || (keep && keep->target != KeepTarget::standalone)) return keep;
  return stronger_keep(std::move(keep), read_keep_at(store, slashed));
}

void write_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id, KeepTarget target) {
  put_text(store, layout.keep_key(id), annotation_text(target));
  // Both annotations say the same, because the original reads only one of them.
  const std::string slashed = slashed_keep_key(layout, id);
  if (!slashed.empty() && store.stat(slashed)) put_text(store, slashed, annotation_text(target));
}

void release_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id) {
  std::vector<std::string> keys = {layout.keep_key(id)};
  if (std::string slashed = slashed_keep_key(layout, id); !slashed.empty()) keys.push_back(std::move(slashed));
  const auto failures = store.remove(keys);
  if (failures.empty()) return;
  throw error(ErrorKind::general, "the annotation {} could not be deleted: {}", store.describe(failures.front().key),
              failures.front().reason);
}

}  // namespace tapster
