// Reading tar archives: ustar, pax and GNU long names, with or without end blocks.
#pragma once

#include "tar/tar_writer.h"

#include <tapster/byte_sink.h>

#include <memory>

namespace tapster {

// Gets what a TarReader finds, in the order of the archive.
class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  // `member.type` may be a type that TarMember has no name for (devices: '3', '4').
  virtual void begin(const TarMember& member) = 0;
  virtual void content(Bytes data) = 0;  // of files, in order
  virtual void end() = 0;
};

// The end of a pipe: takes the archive's bytes in pieces of any size. Damaged headers and an archive that
// ends inside a member are an Error (general); what the visitor throws comes out unchanged.
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
