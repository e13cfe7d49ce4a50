#include "text/shown_url.h"

namespace tapster {

std::string shown_url(std::string_view url) {
  std::string shown;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    shown = url.substr(0, scheme + 3);
    url.remove_prefix(scheme + 3);
    // A password may contain '@': the last one before the path ends it.
    if (const std::size_t user = url.substr(0, url.find('/')).rfind('@'); user != std::string_view::npos) {
      shown += "...@";
      url.remove_prefix(user + 1);
    }
  }
  const std::size_t query = url.find('?');
  shown += url.substr(0, query);
  if (query != std::string_view::npos) shown += "?...";
  return shown;
}

}  // namespace tapster
