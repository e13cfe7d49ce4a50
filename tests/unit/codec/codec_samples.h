// Data and short cuts for the tests of the codecs.
#pragma once

#include "crypto/digest.h"

#include <tapster/compression.h>
#include <tapster/error.h>

#include <array>
#include <initializer_list>
#include <random>
#include <string>

namespace tapster {

class Collect final : public ByteSink {
 public:
  void write(Bytes data) override {
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
    largest = std::max(largest, data.size());
  }
  void finish() override { ++finished; }

  std::string text;
  std::size_t largest = 0;
  int finished = 0;
};

inline std::string random_bytes(std::size_t size) {
  std::mt19937 generator(7);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(generator());
  return text;
}

// Compresses about 4:1.
inline std::string mixed_bytes(std::size_t size) {
  std::mt19937 generator(11);
  std::array<std::string, 512> words;
  for (std::string& word : words)
    for (std::size_t length = 4 + generator() % 20; word.size() < length;) word += static_cast<char>(generator());
  std::string text;
  while (text.size() < size) {
    if (generator() % 4 != 0)
      text += words[generator() % words.size()];
    else
      for (int i = 0; i < 3; ++i) text += static_cast<char>(generator());
  }
  text.resize(size);
  return text;
}

// Writes in pieces of odd sizes, of one byte to `largest`.
inline void feed(ByteSink& sink, std::string_view text, std::size_t largest = 70001) {
  for (std::size_t piece = 1; !text.empty(); piece = piece * 3 % largest + 1) {
    const std::string_view part = text.substr(0, piece);
    sink.write(as_bytes(part));
    text.remove_prefix(part.size());
  }
}

inline std::string compress(Compression compression, std::string_view text, CompressionLevel level = {},
                            bool size_known = true) {
  Collect collected;
  const auto sink = make_compressor(compression, level, collected,
                                    size_known ? std::optional<std::uint64_t>(text.size()) : std::nullopt);
  feed(*sink, text);
  sink->finish();
  return collected.text;
}

inline std::string decompress(Compression compression, std::string_view text, std::size_t largest = 70001) {
  Collect collected;
  const auto sink = make_decompressor(compression, collected);
  feed(*sink, text, largest);
  sink->finish();
  return collected.text;
}

inline std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

}  // namespace tapster
