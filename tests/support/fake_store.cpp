#include "support/fake_store.h"

#include "crypto/digest.h"

#include <algorithm>
#include <stdexcept>

namespace tapster::test {
namespace {

constexpr std::size_t kReadSize = 256 << 10;

void expect(bool condition, const char* what) {
  if (!condition) throw std::logic_error(std::string("the store was used wrongly: ") + what);
}

}  // namespace

StoreError FakeStore::refusal(const std::string& operation, int http_status, ErrorKind kind) {
  StoreError::Details details;
  details.operation = operation;
  details.http_status = http_status;
  if (http_status == 403) details.code = "AccessDenied";
  return {kind, operation + " was refused with " + std::to_string(http_status), details};
}

void FakeStore::enter(const std::string& operation, const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(operation + " " + key);
  }
  if (before) before(operation, key);
}

std::vector<std::string> FakeStore::versions_asked_for(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = versions_asked_for_.find(key);
  return found == versions_asked_for_.end() ? std::vector<std::string>() : found->second;
}

void FakeStore::add(const std::string& key, Bytes data, Metadata metadata) {
  const std::lock_guard lock(mutex_);
  const std::string etag = "version-" + std::to_string(++versions_);
  objects_[key] = {{data.begin(), data.end()}, data.size(), std::move(metadata), std::nullopt, false, etag, time};
}

void FakeStore::erase(const std::string& key) {
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
}

void FakeStore::change(const std::string& key, const std::function<void(Object&)>& change) {
  const std::lock_guard lock(mutex_);
  change(objects_.at(key));
}

std::vector<std::string> FakeStore::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(objects_.size());
  for (const auto& [key, object] : objects_) keys.push_back(key);
  return keys;
}

std::optional<FakeStore::Object> FakeStore::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::size_t FakeStore::open_uploads() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

std::uint64_t FakeStore::largest_part() const {
  const std::lock_guard lock(mutex_);
  return largest_part_;
}

std::vector<std::string> FakeStore::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

int FakeStore::count(const std::string& operation) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(calls_.begin(), calls_.end(),
                                        [&](const std::string& call) { return call.starts_with(operation + " "); }));
}

std::optional<ObjectStat> FakeStore::stat(const std::string& key) {
  enter("stat", key);
  const auto object = find(key);
  if (!object) return std::nullopt;
  return ObjectStat{object->size, object->etag, features.metadata ? object->metadata : Metadata{}, object->retain_until,
                    object->legal_hold};
}

std::optional<ObjectStat> FakeStore::get(const std::string& key, ByteSink& sink, const GetOptions& options) {
  enter("get", key);
  const auto object = find(key);
  {
    const std::lock_guard lock(mutex_);
    versions_asked_for_[key].push_back(options.etag);
  }
  if (!object) return std::nullopt;
  if (!options.etag.empty() && options.etag != object->etag) {
    throw error(ErrorKind::general, "{} was replaced while it was read: try again", describe(key));
  }
  Bytes rest = object->data;
  if (options.range) {
    rest = rest.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(options.range->offset, rest.size())));
    rest = rest.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(options.range->length.value_or(rest.size()), rest.size())));
  }
  const std::size_t wanted = rest.size();
  while (!rest.empty()) {
    const Bytes chunk = rest.first(std::min(chunk_size, rest.size()));
    sink.write(chunk);
    rest = rest.subspan(chunk.size());
    if (during_get) during_get(key, wanted - rest.size());
  }
  ObjectStat stat{object->size, object->etag, features.metadata ? object->metadata : Metadata{}};
  stat.crc32c = object->crc32c;
  return stat;
}

// Reads it twice, as a store that signs or tries again does.
FakeStore::Object FakeStore::read_body(Body& body, const PutOptions& options) const {
  Object result;
  std::vector<std::byte> buffer(kReadSize);
  Sha256 first_digest;
  body.unsent().rewind();
  while (const std::size_t count = body.unsent().read(buffer)) first_digest.update(Bytes(buffer).first(count));
  const Sha256Digest digest = first_digest.finish();
  body.rewind();
  Sha256 second_digest;
  while (const std::size_t count = body.read(buffer)) {
    second_digest.update(Bytes(buffer).first(count));
    if (keeps_data) result.data.insert(result.data.end(), buffer.begin(), buffer.begin() + count);
    result.size += count;
  }
  expect(result.size == body.size(), "a body is not as long as it said");
  expect(digest == second_digest.finish(), "a body differs when it is read again");
  expect(!options.body_sha256 || *options.body_sha256 == digest, "body_sha256 is not that of the body");
  if (features.metadata) result.metadata = options.metadata;
  result.tags = options.tags;
  result.body_digest_given = options.body_sha256.has_value();
  return result;
}

PutResult FakeStore::store(const std::string& key, Object object, const PutOptions& options) {
  const std::lock_guard lock(mutex_);
  if (options.if_absent() && !ignores_if_absent && objects_.contains(key)) return PutResult::already_exists;
  object.modified = time;
  objects_[key] = std::move(object);
  return PutResult::created;
}

PutResult FakeStore::put(const std::string& key, Body& body, const PutOptions& options) {
  enter("put", key);
  expect(body.size() <= limit.max_put_size, "a put is too large");
  return store(key, read_body(body, options), options);
}

void FakeStore::list(const std::string& prefix, const ListOptions& options,
                     const std::function<bool(const ListPage&)>& each) {
  enter("list", prefix);
  expect(!options.by_folder || options.start_after.empty(), "start_after does not go with by_folder");
  std::vector<ObjectEntry> entries;  // those that end in a slash are folders
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, object] : objects_) {
      if (!key.starts_with(prefix) || (!options.start_after.empty() && key <= options.start_after)) continue;
      const std::size_t slash = options.by_folder ? key.find('/', prefix.size()) : std::string::npos;
      if (slash == std::string::npos) {
        entries.push_back({key, object.size, object.modified});
      } else if (const std::string folder = key.substr(0, slash + 1); entries.empty() || entries.back().key != folder) {
        entries.push_back({folder});
      }
    }
  }
  const std::size_t limit_of_page = std::min(page_size, static_cast<std::size_t>(options.page_size.value_or(1000)));
  for (std::size_t begin = 0; begin < entries.size(); begin += limit_of_page) {
    ListPage page;
    const std::size_t end = std::min(entries.size(), begin + limit_of_page);
    for (std::size_t at = begin; at < end; ++at) {
      if (entries[at].key.ends_with('/')) {
        page.prefixes.push_back(entries[at].key);
      } else {
        page.objects.push_back(entries[at]);
      }
    }
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back("page " + prefix);
    }
    if (!each(page)) return;
  }
}

std::vector<RemoveFailure> FakeStore::remove(const std::vector<std::string>& keys) {
  expect(keys.size() <= limit.max_remove_batch, "too many keys in a batch");
  enter("batch", std::to_string(keys.size()));
  std::vector<RemoveFailure> failures;
  for (const std::string& key : keys) {
    enter("remove", key);
    if (undeletable.contains(key)) {
      failures.push_back({key, "AccessDenied: not this one"});
    } else {
      erase(key);
    }
  }
  return failures;
}

UploadId FakeStore::begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  enter("begin", key);
  expect(part_size >= limit.min_part_size && part_size <= limit.max_part_size, "part size out of range");
  const std::lock_guard lock(mutex_);
  UploadId upload{key, "upload-" + std::to_string(++begun_), part_size};
  uploads_[upload.id] = {key, part_size, options, {}, time};
  return upload;
}

UploadedPart FakeStore::upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  enter("part", upload.key);
  if (during_part) during_part(upload.key, number, stop);
  if (stop.stop_requested()) throw Interrupted();
  Object part = read_body(body, {});
  const std::lock_guard lock(mutex_);
  largest_part_ = std::max(largest_part_, part.size);
  part.modified = time;
  uploads_.at(upload.id).parts[number] = std::move(part);
  return {number, "etag-" + std::to_string(number), ""};
}

PutResult FakeStore::complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                     const PutOptions& options) {
  enter("complete", upload.key);
  Upload finished;
  {
    const std::lock_guard lock(mutex_);
    finished = uploads_.at(upload.id);
  }
  expect(!parts.empty() && parts.size() == finished.parts.size(), "not all parts are named");
  Object whole;
  whole.metadata = features.metadata ? finished.options.metadata : Metadata{};
  whole.tags = finished.options.tags;
  for (const UploadedPart& named : parts) {
    const Object& part = finished.parts.at(named.number);
    const bool last = named.number == parts.back().number;
    expect(last ? part.size <= finished.part_size : part.size == finished.part_size, "a part has a wrong size");
    whole.size += part.size;
    whole.data.insert(whole.data.end(), part.data.begin(), part.data.end());
  }
  const PutResult result = store(upload.key, std::move(whole), options);
  const std::lock_guard lock(mutex_);
  if (result == PutResult::created) uploads_.erase(upload.id);
  return result;
}

void FakeStore::list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) {
  enter("uploads", prefix);
  std::vector<UnfinishedUpload> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, upload] : uploads_) {
      if (upload.key.starts_with(prefix)) found.push_back({{upload.key, id, upload.part_size}, upload.initiated});
    }
  }
  for (const UnfinishedUpload& upload : found) {
    if (!each(upload)) return;
  }
}

std::optional<TimePoint> FakeStore::newest_part(const UploadId& upload) {
  enter("parts", upload.key);
  const std::lock_guard lock(mutex_);
  std::optional<TimePoint> newest;
  const auto found = uploads_.find(upload.id);
  if (found == uploads_.end()) return newest;
  for (const auto& [number, part] : found->second.parts) newest = std::max(newest, part.modified);
  return newest;
}

void FakeStore::abort_upload(const UploadId& upload) noexcept {
  const std::lock_guard lock(mutex_);
  calls_.push_back("abort " + upload.key);
  uploads_.erase(upload.id);
}

}  // namespace tapster::test
