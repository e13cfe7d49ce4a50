// Headers of tar archives, as bytes: ustar (IEEE Std 1003.1-1988) and the extended headers of pax (1003.1-2001).
#pragma once

#include <tapster/byte_sink.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace tapster {

struct TarMember {
  enum class Type : char { file = '0', hard_link = '1', symlink = '2', directory = '5', fifo = '6' };
  std::string name;  // as it is stored; directories without their final slash
  Type type = Type::file;
  std::uint32_t mode = 0600;  // permission bits, setuid, setgid and sticky included
  std::uint64_t uid = 0, gid = 0;
  std::string user, group;  // may be empty
  std::uint64_t size = 0;   // bytes of a file's content; 0 for the rest
  std::chrono::sys_time<std::chrono::nanoseconds> mtime;
  std::string link;  // of links: the target verbatim
};

inline constexpr std::size_t kTarBlock = 512;
inline constexpr std::size_t kTarRecord = 20 * kTarBlock;  // an archive's length is a multiple of it

// One header block. Numbers are octal digits that end in NUL or blank; texts end in NUL, or fill their field.
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
  char version[2];  // "00"; GNU: blank and NUL
  char user[32];
  char group[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];  // in front of the name, with a slash in between
  char unused[12];
};
static_assert(sizeof(TarHeaderBlock) == kTarBlock);

// The sum of the block's unsigned bytes, with the checksum's own field taken as blanks.
std::uint32_t tar_checksum(const TarHeaderBlock& block);

constexpr std::uint64_t tar_padded(std::uint64_t size) { return (size + kTarBlock - 1) / kTarBlock * kTarBlock; }

// Appends the member's extended header and its ustar header, as Python's tarfile writes them: mtime is
// always a record, with its fraction; other values are where the ustar header does not hold them.
void append_tar_header(std::string& out, const TarMember& member);

// At least what the member takes in an archive, content and padding included.
std::uint64_t tar_member_bound(const TarMember& member);

}  // namespace tapster
