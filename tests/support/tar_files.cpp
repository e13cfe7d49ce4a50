#include "support/tar_files.h"

#include <fmt/format.h>

#include <numeric>

namespace tapster::test {
namespace {

constexpr std::size_t kBlock = 512;

void put(std::string& header, std::size_t offset, const std::string& text) {
  header.replace(offset, text.size(), text);
}

}  // namespace

std::string with_checksum(std::string header) {
  put(header, 148, std::string(8, ' '));
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(header[i]);
  put(header, 148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return header;
}

std::string tar_header(const TarEntry& entry, const std::string& magic) {
  std::string header(kBlock, '\0');
  std::string name = entry.name;
  if (name.size() > 100) {
    const std::size_t slash = name.find('/', name.size() - 101);
    put(header, 345, name.substr(0, slash));
    name = name.substr(slash + 1);
  }
  put(header, 0, name);
  put(header, 100, fmt::format("{:07o}", entry.mode));
  put(header, 108, fmt::format("{:07o}", entry.uid));
  put(header, 116, fmt::format("{:07o}", entry.gid));
  put(header, 124, fmt::format("{:011o}", entry.content.size()));
  put(header, 136, fmt::format("{:011o}", entry.mtime));
  header[156] = entry.type;
  put(header, 157, entry.link);
  put(header, 257, magic);
  put(header, 265, entry.user);
  put(header, 297, entry.group);
  return with_checksum(header);
}

std::string tar_member(const TarEntry& entry) {
  std::string member = tar_header(entry) + entry.content;
  member.resize((member.size() + kBlock - 1) / kBlock * kBlock);
  return member;
}

std::string pax_record(const std::string& keyword, const std::string& value) {
  const std::size_t rest = keyword.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return fmt::format("{} {}={}\n", length, keyword, value);
}

std::string pax_header(const std::string& records, char type) {
  return tar_member({.name = "././@PaxHeader", .type = type, .content = records});
}

std::string tar_end() { return std::string(2 * kBlock, '\0'); }

std::string tar_archive(const std::vector<TarEntry>& entries) {
  std::string archive;
  for (const TarEntry& entry : entries) archive += tar_member(entry);
  return archive + tar_end();
}

}  // namespace tapster::test
