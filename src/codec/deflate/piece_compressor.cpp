#include "codec/deflate/piece_compressor.h"

#include "codec/deflate/deflate_joiner.h"

#include <libdeflate.h>

#include <array>
#include <new>

namespace tapster {
namespace {

// libdeflate's level for each of gzip's: the fastest that reaches its size, measured on pgbench's WAL, tables,
// programs and documents.
constexpr std::array<int, 10> kDeflateLevel{0, 1, 1, 2, 3, 5, 5, 6, 6, 7};

class LibdeflatePieceCompressor final : public PieceCompressor {
 public:
  explicit LibdeflatePieceCompressor(int level)
      : compressor_(libdeflate_alloc_compressor(level), libdeflate_free_compressor) {
    if (!compressor_) throw std::bad_alloc();
  }

  std::size_t compress(Bytes original, std::span<std::byte> out) override {
    const std::size_t size =
        libdeflate_deflate_compress(compressor_.get(), original.data(), original.size(), out.data(), out.size());
    return joiner_.make_joinable(out, size, original);
  }

 private:
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor_;
  DeflateJoiner joiner_;
};

}  // namespace

std::size_t max_piece_size(std::size_t size) {
  return libdeflate_deflate_compress_bound(nullptr, size) + DeflateJoiner::kJoinRoom;
}

std::unique_ptr<PieceCompressor> make_piece_compressor(int gzip_level) {
  if (gzip_level == 1) {
    if (auto isal = make_isal_piece_compressor()) return isal;
  }
  return std::make_unique<LibdeflatePieceCompressor>(kDeflateLevel.at(static_cast<std::size_t>(gzip_level)));
}

}  // namespace tapster
