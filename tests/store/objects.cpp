#include "store/objects.h"

#include <algorithm>

namespace tapster::conformance {

PutResult put_text(ObjectStore& store, const std::string& key, std::string_view text, const PutOptions& options) {
  MemoryBody body(text);
  return store.put(key, body, options);
}

std::optional<std::string> get_text(ObjectStore& store, const std::string& key, const GetOptions& options) {
  StringSink sink;
  const bool found = store.get(key, sink, options).has_value();
  CHECK_FALSE(sink.finished);
  if (found) return sink.text;
  CHECK(sink.text.empty());
  return std::nullopt;
}

std::vector<ObjectEntry> objects_below(ObjectStore& store, const std::string& prefix) {
  std::vector<ObjectEntry> objects;
  store.list(prefix, {}, [&](const ListPage& page) {
    objects.insert(objects.end(), page.objects.begin(), page.objects.end());
    return true;
  });
  return objects;
}

std::vector<std::string> keys_below(ObjectStore& store, const std::string& prefix) {
  std::vector<std::string> keys;
  for (const ObjectEntry& object : objects_below(store, prefix)) keys.push_back(object.key);
  return keys;
}

std::byte pattern_byte(std::uint64_t position, unsigned seed) noexcept {
  return static_cast<std::byte>((position ^ (position >> 8U) ^ (position >> 16U) ^ (position >> 24U)) * 7 + seed);
}

std::size_t PatternBody::read(std::span<std::byte> out) {
  if (position_ >= fail_at_) throw Mishap{1};
  const std::uint64_t end = std::min(size_, fail_at_);
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end - std::min(end, position_)));
  for (std::size_t i = 0; i < count; ++i) out[i] = pattern_byte(offset_ + position_ + i, seed_);
  position_ += count;
  return count;
}

void PatternSink::write(Bytes data) {
  for (std::size_t i = 0; i < data.size(); ++i) intact_ = intact_ && data[i] == pattern_byte(position_ + i, seed_);
  position_ += data.size();
  largest_ = std::max(largest_, data.size());
}

}  // namespace tapster::conformance
