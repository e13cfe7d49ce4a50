// An ObjectStore in memory, with switches for what real stores do to their clients.
#pragma once

#include <tapster/object_store.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace tapster::test {

class FakeStore final : public ObjectStore {
 public:
  struct Object {
    std::vector<std::byte> data;
    std::uint64_t size = 0;
    Metadata metadata;
    std::optional<Tags> tags;
    bool body_digest_given = false;
    std::string etag = {};  // a new one whenever add() replaces the object
    std::optional<TimePoint> modified = {};
    std::optional<TimePoint> retain_until = {};
    bool legal_hold = false;
    std::optional<std::uint32_t> crc32c = {};  // that the store has recorded
  };

  // Switches; set them before the store is used.
  StoreCapabilities features{true, true, true};
  std::string address = "fake";  // what identity() says
  StoreLimits limit{5 << 20, std::uint64_t{5} << 30, 10000, std::uint64_t{5} << 30, 1000};
  std::size_t page_size = 1000;       // at most this many objects in a page
  std::size_t chunk_size = 64 << 10;  // of what get writes
  bool keeps_data = true;             // false: bodies are counted and dropped
  bool ignores_if_absent = false;     // like old stores
  std::optional<TimePoint> time;      // of what is stored or begun from now on
  std::set<std::string> undeletable;  // keys that remove() reports as failures
  // Called before every call, without a lock: may throw, and may change the store.
  std::function<void(const std::string& operation, const std::string& key)> before;
  // Called within upload_part, without a lock, before the part counts.
  std::function<void(const std::string& key, int number, const std::stop_token& stop)> during_part;
  // Called after every chunk of a get, without a lock.
  std::function<void(const std::string& key, std::uint64_t sent)> during_get;

  // A StoreError as S3 would refuse.
  static StoreError refusal(const std::string& operation, int http_status, ErrorKind kind = ErrorKind::general);

  void add(const std::string& key, Bytes data, Metadata metadata = {});
  void add_text(const std::string& key, std::string_view text) { add(key, std::as_bytes(std::span(text))); }
  void change(const std::string& key, const std::function<void(Object&)>& change);
  std::vector<std::string> keys() const;
  void erase(const std::string& key);
  std::optional<Object> find(const std::string& key) const;
  std::size_t open_uploads() const;
  std::uint64_t largest_part() const;
  std::vector<std::string> calls() const;  // "put KEY"
  int count(const std::string& operation) const;
  std::vector<std::string> versions_asked_for(const std::string& key) const;  // GetOptions::etag of each get

  std::optional<ObjectStat> stat(const std::string& key) override;
  std::optional<ObjectStat> get(const std::string& key, ByteSink& sink, const GetOptions& options) override;
  PutResult put(const std::string& key, Body& body, const PutOptions& options) override;
  void list(const std::string& prefix, const ListOptions& options,
            const std::function<bool(const ListPage&)>& each) override;
  std::vector<RemoveFailure> remove(const std::vector<std::string>& keys) override;
  UploadId begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) override;
  UploadedPart upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop = {}) override;
  PutResult complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                            const PutOptions& options) override;
  void abort_upload(const UploadId& upload) noexcept override;
  void list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) override;
  std::optional<TimePoint> newest_part(const UploadId& upload) override;
  bool container_exists() override { return true; }
  void create_container() override {}
  StoreLimits limits() const override { return limit; }
  StoreCapabilities capabilities() const override { return features; }
  std::string identity() const override { return address; }
  std::string describe(const std::string& key) const override { return "fake://bucket/" + key; }

 private:
  struct Upload {
    std::string key;
    std::uint64_t part_size = 0;
    PutOptions options;
    std::map<int, Object> parts;
    std::optional<TimePoint> initiated = {};
  };
  void enter(const std::string& operation, const std::string& key);
  Object read_body(Body& body, const PutOptions& options) const;
  PutResult store(const std::string& key, Object object, const PutOptions& options);

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  std::vector<std::string> calls_;
  std::map<std::string, std::vector<std::string>> versions_asked_for_;
  std::uint64_t largest_part_ = 0;
  int versions_ = 0;
  int begun_ = 0;  // uploads
};

}  // namespace tapster::test
