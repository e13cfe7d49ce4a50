// What the micro-benchmarks work on.
#pragma once

#include <tapster/byte_sink.h>

#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace micro {

inline constexpr std::size_t kSegment = std::size_t{16} << 20;
inline constexpr std::size_t kPiece = std::size_t{64} << 10;  // in which sinks get it

// Bytes that compress about 4 : 1, as WAL of a busy system does; the same ones each time.
inline const std::string& wal_data() {
  static const std::string data = [] {
    std::mt19937 generator(1);
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(generator() % bound); };
    const auto noise = [&](std::size_t count) {
      std::string bytes(count, '\0');
      for (char& byte : bytes) byte = static_cast<char>(generator());
      return bytes;
    };
    std::vector<std::string> words(512);
    for (auto& word : words) word = noise(4 + below(21));
    std::string made;
    while (made.size() < kSegment) made += below(4) != 0 ? words[below(512)] : noise(3);
    made.resize(kSegment);
    return made;
  }();
  return data;
}

inline tapster::Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

inline void feed(tapster::ByteSink& sink, std::string_view data) {
  for (std::size_t at = 0; at < data.size(); at += kPiece) sink.write(bytes_of(data.substr(at, kPiece)));
  sink.finish();
}

}  // namespace micro
