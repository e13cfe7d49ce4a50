// Short ways to put, get and list in tests, and bodies and sinks that misbehave.
#pragma once

#include "support/catch.h"

#include <tapster/object_store.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster::conformance {

// Not even an Error: what comes out of a store must be the very thing that was thrown.
struct Mishap {
  int number;
};

PutResult put_text(ObjectStore& store, const std::string& key, std::string_view text, const PutOptions& options = {});
// Fails the test when the store calls finish().
std::optional<std::string> get_text(ObjectStore& store, const std::string& key, const GetOptions& options = {});
std::vector<ObjectEntry> objects_below(ObjectStore& store, const std::string& prefix);
std::vector<std::string> keys_below(ObjectStore& store, const std::string& prefix);

class StringSink final : public ByteSink {
 public:
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override { finished = true; }
  std::string text;
  bool finished = false;
};

// Any size without any memory: byte i is a function of i and the seed.
std::byte pattern_byte(std::uint64_t position, unsigned seed) noexcept;

class PatternBody final : public Body {
 public:
  explicit PatternBody(std::uint64_t size, unsigned seed = 0, std::uint64_t offset = 0)
      : size_(size), seed_(seed), offset_(offset) {}
  std::uint64_t size() const override { return size_; }
  void rewind() override { position_ = 0; }
  std::size_t read(std::span<std::byte> out) override;
  // Throws Mishap when that many bytes were read.
  void fail_at(std::uint64_t position) { fail_at_ = position; }

 private:
  std::uint64_t size_;
  unsigned seed_;
  std::uint64_t offset_;
  std::uint64_t position_ = 0;
  std::uint64_t fail_at_ = ~std::uint64_t{0};
};

// Compares with the pattern as it goes, and takes note of the largest piece.
class PatternSink final : public ByteSink {
 public:
  explicit PatternSink(unsigned seed = 0, std::uint64_t offset = 0) : seed_(seed), position_(offset), begin_(offset) {}
  void write(Bytes data) override;
  void finish() override {}
  std::uint64_t size() const { return position_ - begin_; }
  bool intact() const { return intact_; }
  std::size_t largest_write() const { return largest_; }

 private:
  unsigned seed_;
  std::uint64_t position_;
  std::uint64_t begin_;
  std::size_t largest_ = 0;
  bool intact_ = true;
};

class FailingSink final : public ByteSink {
 public:
  explicit FailingSink(int number) : number_(number) {}
  void write(Bytes) override { throw Mishap{number_}; }
  void finish() override {}

 private:
  int number_;
};

}  // namespace tapster::conformance
