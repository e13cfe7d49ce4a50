// Downloads that go on after a cut connection, where it ended, and with the version of the object they began with.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/clock.h>
#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

// How one store reads one object. Made for one download; not thread-safe.
class DownloadProtocol {
 public:
  struct Request {
    std::string range;         // the Range header's value, "bytes=10-19"; empty: all of it
    const ObjectStat* pinned;  // the version to keep to, as the caller or the first answer named it; nullptr: any
    ByteSink& sink;            // for the body of a 200 or a 206
    std::function<void(int status, const HttpHeaders& headers)> on_headers;  // to be called as HttpRequest's
    std::stop_token stop;
  };
  enum class Outcome { delivered, absent, changed, past_the_end };

  virtual ~DownloadProtocol() = default;
  // Sends the request, with whatever repetitions it takes as long as nothing has reached the sink. absent is
  // proven. Throws TransportError when the answer was cut, StoreError for refusals, and what on_headers and the
  // sink throw.
  virtual Outcome fetch(const Request& request) = 0;
  virtual ObjectStat stat_of(const HttpHeaders& headers) = 0;  // the caller sets its size
  virtual std::optional<ObjectStat> stat() = 0;                // by a request of its own
  // The checksum that the store has recorded. begin_checksum reads it from the headers of the first answer,
  // update_checksum gets all bytes in order, and verify_checksum compares at the end: a mismatch is an Error (general).
  // `whole`: the object is read from its beginning to its end.
  virtual void begin_checksum(const HttpHeaders& headers, bool whole) = 0;
  virtual void update_checksum(Bytes data) = 0;
  virtual void verify_checksum() = 0;
};

struct DownloadTexts {
  std::string operation;  // "GetObject"
  std::string name;       // "s3://bucket/key"
};

// Streams the object, or the range, into `sink`, as ObjectStore::get promises. Gives up after `max_attempts` cuts
// in a row without a byte in between.
std::optional<ObjectStat> download(DownloadProtocol& protocol, const DownloadTexts& texts, ByteSink& sink,
                                   const GetOptions& options, Clock& clock, int max_attempts);

}  // namespace tapster
