// Headers of tar archives, as bytes: ustar (IEEE Std 1003.1-1988) and the extended headers of pax (1003.1-2001).
#pragma once

#include <tapster/byte_sink.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace tapster {

struct TarMember {
  enum class Type : char { file = '0', hard_link = '1', symlink = '2', directory = '5', fifo = '6' };
  std::string name;  // without the final slash that a directory has in the archive
  Type type = Type::file;
  std::uint32_t mode = 0600;  // permissions with setuid, setgid and sticky
  std::uint64_t uid = 0, gid = 0;
  std::string user, group;  // may be empty
  std::uint64_t size = 0;   // bytes of a file's content; 0 for other types
  std::chrono::sys_time<std::chrono::nanoseconds> mtime;
  std::string link;  // the target of a link, as it is
};

inline constexpr std::size_t kTarBlock = 512;
inline constexpr std::size_t kTarRecord = 20 * kTarBlock;  // an archive's length is a multiple of it

// One header block. Numbers are octal digits, followed by NUL or a space. Texts end in NUL, or fill their field.
struct TarHeaderBlock {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];    // "ustar" and NUL; GNU: "ustar "
  char version[2];  // "00"; GNU: space and NUL
  char user[32];
  char group[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];  // the full name is prefix, slash, name
  char unused[12];
};
static_assert(sizeof(TarHeaderBlock) == kTarBlock);

// The sum of the block's unsigned bytes, computed as if the checksum's own field held spaces.
std::uint32_t tar_checksum(const TarHeaderBlock& block);

// `size` rounded up to whole blocks.
constexpr std::uint64_t tar_padded(std::uint64_t size) { return (size + kTarBlock - 1) / kTarBlock * kTarBlock; }

// Appends the member's pax extended header and its ustar header, as Python's tarfile writes them: mtime always has a
// pax record, with its fraction; other values have one only if the ustar header cannot hold them.
void append_tar_header(std::string& out, const TarMember& member);

// An upper bound of the bytes that the member needs in an archive, with headers, content and padding.
std::uint64_t tar_member_bound(const TarMember& member);

}  // namespace tapster
