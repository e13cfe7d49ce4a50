// The contract that the four stores keep: S3 and what speaks its API, Azure Blob Storage, Google Cloud Storage, and a
// directory. "Bucket" below also means a container and that directory.
//
// Keys are UTF-8, without a leading slash, relative to the bucket. Every method may be called from several threads at
// once. The three stores over HTTP repeat a request that fails for a passing reason before they throw.
//
// Every failure of a store is an Error. Its kind is network when no whole answer came, or when the store refused for a
// passing reason until all attempts were used up. It is general otherwise. What the store refused is a StoreError; so
// is a bucket that does not exist. Absence is a value, and only proven absence.
//
// A request to stop, where a stop_token is given, ends the call with Interrupted. The request that is on its way, and
// the wait before the next attempt, end within about a second. What takes no token runs to its end first: the search
// for credentials, a look for an existing object, and a directory's put and complete_upload. The store stays usable.
#pragma once

#include <tapster/body.h>
#include <tapster/byte_sink.h>
#include <tapster/clock.h>
#include <tapster/error.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tapster {

// A refusal by the store. what() is one line with whatever is known of: the likely cure, the operation, the store's
// code and message, HTTP status, request id, bucket and key.
class StoreError final : public Error {
 public:
  struct Details {
    std::string operation;  // "PutObject"
    std::string code;       // the store's own: "AccessDenied"
    int http_status = 0;    // 0 for stores without HTTP
    std::string request_id;
    std::string bucket;
    std::string key;
  };
  StoreError(ErrorKind kind, const std::string& message, Details details)
      : Error(kind, message), details_(std::move(details)) {}
  const Details& details() const noexcept { return details_; }

 private:
  Details details_;
};

using Metadata = std::map<std::string, std::string>;            // lower-case names, ASCII values
using Tags = std::vector<std::pair<std::string, std::string>>;  // order kept

struct ObjectEntry {
  std::string key;
  std::uint64_t size = 0;                  // bytes as stored
  std::optional<TimePoint> modified = {};  // by the store's clock; nullopt when it does not say
};

struct ObjectStat {
  std::uint64_t size = 0;  // bytes as stored: of the whole object, also with a range
  std::string etag;        // opaque: never a digest; empty where the store has none
  Metadata metadata;
  // Object lock: the store refuses to delete it until then, or as long as there is a legal hold. Absent
  // where the store has no such thing, and where the caller may not know.
  std::optional<TimePoint> retain_until = {};
  bool legal_hold = false;
  std::optional<std::uint32_t> crc32c = {};  // of the whole object, where the store keeps one
};

// Clipped to the object: a range that lies beyond its end, or has length 0, yields no bytes and is no error.
struct ByteRange {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // to the end when absent
};

struct GetOptions {
  std::optional<ByteRange> range;
  // The version to read, as ObjectStat::etag names it: another version is an error. A store without entity tags
  // ignores it.
  std::string etag = {};
  std::stop_token stop = {};
};

// What keeps a write from replacing an object that is there. All but `none` leave such an object untouched as far as
// the store can (see CreateOnly), and differ in what is done before the write. A store that turns out not to take the
// condition falls back to looking first, unless the caller has listed.
enum class WriteProtection {
  none,                     // the write replaces what is there
  atomic_create,            // the store decides in the request that writes: CreateOnly::honoured
  tested_condition,         // this store heeded the condition in a test: put sends it without a look
  listed_then_conditional,  // the caller has just listed; the condition is sent too and may or may not be heeded
  listed_only,              // the caller has just listed; nothing relies on the condition, though it may be sent
  checked_by_store,         // the store looks before it writes, unless it decides atomically
};

// Whether the caller has just seen that the key is free.
constexpr bool is_listed(WriteProtection protection) {
  return protection == WriteProtection::listed_then_conditional || protection == WriteProtection::listed_only;
}

struct PutOptions {
  WriteProtection protection = WriteProtection::none;
  std::optional<Tags> tags;  // present but empty: an empty tag set is sent
  Metadata metadata;         // dropped by stores without capability `metadata`
  // SHA-256 of the body, when the caller has it, so that the store need not read the body twice.
  std::optional<std::array<std::byte, 32>> body_sha256;
  std::stop_token stop = {};

  bool if_absent() const noexcept { return protection != WriteProtection::none; }  // create only; see PutResult
};

enum class PutResult { created, already_exists };  // the second only with if_absent

struct ListPage {
  std::vector<ObjectEntry> objects;   // byte order of keys, across pages
  std::vector<std::string> prefixes;  // with by_folder: the folders, each with its '/' at the end
};

struct ListOptions {
  bool by_folder = false;        // true: keys with a '/' behind the prefix are listed as the folder that they are in
  std::optional<int> page_size;  // a hint, for callers that expect few objects
  std::string start_after = {};  // begin behind this key; not together with by_folder
};

struct RemoveFailure {
  std::string key;
  std::string reason;
};

struct UploadId {
  std::string key;
  std::string id;
  std::uint64_t part_size = 0;
};

// An upload that was begun and neither completed nor aborted, so far.
struct UnfinishedUpload {
  UploadId upload;  // to be aborted: its part size is not known
  std::optional<TimePoint> initiated;
};

struct UploadedPart {
  int number = 0;  // from 1
  std::string etag;
  std::string checksum;    // base64; empty when none was sent
  std::uint64_t size = 0;  // bytes
};

struct StoreLimits {
  std::uint64_t min_part_size = 0;  // bytes; the last part may be smaller
  std::uint64_t max_part_size = 0;  // bytes
  int max_parts = 0;
  std::uint64_t max_put_size = 0;    // bytes, of the body of one put
  std::size_t max_remove_batch = 0;  // keys that one request deletes; remove() takes any number
  bool put_splits = false;           // put sends a large body in pieces by itself, several at once
};

// Whether put with if_absent is decided by the store itself, in the one request that writes.
enum class CreateOnly {
  unknown,   // the store looks for the object, then sends the condition, which the service may or may not heed
  honoured,  // nothing is ever overwritten
  refused,   // the service has no such condition: looking first is the only protection
};

struct StoreCapabilities {
  bool metadata = false;  // keeps PutOptions::metadata and returns it from stat and get
  bool tags = false;
  bool object_lock = false;  // stat tells of it
  CreateOnly create_only = CreateOnly::unknown;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // nullopt: proven absent.
  virtual std::optional<ObjectStat> stat(const std::string& key) = 0;

  // Streams the object (or the range) into `sink`. A download over HTTP that is cut goes on where it ended. All bytes
  // are of one version of the object: a change in between is an error. When the whole object is read, a checksum that
  // the service returns for it is verified. A mismatch is an error after the bytes were written, so publish only after
  // get has returned. Does not call sink.finish(). nullopt: proven absent, the sink untouched. Whatever the sink
  // throws comes out unchanged.
  virtual std::optional<ObjectStat> get(const std::string& key, ByteSink& sink, const GetOptions& options = {}) = 0;

  // Stores the whole body under the key, atomically: readers see all of it or none. It is durable when this returns.
  // WriteProtection and CreateOnly say how far an existing object is left untouched.
  virtual PutResult put(const std::string& key, Body& body, const PutOptions& options) = 0;

  // Calls `each` with every page of the keys that begin with the prefix (any text, not only a folder), until there are
  // no more or it returns false. A prefix that no key has is an empty listing; a missing bucket is an error.
  virtual void list(const std::string& prefix, const ListOptions& options,
                    const std::function<bool(const ListPage&)>& each) = 0;

  // Deletes any number of keys. Those that do not exist count as deleted. Returns the keys that the store would not
  // delete, and goes on after such a refusal. Throws when the bucket does not exist, when no answer came, or when a
  // whole batch was refused: keys of earlier batches are deleted then.
  virtual std::vector<RemoveFailure> remove(const std::vector<std::string>& keys) = 0;

  // A multipart upload. Every part but the last is exactly part_size bytes. Nothing is visible before it is complete.
  // Whoever began it completes or aborts it, and aborts it also when complete_upload returned already_exists.
  //
  // Parts may be sent in any order, from several threads, and again. A Google endpoint without uploads in parts is the
  // exception: there a part waits until the one before it is stored, and a stored part cannot be sent again.
  //
  // complete_upload heeds WriteProtection as far as the store can. abort_upload never throws: it logs its failure, and
  // an upload that is not there is none. Told to stop, begin_upload waits some seconds for an answer that is on its
  // way: only that answer names the upload that is to be aborted.
  virtual UploadId begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) = 0;
  virtual UploadedPart upload_part(const UploadId& upload, int number, Body& body,
                                   const std::stop_token& stop = {}) = 0;
  virtual PutResult complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                    const PutOptions& options) = 0;
  virtual void abort_upload(const UploadId& upload) noexcept = 0;

  // Calls `each` for every unfinished upload whose key begins with the prefix, until there are no more or it returns
  // false. A directory may not know the last component of the key, and then has "?" for it. A Google endpoint without
  // uploads in parts lists none.
  virtual void list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) = 0;
  // When the newest part of an upload came in; nullopt: there is none, or no such upload. A directory tells when the
  // upload was last written to, which is its beginning as long as it has no part.
  virtual std::optional<TimePoint> newest_part(const UploadId& upload) = 0;

  // The bucket, container or directory itself.
  virtual bool container_exists() = 0;  // false: the store says that there is none; other refusals throw
  virtual void create_container() = 0;

  virtual StoreLimits limits() const = 0;
  virtual StoreCapabilities capabilities() const = 0;  // as far as known: a refusal may be learned later
  // Distinguishes this store from others that the same URL means under other settings: the service, the bucket and,
  // where buckets belong to accounts, who asks. Holds no secret. Asks neither the network nor credential sources.
  virtual std::string identity() const = 0;
  virtual std::string describe(const std::string& key) const = 0;  // "s3://bucket/key", for messages
};

}  // namespace tapster
