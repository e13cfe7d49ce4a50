// Resumable downloads: a cut connection continues where it ended, pinned to the version it began with.
#include "base/encoding.h"
#include "base/time_text.h"
#include "http/backoff.h"
#include "store/s3/s3_store.h"

#include <tapster/log.h>

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

constexpr int kMaxResumptions = 100;
constexpr const char* kOperation = "GetObject";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "bytes 100-199/1234" (RFC 9110 section 14.4).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (!text.starts_with(kUnit) || dash == std::string_view::npos || slash == std::string_view::npos)
    return std::nullopt;
  const auto first = number(text.substr(kUnit.size(), dash - kUnit.size()));
  const auto total = number(text.substr(slash + 1));
  if (!first || !total) return std::nullopt;
  return ContentRange{*first, *total};
}

class Download final : public ByteSink {
 public:
  Download(S3Client& client, const std::string& key, ByteSink& sink, const GetOptions& options)
      : client_(client), key_(key), sink_(sink), range_(options.range), stop_(options.stop) {}

  std::optional<ObjectStat> run();

  // From the client: the bytes of the current answer.
  void write(Bytes data) override;
  void finish() override {}

 private:
  enum class Outcome { complete, absent, past_the_end };
  Outcome attempt();
  S3Call make_call();
  void look_at_headers(int status, const HttpHeaders& headers);
  void start(const HttpHeaders& headers, std::uint64_t total);
  void choose_checksum(const HttpHeaders& headers);
  void verify();
  Error changed() const {
    return error(ErrorKind::general, "s3://{}/{} was replaced while it was read: try again", client_.settings().bucket,
                 key_);
  }
  bool whole() const { return !range_; }
  std::uint64_t position() const { return (range_ ? range_->offset : 0) + delivered_; }

  S3Client& client_;
  const std::string& key_;
  ByteSink& sink_;
  std::optional<ByteRange> range_;
  std::stop_token stop_;
  std::optional<ObjectStat> stat_;  // of the first answer
  std::uint64_t expected_ = 0;      // bytes to deliver in all
  std::uint64_t delivered_ = 0;
  std::uint64_t skip_ = 0;  // of the current answer, from a server that ignores Range
  std::optional<Checksum> checksum_;
  std::string stored_checksum_;
};

S3Call Download::make_call() {
  S3Call call{.operation = kOperation, .method = "GET", .key = key_};
  call.headers = client_.settings().customer_key;
  if (position() > 0 || (range_ && range_->length)) {
    std::string value = fmt::format("bytes={}-", position());
    if (range_ && range_->length) {
      const std::uint64_t last = range_->offset + (*range_->length - 1);
      if (last >= range_->offset) value += std::to_string(last);  // an absurd length means: to the end
    }
    call.headers.emplace_back("Range", value);
  }
  if (stat_ && !stat_->etag.empty()) call.headers.emplace_back("If-Match", stat_->etag);
  if (client_.settings().checksums.downloads && whole() && !stat_) {
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  }
  call.sink = this;
  call.stop = stop_;
  call.on_headers = [this](int status, const HttpHeaders& headers) { look_at_headers(status, headers); };
  call.accepted = {404, 412, 416};
  return call;
}

void Download::start(const HttpHeaders& headers, std::uint64_t total) {
  stat_ = stat_from_headers(headers);
  stat_->size = total;
  const std::uint64_t available = total - std::min(total, position());
  expected_ = range_ && range_->length ? std::min(*range_->length, available) : available;
  choose_checksum(headers);
}

void Download::look_at_headers(int status, const HttpHeaders& headers) {
  if (status != 200 && status != 206) return;
  const auto* range = find_header(headers, "content-range");
  const auto parsed = range == nullptr ? std::nullopt : parse_content_range(*range);
  const auto* length = find_header(headers, "content-length");
  const auto whole_length = length == nullptr ? std::nullopt : number(*length);
  if (status == 206 ? !parsed : !whole_length) {
    throw error(ErrorKind::network, "{}: the store's answer for s3://{}/{} does not say how long it is", kOperation,
                client_.settings().bucket, key_);
  }
  if (parsed && status == 206 && parsed->first != position()) {
    throw error(ErrorKind::general, "{}: the store sent byte {} of s3://{}/{} where {} was asked for", kOperation,
                parsed->first, client_.settings().bucket, key_, position());
  }
  const std::uint64_t total = status == 206 ? parsed->total : *whole_length;
  skip_ = status == 206 ? 0 : position();
  if (!stat_) {
    start(headers, total);
  } else if (stat_->size != total || stat_->etag != stat_from_headers(headers).etag) {
    throw changed();
  }
}

void Download::choose_checksum(const HttpHeaders& headers) {
  if (!client_.settings().checksums.downloads || !whole()) return;
  const auto* type = find_header(headers, "x-amz-checksum-type");
  if (type != nullptr && *type == "COMPOSITE") return;  // a checksum of checksums of parts
  for (const auto algorithm :
       {ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc32, ChecksumAlgorithm::sha256}) {
    const auto* value = find_header(headers, header_name(algorithm));
    if (value == nullptr || value->find('-') != std::string::npos) continue;  // "...-N": of N parts
    checksum_.emplace(algorithm);
    stored_checksum_ = *value;
    return;
  }
}

void Download::write(Bytes data) {
  const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, data.size()));
  skip_ -= skipped;
  data = data.subspan(skipped);
  data = data.first(static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), expected_ - delivered_)));
  if (data.empty()) return;
  if (checksum_) checksum_->update(data);
  sink_.write(data);
  delivered_ += data.size();
}

void Download::verify() {
  if (delivered_ != expected_) {
    throw error(ErrorKind::network, "{}: {} of {} bytes of s3://{}/{} came", kOperation, delivered_, expected_,
                client_.settings().bucket, key_);
  }
  if (!checksum_) return;
  const std::string computed = checksum_->base64();
  if (computed != stored_checksum_) {
    throw error(ErrorKind::general,
                "s3://{}/{} is damaged, or was on its way: its checksum is {}, the store has recorded {}",
                client_.settings().bucket, key_, computed, stored_checksum_);
  }
}

Download::Outcome Download::attempt() {
  const S3Call call = make_call();
  const S3Answer answer = client_.call(call);
  switch (answer.http.status) {
    case 404:
      if (answer.error_code != "NoSuchKey") throw client_.refused(answer.http, call);
      if (stat_) throw changed();
      return Outcome::absent;
    case 412:
      throw changed();
    case 416:
      return Outcome::past_the_end;
    default:
      return Outcome::complete;
  }
}

std::optional<ObjectStat> Download::run() {
  int fruitless = 1;
  for (int resumption = 0;; ++resumption) {
    const std::uint64_t before = delivered_;
    try {
      switch (attempt()) {
        case Outcome::absent:
          return std::nullopt;
        case Outcome::past_the_end:
          if (!range_ || stat_) throw changed();
          return S3Store(client_).stat(key_);
        case Outcome::complete:
          verify();
          return stat_;
      }
    } catch (const TransportError& failure) {
      fruitless = delivered_ > before ? 1 : fruitless + 1;
      const bool begun = stat_.has_value();
      if (begun && delivered_ == expected_) {  // only the connection's end was unclean
        verify();
        return stat_;
      }
      if (!begun || !failure.retryable() || resumption >= kMaxResumptions ||
          fruitless > client_.settings().max_attempts) {
        throw;
      }
      log::info("{} {}: {}; going on at byte {}", kOperation, key_, failure.what(), position());
      client_.clock().sleep(backoff(fruitless), stop_);
    }
  }
}

}  // namespace

std::optional<ObjectStat> download(S3Client& client, const std::string& key, ByteSink& sink,
                                   const GetOptions& options) {
  return Download(client, key, sink, options).run();
}

ObjectStat stat_from_headers(const HttpHeaders& headers) {
  constexpr std::string_view kMetadata = "x-amz-meta-";
  ObjectStat stat;
  for (const auto& [name, value] : headers) {
    const std::string lower = to_lower(name);
    if (lower == "etag") {
      stat.etag = value;
    } else if (lower == "content-length") {
      stat.size = number(value).value_or(0);
    } else if (lower.starts_with(kMetadata)) {
      stat.metadata.emplace(lower.substr(kMetadata.size()), value);
    } else if (lower == "x-amz-object-lock-retain-until-date") {
      stat.retain_until = parse_rfc3339(value);
    } else if (lower == "x-amz-object-lock-legal-hold") {
      stat.legal_hold = equals_ignoring_case(value, "ON");
    }
  }
  return stat;
}

}  // namespace tapster
