// Streams that become objects by multipart upload: parts of equal size, several uploaded at once.
#pragma once

#include "store/transfer/rate_limit.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

struct UploadStatistics {                 // of one object, for copy_stats
  std::chrono::duration<double> busy{0};  // sum over its parts, each from queued to stored
  std::uint64_t bytes = 0;                // as stored
};

// The upload of one object. It begins at the store with the first full part, or at finish(): an object of no bytes is
// one empty part. So an object that is never written to costs no request and leaves nothing behind. write() blocks
// while all uploaders are busy, and rethrows the first failure of an uploader, whichever object it was uploading.
// finish() returns when the object is complete; with PutOptions::if_absent() it throws Error (operation) when there is
// an object already. Destroyed unfinished, it interrupts the parts that are on their way and then aborts the upload.
class ObjectUpload : public ByteSink {
 public:
  // Does what finish() does, but returns already_exists instead of throwing.
  virtual PutResult publish() = 0;
  virtual std::uint64_t written() const noexcept = 0;  // bytes written so far; may be asked by any thread
  virtual UploadStatistics statistics() const = 0;     // after finish()
};

// The uploaders are `uploaders` threads, or as many as the system gives, for all objects that are open. Several objects
// may be open, each written by one thread, the same or another. Store and limit are borrowed.
//
// Memory: at most `uploaders` parts are queued or on their way. Each open object fills one more buffer of its part
// size, of which only the bytes that were written take memory. So there are at most (uploaders + open objects) part
// buffers. No object waits for another one's buffer: writers wait only for uploaders, which wait for nobody.
//
// The first failure interrupts everything. From then on writing and finishing throw it, and every open upload is
// aborted by its destructor. A stop does the same with Interrupted.
class UploadQueue {
 public:
  // Where `most` is larger, there may be as many as `most` uploaders, as long as that is faster (see transfer_count.h).
  // Throws Error (general) when no thread can be had.
  UploadQueue(ObjectStore& store, int uploaders, RateLimit* limit, std::stop_token stop, int most = 0);
  ~UploadQueue();  // after all of its objects
  UploadQueue(const UploadQueue&) = delete;
  UploadQueue& operator=(const UploadQueue&) = delete;

  // `part_size` within the store's limits. An object that turns out to fit into a single part is still a
  // multipart upload, as in the original. PutOptions::stop is replaced by the queue's own.
  std::unique_ptr<ObjectUpload> open(const std::string& key, std::uint64_t part_size, const PutOptions& options);

 private:
  class State;
  class Upload;
  std::unique_ptr<State> state_;
};

}  // namespace tapster
