// The local WAL file that is archived. It is read several times; a change in between is an error.
#pragma once

#include "wal/content_digest.h"

#include <tapster/body.h>
#include <tapster/wal_name.h>

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

class LocalWalFile {
 public:
  // Throws Error (general) when the file cannot be read, is not a regular file, or is an empty segment. A request to
  // stop ends every later read with Interrupted.
  LocalWalFile(std::string path, const WalName& name, std::stop_token stop = {});

  const std::string& path() const noexcept { return path_; }
  std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(first_seen_.st_size); }
  const struct stat& first_seen() const noexcept { return first_seen_; }
  const std::stop_token& stop() const noexcept { return stop_; }

  // The cluster that wrote it, by its header. nullopt unless this is a segment of exactly the size in its header.
  // Throws Error (general) when it cannot be read.
  std::optional<std::uint64_t> system_identifier() const;

  // The bytes from `offset` on, at most `length`. Before it hands out the last bytes it checks that the file has not
  // changed since it was first seen, and throws Error (general) if it has: a store never gets the whole of a mixture.
  // Borrows this.
  std::unique_ptr<Body> body(std::uint64_t offset, std::uint64_t length) const;

  // Writes the whole file into `sink` and calls sink.finish(). Throws as body() does.
  void stream_into(ByteSink& sink) const;

  // Reads the file for it once, unless set_digest() was called.
  const ContentDigest& digest();
  void set_digest(const ContentDigest& digest) { digest_ = digest; }

 private:
  class CheckedBody;
  void check_unchanged() const;

  std::string path_;
  std::stop_token stop_;
  struct stat first_seen_ {};
  std::optional<ContentDigest> digest_;
};

}  // namespace tapster
