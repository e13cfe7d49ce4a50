#include "store/s3/s3_store.h"

#include "http/http_status.h"
#include "text/encoding.h"
#include "text/number.h"
#include "text/time_text.h"
#include "text/xml.h"

#include <tapster/log.h>

#include <algorithm>

namespace tapster {
namespace {

// "Amazon S3 multipart upload limits".
constexpr std::uint64_t kMinPart = 5ULL << 20U;
constexpr std::uint64_t kMaxPart = 5ULL << 30U;
constexpr std::size_t kMaxRemoveBatch = 1'000;

// Tags travel as a query does. A blank is %20, which every store decodes; some (Ceph) take '+' for itself.
std::string encode_tags(const Tags& tags) {
  std::string text;
  for (const auto& [name, value] : tags) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + "=" + percent_encode(value);
  }
  return text;
}

ListPage read_page(const XmlElement& listing) {
  ListPage page;
  const bool encoded = listing.child("EncodingType").text() == "url";
  const auto decoded = [&](const XmlElement& element) {
    return encoded ? percent_decode(element.text(), true) : element.text();
  };
  for (const XmlElement& entry : listing.children("Contents")) {
    page.objects.push_back({decoded(entry.child("Key")),
                            parse_decimal<std::uint64_t>(entry.child("Size").text()).value_or(0),
                            parse_rfc3339(entry.child("LastModified").text())});
  }
  for (const XmlElement& folder : listing.children("CommonPrefixes")) {
    page.prefixes.push_back(decoded(folder.child("Prefix")));
  }
  return page;
}

}  // namespace

// What is sent whenever an object is made: encryption, customer key, tags, metadata.
HttpHeaders S3Store::creation_headers(const PutOptions& options) {
  const S3Settings& settings = client_.settings();
  HttpHeaders headers = settings.encryption;
  headers.insert(headers.end(), settings.customer_key.begin(), settings.customer_key.end());
  if (options.tags && settings.service->tags) {
    headers.emplace_back("x-amz-tagging", encode_tags(*options.tags));
  } else if (options.tags && !options.tags->empty() && !tags_left_out_.exchange(true)) {
    log::warning("{} has no object tags: what is stored there gets none", settings.service->name);
  }
  for (const auto& [name, value] : options.metadata) headers.emplace_back("x-amz-meta-" + name, value);
  return headers;
}

std::string S3Store::describe(const std::string& key) const {
  return fmt::format("s3://{}/{}", client_.settings().bucket, key);
}

StoreLimits S3Store::limits() const {
  return {.min_part_size = kMinPart,
          .max_part_size = kMaxPart,
          .max_parts = client_.settings().service->max_parts,
          .max_put_size = kMaxPart,
          .max_remove_batch = kMaxRemoveBatch};
}

StoreCapabilities S3Store::capabilities() const {
  const S3Service& service = *client_.settings().service;
  CreateOnly create_only = CreateOnly::unknown;
  if (service.conditional_put == ConditionalPut::honoured) create_only = CreateOnly::honoured;
  if (service.conditional_put == ConditionalPut::refused || conditions_refused_) create_only = CreateOnly::refused;
  return {.metadata = true, .tags = service.tags, .object_lock = true, .create_only = create_only};
}

std::string S3Store::identity() const {
  const S3Settings& settings = client_.settings();
  return fmt::format("{} {}", settings.bucket_url(settings.region), settings.caller);
}

// HEAD's 404 does not say what is missing, the object or the bucket: a GET does, in its body.
bool S3Store::proven_absent(const std::string& key) {
  NullSink nowhere;
  S3Call call{.operation = "GetObject", .method = "GET", .key = key};
  call.headers = client_.settings().customer_key;
  call.headers.emplace_back("Range", "bytes=0-0");
  call.sink = &nowhere;
  call.accepted = {status::kNotFound, status::kRangeNotSatisfiable};
  const S3Answer answer = client_.call(call);
  if (answer.http.status != status::kNotFound) return false;
  if (answer.error_code != "NoSuchKey") throw client_.refused(answer.http, call);
  return true;
}

std::optional<ObjectStat> S3Store::stat(const std::string& key) {
  constexpr int kMaxChecks = 3;
  for (int check = 1;; ++check) {
    S3Call call{.operation = "HeadObject", .method = "HEAD", .key = key};
    call.headers = client_.settings().customer_key;
    call.accepted = {status::kNotFound};
    const S3Answer answer = client_.call(call);
    if (answer.http.status != status::kNotFound) return stat_from_headers(answer.http.headers);
    if (proven_absent(key)) return std::nullopt;
    if (check == kMaxChecks) throw client_.refused(answer.http, call);  // HEAD and GET keep contradicting each other
  }
}

// Decides how create-only is kept at this service. Sets `exists` when a look was needed and found the
// object; returns whether to send the condition.
bool S3Store::send_condition(const std::string& key, const PutOptions& options, ConditionalPut support, bool& exists) {
  if (!options.if_absent()) return false;
  if (conditions_refused_) support = ConditionalPut::refused;
  if (support == ConditionalPut::honoured) return true;
  try {
    if (!is_listed(options.protection)) exists = stat(key).has_value();
  } catch (const StoreError& refusal) {
    // A policy may allow nothing but writing. Then the condition alone protects what is stored.
    if (refusal.details().http_status != status::kForbidden || support == ConditionalPut::refused) throw;
    log::info("Cannot look for {} before it is written: {}", describe(key), refusal.what());
  }
  return support != ConditionalPut::refused;
}

PutResult S3Store::put(const std::string& key, Body& body, const PutOptions& options) {
  bool exists = false;
  ConditionalPut support = client_.settings().service->conditional_put;
  if (options.protection == WriteProtection::tested_condition && support == ConditionalPut::unknown) {
    support = ConditionalPut::honoured;
  }
  const bool conditional = send_condition(key, options, support, exists);
  if (exists) return PutResult::already_exists;
  S3Call call{.operation = "PutObject", .method = "PUT", .key = key};
  call.headers = creation_headers(options);
  call.body = &body;
  call.body_sha256 = options.body_sha256;
  call.stop = options.stop;
  call.offers_checksum = true;
  if (conditional) {
    call.headers.emplace_back("If-None-Match", "*");
    call.accepted = {status::kPreconditionFailed, status::kNotImplemented};
  }
  const S3Answer answer = client_.call(call);
  if (answer.http.status == status::kPreconditionFailed) return PutResult::already_exists;
  if (answer.http.status == status::kNotImplemented) {
    log::info("The store does not know conditional writes: existing objects are looked for before each write");
    conditions_refused_ = true;
    return put(key, body, options);
  }
  return PutResult::created;
}

void S3Store::list(const std::string& prefix, const ListOptions& options,
                   const std::function<bool(const ListPage&)>& each) {
  std::string token;
  do {
    S3Call call{.operation = "ListObjectsV2", .method = "GET"};
    call.query = {{"list-type", "2"}, {"prefix", prefix}, {"encoding-type", "url"}};
    if (options.by_folder) call.query.emplace_back("delimiter", "/");
    if (options.page_size) call.query.emplace_back("max-keys", std::to_string(*options.page_size));
    if (!token.empty()) {
      call.query.emplace_back("continuation-token", token);
    } else if (!options.start_after.empty()) {
      call.query.emplace_back("start-after", options.start_after);
    }
    const S3Answer answer = client_.call(call);
    const auto document = XmlDocument::parse(answer.http.body);
    const std::string_view kind = document ? document->root().name() : std::string_view();
    if (kind != "ListBucketResult") {
      throw error(ErrorKind::network, "{}: the store's answer is not a listing: {:.100}", call.operation,
                  answer.http.body);
    }
    const XmlElement listing = document->root();
    if (!each(read_page(listing))) return;
    const bool more = listing.child("IsTruncated").text() == "true";
    token = more ? listing.child("NextContinuationToken").text() : "";
    if (more && token.empty()) {
      throw error(ErrorKind::network, "{}: a page of the listing does not say how to go on", call.operation);
    }
  } while (!token.empty());
}

bool S3Store::container_exists() {
  S3Call call{.operation = "HeadBucket", .method = "HEAD"};
  call.accepted = {status::kNotFound};
  return client_.call(call).http.status != status::kNotFound;
}

void S3Store::create_container() {
  const S3Settings& settings = client_.settings();
  const std::string& region = settings.region;
  std::string document;
  // Without a location constraint a bucket is made in us-east-1; "auto" names no region.
  if (settings.service->location_constraint && region != "us-east-1" && region != "auto") {
    document = fmt::format(
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{}"
        "</LocationConstraint></CreateBucketConfiguration>",
        xml_escape(region));
  }
  MemoryBody body(document);
  S3Call call{.operation = "CreateBucket", .method = "PUT"};
  if (settings.service->bucket_acl) call.headers = {{"x-amz-acl", "private"}};
  call.body = &body;
  call.accepted = {409};
  const S3Answer answer = client_.call(call);
  if (answer.http.status == 409 && answer.error_code != "BucketAlreadyOwnedByYou") {
    throw client_.refused(answer.http, call);
  }
}

}  // namespace tapster
