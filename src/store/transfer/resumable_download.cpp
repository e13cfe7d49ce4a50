#include "store/transfer/resumable_download.h"

#include "http/backoff.h"

#include <tapster/log.h>

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

constexpr int kMaxResumptions = 100;

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
  Download(DownloadProtocol& protocol, const DownloadTexts& texts, ByteSink& sink, const GetOptions& options,
           Clock& clock, int max_attempts)
      : protocol_(protocol),
        texts_(texts),
        sink_(sink),
        range_(options.range),
        stop_(options.stop),
        clock_(clock),
        max_attempts_(max_attempts) {
    if (!options.etag.empty()) pinned_.emplace().etag = options.etag;
  }

  std::optional<ObjectStat> run();

  // From the client: the bytes of the current answer.
  void write(Bytes data) override;
  void finish() override {}

 private:
  DownloadProtocol::Outcome attempt();
  std::string range_header() const;
  void look_at_headers(int status, const HttpHeaders& headers);
  void start(const HttpHeaders& headers, std::uint64_t total);
  void verify();
  Error changed() const {
    return error(ErrorKind::general, "{} was replaced while it was read: try again", texts_.name);
  }
  std::uint64_t position() const { return (range_ ? range_->offset : 0) + delivered_; }

  DownloadProtocol& protocol_;
  const DownloadTexts& texts_;
  ByteSink& sink_;
  std::optional<ByteRange> range_;
  std::stop_token stop_;
  Clock& clock_;
  int max_attempts_;
  std::optional<ObjectStat> pinned_;  // what the caller asked for
  std::optional<ObjectStat> stat_;    // of the first answer
  std::uint64_t expected_ = 0;        // bytes to deliver in all
  std::uint64_t delivered_ = 0;
  std::uint64_t skip_ = 0;  // of the current answer, from a server that ignores Range
};

std::string Download::range_header() const {
  if (position() == 0 && !(range_ && range_->length)) return {};
  std::string value = fmt::format("bytes={}-", position());
  if (range_ && range_->length) {
    const std::uint64_t last = range_->offset + (*range_->length - 1);
    if (last >= range_->offset) value += std::to_string(last);  // an absurd length means: to the end
  }
  return value;
}

void Download::start(const HttpHeaders& headers, std::uint64_t total) {
  stat_ = protocol_.stat_of(headers);
  stat_->size = total;
  if (pinned_ && pinned_->etag != stat_->etag) throw changed();
  const std::uint64_t available = total - std::min(total, position());
  expected_ = range_ && range_->length ? std::min(*range_->length, available) : available;
  protocol_.begin_checksum(headers, position() == 0 && expected_ == total);
}

void Download::look_at_headers(int status, const HttpHeaders& headers) {
  if (status != 200 && status != 206) return;
  const auto* range = find_header(headers, "content-range");
  const auto parsed = range == nullptr ? std::nullopt : parse_content_range(*range);
  const auto* length = find_header(headers, "content-length");
  const auto whole_length = length == nullptr ? std::nullopt : number(*length);
  if (status == 206 ? !parsed : !whole_length) {
    throw error(ErrorKind::network, "{}: the store's answer for {} does not say how long it is", texts_.operation,
                texts_.name);
  }
  if (parsed && status == 206 && parsed->first != position()) {
    throw error(ErrorKind::general, "{}: the store sent byte {} of {} where {} was asked for", texts_.operation,
                parsed->first, texts_.name, position());
  }
  const std::uint64_t total = status == 206 ? parsed->total : *whole_length;
  skip_ = status == 206 ? 0 : position();
  if (!stat_) {
    start(headers, total);
  } else if (stat_->size != total || stat_->etag != protocol_.stat_of(headers).etag) {
    throw changed();
  }
}

void Download::write(Bytes data) {
  const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, data.size()));
  skip_ -= skipped;
  data = data.subspan(skipped);
  data = data.first(static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), expected_ - delivered_)));
  if (data.empty()) return;
  protocol_.update_checksum(data);
  sink_.write(data);
  delivered_ += data.size();
}

void Download::verify() {
  if (delivered_ != expected_) {
    throw error(ErrorKind::network, "{}: {} of {} bytes of {} came", texts_.operation, delivered_, expected_,
                texts_.name);
  }
  protocol_.verify_checksum();
}

DownloadProtocol::Outcome Download::attempt() {
  const auto& version = stat_ ? stat_ : pinned_;
  return protocol_.fetch({range_header(), version ? &*version : nullptr, *this,
                          [this](int status, const HttpHeaders& headers) { look_at_headers(status, headers); }, stop_});
}

std::optional<ObjectStat> Download::run() {
  using Outcome = DownloadProtocol::Outcome;
  int fruitless = 1;
  for (int resumption = 0;; ++resumption) {
    const std::uint64_t before = delivered_;
    try {
      switch (attempt()) {
        case Outcome::absent:
          if (stat_ || pinned_) throw changed();
          return std::nullopt;
        case Outcome::changed:
          throw changed();
        case Outcome::past_the_end:
          if (!range_ || stat_) throw changed();
          return protocol_.stat();
        case Outcome::delivered:
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
      if (!begun || !failure.retryable() || resumption >= kMaxResumptions || fruitless > max_attempts_) throw;
      log::info("{} {}: {}; going on at byte {}", texts_.operation, texts_.name, failure.what(), position());
      clock_.sleep(backoff(fruitless), stop_);
    }
  }
}

}  // namespace

std::optional<ObjectStat> download(DownloadProtocol& protocol, const DownloadTexts& texts, ByteSink& sink,
                                   const GetOptions& options, Clock& clock, int max_attempts) {
  return Download(protocol, texts, sink, options, clock, max_attempts).run();
}

}  // namespace tapster
