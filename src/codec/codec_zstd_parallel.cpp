// zstd with several threads: one frame, by the library's own threads.
//
// Debian and others build the static library without threads and the shared one with them. When the linked library has
// none, the shared one is loaded at first use. It is installed wherever libcurl is, which depends on it.
#include "base/lazy_library.h"
#include "codec/codec.h"
#include "codec/codec_sink.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <zstd.h>

#include <algorithm>
#include <new>

namespace tapster {
namespace {

// Bytes that a thread compresses at a time. With the library's default, 8 MiB, 100 MiB of memory would be used.
constexpr int kJob = 2 * 1024 * 1024;

struct ZstdApi {
  decltype(&::ZSTD_createCCtx) create = &::ZSTD_createCCtx;
  decltype(&::ZSTD_freeCCtx) free = &::ZSTD_freeCCtx;
  decltype(&::ZSTD_CCtx_setParameter) set = &::ZSTD_CCtx_setParameter;
  decltype(&::ZSTD_compressStream2) compress = &::ZSTD_compressStream2;
  decltype(&::ZSTD_isError) is_error = &::ZSTD_isError;
  decltype(&::ZSTD_getErrorName) error_name = &::ZSTD_getErrorName;
};

bool has_threads(const ZstdApi& api) {
  ZSTD_CCtx* const context = api.create();
  if (context == nullptr) throw std::bad_alloc();
  const bool accepted = api.is_error(api.set(context, ZSTD_c_nbWorkers, 1)) == 0;
  api.free(context);
  return accepted;
}

ZstdApi best_api() {
  const ZstdApi linked;
  if (has_threads(linked)) return linked;
  try {
    const LazyLibrary library("libzstd.so.1");
    const ZstdApi shared{
        library.function<decltype(::ZSTD_createCCtx)>("ZSTD_createCCtx"),
        library.function<decltype(::ZSTD_freeCCtx)>("ZSTD_freeCCtx"),
        library.function<decltype(::ZSTD_CCtx_setParameter)>("ZSTD_CCtx_setParameter"),
        library.function<decltype(::ZSTD_compressStream2)>("ZSTD_compressStream2"),
        library.function<decltype(::ZSTD_isError)>("ZSTD_isError"),
        library.function<decltype(::ZSTD_getErrorName)>("ZSTD_getErrorName"),
    };
    if (has_threads(shared)) return shared;
    log::info("zstd compresses with one thread: libzstd.so.1 was built without more");
  } catch (const Error& missing) {
    log::info("zstd compresses with one thread: {}", missing.what());
  }
  return linked;
}

class ParallelZstdCompressor final : public CodecSink {
 public:
  ParallelZstdCompressor(int level, int threads, ByteSink& next)
      : CodecSink(Compression::zstd, next), api_(best_api()), context_(api_.create(), api_.free) {
    if (context_ == nullptr) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 0);
    if (!has_threads(api_)) return;
    set(ZSTD_c_nbWorkers, std::max(threads, 1));
    set(ZSTD_c_jobSize, kJob);
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override { return run(ZSTD_e_continue, in, out); }
  Progress end(std::span<std::byte> out) override { return run(ZSTD_e_end, {}, out); }

  std::size_t checked(std::size_t result) const {
    if (api_.is_error(result) != 0) {
      throw error(ErrorKind::general, "cannot compress with zstd: {}", api_.error_name(result));
    }
    return result;
  }

  void set(ZSTD_cParameter parameter, int value) { checked(api_.set(context_.get(), parameter, value)); }

  Progress run(ZSTD_EndDirective directive, Bytes in, std::span<std::byte> out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = checked(api_.compress(context_.get(), &output, &input, directive));
    return {input.pos, output.pos, left == 0};
  }

  const ZstdApi api_;
  std::unique_ptr<ZSTD_CCtx, decltype(&::ZSTD_freeCCtx)> context_;
};

}  // namespace

std::unique_ptr<ByteSink> make_parallel_zstd_compressor(int level, int threads, ByteSink& next) {
  return std::make_unique<ParallelZstdCompressor>(level, threads, next);
}

}  // namespace tapster
