// Names of blocks, which are all that the service keeps of an upload: so they say which upload a block belongs to, its
// number in it, and when it was sent. (The service itself tells no times of what is not committed.)
//
// A name is UPLOAD NUMBER TIME: an upload's id, five digits, and seconds since 1970 in eight hex digits. An upload's id
// is "tr" or, for one that is to create a blob only if there is none, "tc", then the time of its beginning and random
// hex digits. All names of one blob's uncommitted blocks must have one length ("Put Block"), also those that another
// program left there, so the random part is as long as needed. On the wire they are base64.
#pragma once

#include <tapster/clock.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

inline constexpr std::size_t kBlockNameLength = 36;  // before base64; the least, and ours unless it must be another

struct UploadMark {
  bool create_only = false;
  TimePoint begun;  // by the clock of the host that began it
};

struct BlockMark {
  std::string upload;
  int number = 0;
  TimePoint sent;
};

// A new one, whose blocks have names of `length`, at least kBlockNameLength.
std::string make_upload_id(bool create_only, TimePoint now, std::size_t length = kBlockNameLength);
// nullopt: not made by make_upload_id.
std::optional<UploadMark> read_upload_id(std::string_view id);

// Base64.
std::string make_block_id(const std::string& upload, int number, TimePoint now);
// nullopt: not made by make_block_id.
std::optional<BlockMark> read_block_id(std::string_view base64);

}  // namespace tapster
