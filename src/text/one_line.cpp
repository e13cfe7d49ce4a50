#include "text/one_line.h"

namespace tapster {

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string short_line(std::string_view text) {
  constexpr std::size_t kLimit = 300;
  std::string line = one_line(text);
  if (line.size() > kLimit) line.resize(kLimit);
  return line;
}

}  // namespace tapster
