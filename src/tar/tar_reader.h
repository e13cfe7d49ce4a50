// Reads tar archives: ustar, pax and GNU long names, with or without the two zero blocks at the end.
#pragma once

#include "tar/tar_header.h"

#include <tapster/byte_sink.h>

#include <memory>

namespace tapster {

// Receives the members of an archive from a TarReader, in their order.
class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  // `member.type` may be a value without an enumerator (devices: '3', '4').
  virtual void begin(const TarMember& member) = 0;
  virtual void content(Bytes data) = 0;  // of files, in order
  virtual void end() = 0;
};

// The last sink of a pipe. The archive may be written in pieces of any size. Damaged headers, and an archive that ends
// inside a member, are an Error (general). What the visitor throws comes out unchanged. Not thread-safe.
class TarReader final : public ByteSink {
 public:
  explicit TarReader(TarVisitor& visitor);  // borrowed
  ~TarReader() override;
  void write(Bytes data) override;
  void finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapster
