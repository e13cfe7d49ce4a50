// One resumable upload: a stream that is sent in chunks, and goes on where the service says that it is.
#pragma once

#include "store/gcs/gcs_client.h"

#include <tapster/body.h>
#include <tapster/secret.h>

#include <cstdint>
#include <stop_token>
#include <string>

namespace tapster {

// Chunks end at multiples of 256 KiB, whatever the parts do: what is left over is held back for the next one. Not
// thread-safe, but for cancel().
class ResumableStream {
 public:
  // The address is a credential. The client is borrowed.
  ResumableStream(GcsClient& client, std::string key, Secret address)
      : client_(client), key_(std::move(key)), address_(std::move(address)) {}

  // Adds the body to what is stored or held back. When it throws, nothing of it counts, and it may be tried again as
  // long as the service has kept nothing of it.
  void add(Body& body, const std::stop_token& stop);
  // Sends what is held back, and the end with the CRC-32C of the whole. The answer is a JSON resource, or a 412 when
  // the condition of the beginning does not hold.
  HttpResponse finish(const std::stop_token& stop);
  void cancel() const;

  std::uint64_t size() const noexcept { return stored_ + held_back_.size(); }
  std::uint32_t crc32c() const noexcept { return crc_; }

 private:
  struct Chunk;
  HttpResponse send(const Chunk& chunk, const std::stop_token& stop) const;
  HttpResponse put(const Chunk& chunk, std::uint64_t position, const std::stop_token& stop) const;
  HttpResponse ask(const std::string& total, const std::stop_token& stop) const;
  std::uint64_t position_in(const HttpResponse& response) const;
  void settle_doubts(const std::stop_token& stop);
  GcsCall call_for(const std::stop_token& stop) const;

  GcsClient& client_;
  std::string key_;
  Secret address_;
  std::uint64_t stored_ = 0;  // bytes that the service has confirmed
  std::string held_back_;     // less than 256 KiB
  std::uint32_t crc_ = 0;     // of stored and held back
  bool doubtful_ = false;     // the last attempt failed, and the service may have kept some of it
};

}  // namespace tapster
