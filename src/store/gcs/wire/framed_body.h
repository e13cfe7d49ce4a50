// A stretch of another body between bytes of one's own.
#pragma once

#include <tapster/body.h>

#include <cstdint>
#include <string>
#include <utility>

namespace tapster {

// Sends `before`, then `count` bytes of `middle` from `skip` on, then `after`. Borrows `middle`, whose reading fails as
// it does by itself.
class FramedBody final : public Body {
 public:
  FramedBody(std::string before, Body& middle, std::uint64_t skip, std::uint64_t count, std::string after)
      : before_(std::move(before)), middle_(middle), skip_(skip), count_(count), after_(std::move(after)) {}

  std::uint64_t size() const override { return before_.size() + count_ + after_.size(); }
  void rewind() override {
    position_ = 0;
    at_middle_ = false;
  }
  std::size_t read(std::span<std::byte> out) override;

 private:
  void skip_to_middle();

  std::string before_;
  Body& middle_;
  std::uint64_t skip_, count_;
  std::string after_;
  std::uint64_t position_ = 0;  // in the whole
  bool at_middle_ = false;      // the middle body has been rewound, and what is to be skipped of it was
};

}  // namespace tapster
