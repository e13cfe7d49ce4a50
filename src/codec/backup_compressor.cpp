#include "codec/backup_compressor.h"

#include "codec/codec.h"

namespace tapster {

std::unique_ptr<ByteSink> make_backup_compressor(Compression compression, CompressionLevel level, int threads,
                                                 ByteSink& next) {
  const Codec& codec = codec_of(compression);
  const bool medium = level.named() == CompressionLevel::Named::medium;
  const int number = medium ? codec.levels.medium_of_backup : level.resolve(compression);
  if (codec.make_parallel_compressor != nullptr) return codec.make_parallel_compressor(number, threads, next);
  return codec.make_compressor(number, next, std::nullopt);
}

}  // namespace tapster
