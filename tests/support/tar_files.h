// Tar archives made by hand, right ones and wrong ones.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tapster::test {

struct TarEntry {
  std::string name;
  char type = '0';
  std::string content = {};
  std::string link = {};
  std::uint32_t mode = 0600;
  std::uint64_t uid = 0, gid = 0;
  std::string user = {}, group = {};
  std::int64_t mtime = 1700000000;
};

// Its header as ustar has it, with the checksum; names of more than 100 bytes are split at a slash.
std::string tar_header(const TarEntry& entry, const std::string& magic = std::string("ustar\0"
                                                                                     "00",
                                                                                     8));
// Header, content and padding.
std::string tar_member(const TarEntry& entry);
// "LENGTH KEYWORD=VALUE\n"
std::string pax_record(const std::string& keyword, const std::string& value);
std::string pax_header(const std::string& records, char type = 'x');
// The checksum made right after a change of the header at the front.
std::string with_checksum(std::string header);
std::string tar_end();
std::string tar_archive(const std::vector<TarEntry>& entries);

}  // namespace tapster::test
