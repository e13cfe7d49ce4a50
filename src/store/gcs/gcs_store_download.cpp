// Downloads: the version pinned by its generation, the stored CRC-32C verified.
#include "codec/crc.h"
#include "store/gcs/gcs_store.h"
#include "store/gcs/wire/object_stat.h"
#include "store/transfer/resumable_download.h"

#include <tapster/log.h>

namespace tapster {

constexpr const char* kGetOperation = "objects.get";

// By the XML API, whose headers bring the metadata along and which says whether it is the object or the bucket that is
// missing. An endpoint that does not have it is asked by the JSON API (alt=media), without metadata.
class GcsDownload final : public DownloadProtocol {
 public:
  GcsDownload(GcsStore& store, const std::string& key) : store_(store), client_(store.client_), key_(key) {}

  Outcome fetch(const Request& request) override;
  ObjectStat stat_of(const HttpHeaders& headers) override { return gcs_stat_from_headers(headers); }
  std::optional<ObjectStat> stat() override { return store_.stat(key_); }
  void begin_checksum(const HttpHeaders& headers, bool whole) override {
    if (whole) stored_ = crc32c_in(headers);
  }
  void update_checksum(Bytes data) override {
    if (stored_) computed_ = crc32c(computed_, data);
  }
  void verify_checksum() override;

 private:
  GcsCall call_for(const Request& request, bool xml) const;
  bool is_without_xml(const HttpResponse& response, const GcsCall& call) const;

  GcsStore& store_;
  GcsClient& client_;
  const std::string& key_;
  std::optional<std::uint32_t> stored_;
  std::uint32_t computed_ = 0;
};

GcsCall GcsDownload::call_for(const Request& request, bool xml) const {
  GcsCall call{
      .operation = kGetOperation, .method = "GET", .path = xml ? client_.xml_path(key_) : client_.object_path(key_)};
  call.key = key_;
  if (!xml) call.query = {{"alt", "media"}};
  if (request.pinned != nullptr && !request.pinned->etag.empty()) {
    call.query.emplace_back("generation", request.pinned->etag);
  }
  if (!request.range.empty()) call.headers.emplace_back("Range", request.range);
  call.sink = &request.sink;
  call.stop = request.stop;
  call.on_headers = request.on_headers;
  call.accepted = {404, 416};
  if (xml) call.accepted.insert(call.accepted.end(), {400, 405, 501});
  return call;
}

// The service's own refusals are XML documents, whatever they refuse.
bool GcsDownload::is_without_xml(const HttpResponse& response, const GcsCall& call) const {
  const GcsError failure = client_.failure_in(response, call);
  return failure.form != GcsError::Form::xml || failure.status == 405 || failure.status == 501;
}

DownloadProtocol::Outcome GcsDownload::fetch(const Request& request) {
  bool xml = !store_.lacks_xml_downloads_;
  GcsCall call = call_for(request, xml);
  HttpResponse response = client_.call(call);
  const bool unclear = response.status >= 400 && response.status != 416;
  if (xml && unclear && is_without_xml(response, call)) {
    xml = false;
    call = call_for(request, xml);
    call.accepted = {404, 416};
    response = client_.call(call);
    if (response.status < 400 && !store_.lacks_xml_downloads_.exchange(true)) {
      log::info("The endpoint has no downloads by the XML API: going on with the JSON API");
    }
  }
  if (response.status == 416) return Outcome::past_the_end;
  if (response.status < 400) return Outcome::delivered;
  if (response.status == 404 && store_.proven_absent(response, call)) return Outcome::absent;
  throw client_.refused(response, call);
}

void GcsDownload::verify_checksum() {
  if (!stored_ || computed_ == *stored_) return;
  throw error(ErrorKind::general,
              "{} is damaged, or was on its way: the CRC-32C of what came is {:08x}, the store has recorded {:08x}",
              client_.describe(key_), computed_, *stored_);
}

std::optional<ObjectStat> GcsStore::get(const std::string& key, ByteSink& sink, const GetOptions& options) {
  if (options.range && options.range->length == 0) return stat(key);
  GcsDownload protocol(*this, key);
  return download(protocol, {kGetOperation, describe(key)}, sink, options, client_.clock(),
                  client_.settings().max_attempts);
}

}  // namespace tapster
