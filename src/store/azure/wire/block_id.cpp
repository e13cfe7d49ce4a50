#include "store/azure/wire/block_id.h"

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/number.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <random>

namespace tapster {
namespace {

constexpr std::string_view kReplacing = "tr";
constexpr std::string_view kCreating = "tc";
constexpr std::size_t kKind = 2;
constexpr std::size_t kTime = 8;
constexpr std::size_t kNumber = 5;
constexpr std::size_t kLeastUpload = kBlockNameLength - kNumber - kTime;

std::string time_text(TimePoint time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return fmt::format("{:08x}", static_cast<std::uint32_t>(seconds));
}

std::optional<TimePoint> read_time(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds, 16);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return TimePoint(std::chrono::seconds(seconds));
}

}  // namespace

std::string make_upload_id(bool create_only, TimePoint now, std::size_t length) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(create_only ? kCreating : kReplacing);
  id += time_text(now);
  std::random_device device;
  while (id.size() + kNumber + kTime < length) id += kDigits[device() % kDigits.size()];
  return id;
}

std::optional<UploadMark> read_upload_id(std::string_view id) {
  const bool creating = id.starts_with(kCreating);
  if (id.size() < kLeastUpload || !(creating || id.starts_with(kReplacing))) return std::nullopt;
  const auto begun = read_time(id.substr(kKind, kTime));
  if (!begun) return std::nullopt;
  return UploadMark{creating, *begun};
}

std::string make_block_id(const std::string& upload, int number, TimePoint now) {
  return base64_encode(as_bytes(fmt::format("{}{:05}{}", upload, number, time_text(now))));
}

std::optional<BlockMark> read_block_id(std::string_view base64) {
  const auto bytes = base64_decode(base64);
  if (!bytes || bytes->size() < kBlockNameLength) return std::nullopt;
  const std::string_view name(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const std::string_view upload = name.substr(0, name.size() - kNumber - kTime);
  const auto block = parse_decimal<std::uint32_t>(name.substr(upload.size(), kNumber));
  const auto sent = read_time(name.substr(upload.size() + kNumber));
  if (!block || !sent || !read_upload_id(upload)) return std::nullopt;
  return BlockMark{std::string(upload), static_cast<int>(*block), *sent};
}

}  // namespace tapster
