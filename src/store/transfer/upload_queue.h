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
  std::chrono::duration<double> busy{0};  // sum over its parts, queued to stored
  std::uint64_t bytes = 0;                // as stored
};

// One object. The upload begins at the store with the first full part (or at finish(): an object of no bytes
// is one empty part), so what is never written costs no request and leaves nothing. write() blocks while all
// uploaders are busy; it rethrows the first failure of an uploader, whichever object that was of. finish()
// returns when the object is complete; with PutOptions::if_absent() it throws Error (operation) when there is one
// already. Destroyed unfinished, parts that are on their way are interrupted and then the upload is aborted.
class ObjectUpload : public ByteSink {
 public:
  // As finish(), for those to whom an object that is there already is an answer.
  virtual PutResult publish() = 0;
  virtual std::uint64_t written() const noexcept = 0;  // bytes written so far; may be asked by any thread
  virtual UploadStatistics statistics() const = 0;     // after finish()
};

// `uploaders` threads for every object that is open; at most `uploaders` parts wait or are on their way. Each open
// object fills one more buffer of its part size, of which only what was written takes memory. So all there is
// is (uploaders + objects open) part buffers, and no object waits for another one's buffer: writers wait only for
// uploaders, which wait for nobody. Several objects may be open, each written by one thread, the same or
// another. Store and limit are borrowed.
//
// The first failure interrupts everything: from then on writing and finishing throw it, and every open upload is
// aborted by its destructor. So does `stop`, as Interrupted.
class UploadQueue {
 public:
  // `most`: when uploaders are what writers wait for, there may be so many of them; see transfer_pool.h.
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
