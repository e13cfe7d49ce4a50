#include "wal/archive/ready_segments.h"

#include "file/directory_stream.h"
#include "file/file.h"

#include <tapster/log.h>

#include <fcntl.h>

#include <cerrno>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>

namespace tapster {

bool is_servers_segment(const WalName& name) {
  return name.kind() == WalName::Kind::segment && name.text().find_first_of("abcdef") == std::string::npos;
}

std::vector<WalName> ready_segments_after(const std::string& directory, const WalName& name, std::size_t count,
                                          const std::function<bool(const std::string& name)>& wanted) {
  constexpr std::string_view kReady = ".ready";
  const std::string folder = name.hash_dir();
  const std::string marks = directory + "/archive_status";
  FileDescriptor descriptor = open_at(AT_FDCWD, marks.c_str(), O_RDONLY | O_DIRECTORY);
  const DirectoryStream stream(descriptor ? ::fdopendir(descriptor.get()) : nullptr);
  if (!stream) {
    log::debug("archiving one segment at a time: cannot read {}: {}", marks, std::generic_category().message(errno));
    return {};
  }
  descriptor.release();  // the DIR owns it now
  std::set<std::string> first;
  // readdir is thread-safe for a DIR that no other thread has.
  while (const dirent* entry = ::readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    std::string_view segment = entry->d_name;
    if (!segment.starts_with(folder) || !segment.ends_with(kReady)) continue;
    segment.remove_suffix(kReady.size());
    const bool late = first.size() == count && (count == 0 || segment >= *first.rbegin());
    if (segment.size() != name.text().size() || segment <= name.text() || late) continue;
    const auto found = WalName::parse(segment);
    if (!found || !is_servers_segment(*found) || !wanted(found->text())) continue;
    first.insert(found->text());
    if (first.size() > count) first.erase(std::prev(first.end()));
  }
  std::vector<WalName> names;
  names.reserve(first.size());
  for (const std::string& text : first) names.push_back(*WalName::parse(text));
  return names;
}

}  // namespace tapster
