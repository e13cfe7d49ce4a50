#include "codec/deflate/piece_deflater.h"

#include "codec/deflate/deflate_piece.h"

#include <libdeflate.h>

#include <array>
#include <new>

namespace tapster {
namespace {

// A level promises a size. These are the fastest of libdeflate's that keep gzip's promise, by
// measurement on WAL of pgbench, on tables, and on programs and documents.
constexpr std::array<int, 10> kDeflateLevel{0, 1, 1, 2, 3, 5, 5, 6, 6, 7};

class LibdeflatePieces final : public PieceDeflater {
 public:
  explicit LibdeflatePieces(int level) : deflater_(libdeflate_alloc_compressor(level), libdeflate_free_compressor) {
    if (!deflater_) throw std::bad_alloc();
  }

  std::size_t deflate(Bytes original, std::span<std::byte> out) override {
    const std::size_t packed =
        libdeflate_deflate_compress(deflater_.get(), original.data(), original.size(), out.data(), out.size());
    return joiner_.open_end(out, packed, original);
  }

 private:
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> deflater_;
  DeflateJoiner joiner_;
};

}  // namespace

std::size_t piece_bound(std::size_t size) {
  return libdeflate_deflate_compress_bound(nullptr, size) + DeflateJoiner::kOpenEnd;
}

std::unique_ptr<PieceDeflater> make_piece_deflater(int gzip_level) {
  if (gzip_level == 1) {
    if (auto isal = make_isal_deflater()) return isal;
  }
  return std::make_unique<LibdeflatePieces>(kDeflateLevel.at(static_cast<std::size_t>(gzip_level)));
}

}  // namespace tapster
