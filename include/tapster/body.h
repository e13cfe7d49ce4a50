// What a request sends. It has a size before the first byte moves (every request carries a
// Content-Length) and can be sent again from its beginning (every request may be retried).
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <string_view>

namespace tapster {

class Body {
 public:
  virtual ~Body() = default;
  virtual std::uint64_t size() const = 0;  // bytes
  virtual void rewind() = 0;
  // Fills up to out.size() bytes and returns how many; 0 only at the end. Throws when the
  // source fails or has become shorter or longer than size(). Not thread-safe.
  virtual std::size_t read(std::span<std::byte> out) = 0;
  // All of it, when it lies in memory as one piece; empty otherwise (then use read).
  virtual Bytes contiguous() const { return {}; }
  // The same bytes, for reading them without sending them, as for a digest. A body that delays its reader, so that
  // sending is paced, returns one that does not.
  virtual Body& unsent() { return *this; }
};

// Borrows the bytes.
class MemoryBody final : public Body {
 public:
  explicit MemoryBody(Bytes data) : data_(data) {}
  explicit MemoryBody(std::string_view text) : data_(std::as_bytes(std::span(text.data(), text.size()))) {}
  std::uint64_t size() const override { return data_.size(); }
  void rewind() override { position_ = 0; }
  std::size_t read(std::span<std::byte> out) override;
  Bytes contiguous() const override { return data_; }

 private:
  Bytes data_;
  std::size_t position_ = 0;
};

}  // namespace tapster
