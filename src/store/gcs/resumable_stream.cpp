#include "store/gcs/resumable_stream.h"

#include "codec/crc.h"
#include "http/http_status.h"
#include "store/cloud/retries.h"
#include "store/gcs/wire/body_checksum.h"
#include "store/gcs/wire/framed_body.h"
#include "store/gcs/wire/object_stat.h"
#include "text/number.h"

#include <tapster/log.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr const char* kInsertOperation = "objects.insert (resumable)";
constexpr std::uint64_t kGranule = 256 * 1024;

}  // namespace

// The bytes [begin, end) of the stream: first what was held back, then some of the body.
struct ResumableStream::Chunk {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const std::string& held_back;
  Body& body;
  bool last = false;
  HttpHeaders headers = {};

  std::string total() const { return last ? std::to_string(end) : "*"; }
};

GcsCall ResumableStream::call_for(const std::stop_token& stop) const {
  GcsCall call{.operation = kInsertOperation, .method = "PUT", .path = "", .key = key_};
  call.session = &address_;
  call.accepted = {status::kResumeIncomplete, status::kPreconditionFailed};
  call.stop = stop;
  return call;
}

// "Range: bytes=0-524287" is what the service has; it leaves the header out when that is nothing.
std::uint64_t ResumableStream::position_in(const HttpResponse& response) const {
  const std::string* range = find_header(response.headers, "range");
  if (range == nullptr) return 0;
  const std::size_t dash = range->rfind('-');
  if (dash != std::string::npos) {
    if (const auto last = parse_decimal<std::uint64_t>(std::string_view(*range).substr(dash + 1))) return *last + 1;
  }
  throw error(ErrorKind::network, "{} of {}: the store says that it has '{}', which cannot be understood",
              kInsertOperation, client_.describe(key_), *range);
}

HttpResponse ResumableStream::put(const Chunk& chunk, std::uint64_t position, const std::stop_token& stop) const {
  const std::uint64_t sent = position - chunk.begin;
  const std::uint64_t held_back_sent = std::min<std::uint64_t>(sent, chunk.held_back.size());
  std::string first = chunk.held_back.substr(static_cast<std::size_t>(held_back_sent));
  const std::uint64_t rest = chunk.end - position - first.size();
  FramedBody body(std::move(first), chunk.body, sent - held_back_sent, rest, "");
  GcsCall call = call_for(stop);
  call.once = true;  // what was stored of it has to be asked for before it is repeated
  call.headers = chunk.headers;
  call.headers.emplace_back(
      "Content-Range", position == chunk.end ? fmt::format("bytes */{}", chunk.total())
                                             : fmt::format("bytes {}-{}/{}", position, chunk.end - 1, chunk.total()));
  call.body = &body;
  return client_.call(call);
}

HttpResponse ResumableStream::ask(const std::string& total, const std::stop_token& stop) const {
  GcsCall call = call_for(stop);
  call.headers = {{"Content-Range", "bytes */" + total}};
  return client_.call(call);
}

HttpResponse ResumableStream::send(const Chunk& chunk, const std::stop_token& stop) const {
  const int attempts = client_.settings().max_attempts;
  std::optional<Retries> retries(std::in_place, client_.clock(), attempts, stop);
  for (std::uint64_t position = chunk.begin;;) {
    HttpResponse response;
    std::string trouble;
    try {
      response = put(chunk, position, stop);
    } catch (const TransportError& failure) {
      if (!failure.retryable() || retries->exhausted()) throw;
      trouble = failure.what();
    } catch (const StoreError& failure) {
      if (failure.kind() != ErrorKind::network || retries->exhausted()) throw;
      trouble = failure.what();
    }
    if (!trouble.empty()) {
      retries->wait(fmt::format("{} {}", kInsertOperation, key_), trouble);
      response = ask(chunk.total(), stop);
    }
    if (response.status != status::kResumeIncomplete) return response;
    const std::uint64_t stored = position_in(response);
    if (stored < chunk.begin || stored > chunk.end) {
      throw error(ErrorKind::network, "{} of {}: the store has {} bytes where it had {}, and {} were sent",
                  kInsertOperation, client_.describe(key_), stored, chunk.begin, chunk.end);
    }
    if (stored == chunk.end && !chunk.last) return response;
    if (stored > position) {
      retries.emplace(client_.clock(), attempts, stop);
    } else if (trouble.empty()) {
      if (retries->exhausted()) {
        throw error(ErrorKind::network, "{} of {}: the store takes nothing beyond byte {}", kInsertOperation,
                    client_.describe(key_), stored);
      }
      retries->wait(fmt::format("{} {}", kInsertOperation, key_), "the store has taken nothing");
    }
    position = stored;
  }
}

// Whether the service has kept something of a chunk that failed: that cannot be replaced.
void ResumableStream::settle_doubts(const std::stop_token& stop) {
  if (!doubtful_) return;
  const HttpResponse response = ask("*", stop);
  if (response.status != status::kResumeIncomplete || position_in(response) != stored_) {
    throw error(ErrorKind::general,
                "{} of {}: the store has kept a piece of an attempt that failed: begin the upload again",
                kInsertOperation, client_.describe(key_));
  }
  doubtful_ = false;
}

void ResumableStream::add(Body& body, const std::stop_token& stop) {
  const std::uint64_t available = held_back_.size() + body.size();
  const std::uint64_t whole = available / kGranule * kGranule;
  std::string rest = whole == 0 ? held_back_ : "";
  std::uint64_t at = held_back_.size();
  const std::uint32_t crc = crc32c_of(body, [&](Bytes piece) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(whole - std::min(whole, at), piece.size()));
    rest.append(reinterpret_cast<const char*>(piece.data()) + skipped, piece.size() - skipped);
    at += piece.size();
  });
  if (at != available) throw Error(ErrorKind::general, "what is to be sent has changed its size");
  settle_doubts(stop);
  if (whole != 0) {
    const Chunk chunk{.begin = stored_, .end = stored_ + whole, .held_back = held_back_, .body = body};
    doubtful_ = true;
    const HttpResponse response = send(chunk, stop);
    if (response.status != status::kResumeIncomplete) {
      throw error(ErrorKind::general, "{} of {}: the store has ended the upload early", kInsertOperation,
                  client_.describe(key_));
    }
    doubtful_ = false;
  }
  stored_ += whole;
  held_back_ = std::move(rest);
  crc_ = crc32c_combine(crc_, crc, body.size());
}

HttpResponse ResumableStream::finish(const std::stop_token& stop) {
  settle_doubts(stop);
  MemoryBody nothing(Bytes{});
  Chunk chunk{.begin = stored_, .end = size(), .held_back = held_back_, .body = nothing, .last = true};
  chunk.headers = {{"x-goog-hash", "crc32c=" + crc32c_text(crc_)}};
  return send(chunk, stop);
}

void ResumableStream::cancel() const {
  GcsCall call = call_for({});
  call.method = "DELETE";
  call.accepted = {404, 410, 499};  // the last is the answer to a cancellation; the others: it is gone already
  client_.call(call);
}

}  // namespace tapster
