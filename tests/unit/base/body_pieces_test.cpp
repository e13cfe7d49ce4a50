#include "base/body_pieces.h"

#include "support/catch.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace tapster;

namespace {

// Lies in memory, but does not say so; and may be what another one is sent as.
class ReadBody final : public Body {
 public:
  explicit ReadBody(std::string text) : text_(std::move(text)), memory_(text_) {}
  std::uint64_t size() const override { return memory_.size(); }
  void rewind() override { memory_.rewind(); }
  std::size_t read(std::span<std::byte> out) override { return memory_.read(out); }

 private:
  std::string text_;
  MemoryBody memory_;
};

class CostlyBody final : public Body {
 public:
  explicit CostlyBody(Body& cheap) : cheap_(cheap) {}
  std::uint64_t size() const override { return cheap_.size(); }
  void rewind() override { FAIL("rewound"); }
  std::size_t read(std::span<std::byte>) override {
    FAIL("read");
    return 0;
  }
  Body& unsent() override { return cheap_; }

 private:
  Body& cheap_;
};

struct Seen {
  std::string text;
  std::vector<const std::byte*> pieces;
};

Seen pieces_of(Body& body) {
  Seen seen;
  each_piece(body, [&](Bytes piece) {
    seen.text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    seen.pieces.push_back(piece.data());
  });
  return seen;
}

}  // namespace

TEST_CASE("a body in memory is handed on where it lies") {
  const std::string text(1'000'000, 'x');
  MemoryBody body(text);
  CostlyBody costly(body);
  for (Body* each : {static_cast<Body*>(&body), static_cast<Body*>(&costly)}) {
    const Seen seen = pieces_of(*each);
    CHECK(seen.text == text);
    CHECK(seen.pieces == std::vector<const std::byte*>{body.contiguous().data()});
  }
}

TEST_CASE("another body is read from its beginning, in pieces") {
  std::string text(1'000'000, ' ');
  std::generate(text.begin(), text.end(), [i = 0]() mutable { return static_cast<char>(i++ % 251); });
  ReadBody body(text);
  std::vector<std::byte> begun(10);
  body.read(begun);
  CHECK(pieces_of(body).text == text);
  CHECK(pieces_of(body).pieces.size() > 1);
  ReadBody empty("");
  CHECK(pieces_of(empty).pieces.empty());
}
