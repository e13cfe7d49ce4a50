#include "wal/archive/archive_ahead.h"
#include "wal/archive/archive_context.h"
#include "wal/archive/archived_record.h"
#include "wal/archive/local_wal_file.h"
#include "wal/archive/ready_segments.h"
#include "wal/archive/stored_comparison.h"
#include "wal/archive/wal_upload.h"
#include "wal/private_note.h"
#include "wal/wal_objects.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_archive.h>

#include <cstddef>
#include <set>
#include <string>
#include <utility>

namespace tapster {
namespace {

// How often an object may be there for the upload and gone for the comparison.
constexpr int kArchiveAttempts = 4;

// A refusal of the listing itself (as S3, and Azure, name it); with a wrong key or a wrong clock the upload would fail
// as well.
bool is_forbidden(const StoreError& refusal) {
  const std::string& code = refusal.details().code;
  return refusal.details().http_status == 403 &&
         (code == "AccessDenied" || code == "403" || code == "AuthorizationPermissionMismatch");
}

const std::optional<Tags>& tags_for(const WalArchiveRequest& request) {
  const bool history = request.name.kind() == WalName::Kind::history;
  return history && request.history_tags && !request.history_tags->empty() ? request.history_tags : request.tags;
}

// What earlier calls have left for this one.
struct Memory {
  PrivateFolder folder;
  ArchiveSubject subject;
  ArchiveContext context;
};

// nullopt for what is not a whole segment under PostgreSQL's own name, and where there is no folder for it.
std::optional<Memory> recall(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request,
                             const LocalWalFile& source) {
  if (request.spool_dir.empty() || !is_servers_segment(request.name)) return std::nullopt;
  const auto system_identifier = source.system_identifier();
  if (!system_identifier) return std::nullopt;
  ArchiveSubject subject{fmt::format("archive\n{}\n{}\n{}", request.archive_id, store.identity(), layout.wals_prefix()),
                         *system_identifier, request.name.timeline(), request.compression};
  auto folder = PrivateFolder::open(request.spool_dir, subject.archive, request.path,
                                    "looking for each segment before it is stored: cannot use spool folder");
  if (!folder) return std::nullopt;
  const ArchiveContext context = read_context(*folder, subject, SystemClock().now());
  return Memory{*std::move(folder), std::move(subject), context};
}

// Archives one file.
class Archiving {
 public:
  Archiving(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request)
      : store_(store),
        layout_(layout),
        request_(request),
        source_(request.path, request.name),
        memory_(recall(store, layout, request, source_)),
        target_{layout.wal_key(request.name, request.compression), request.compression} {}

  WalArchiveOutcome run() {
    if (was_stored_ahead()) {
      log::info("{} was stored ahead of its turn as {}", source_.path(), store_.describe(target_.key));
      return WalArchiveOutcome::already_stored;
    }
    if (!needs_no_look()) {
      look();
      if (const auto key = identical_form()) return already_stored(*key);
    }
    start_ahead();
    const WalArchiveOutcome outcome = store_it();
    if (ahead_) ahead_->finish();
    return outcome;
  }

 private:
  WalArchiveOutcome store_it() {
    for (int attempt = 0; attempt < kArchiveAttempts; ++attempt) {
      if (upload(attempt == 0) == PutResult::created) {
        log::info("stored {} as {}", source_.path(), store_.describe(target_.key));
        return WalArchiveOutcome::stored;
      }
      // Somebody else was faster, or an earlier attempt of ours succeeded though its answer was lost.
      if (compare_with_stored(store_, target_, source_) == Comparison::identical) return already_stored(target_.key);
    }
    throw error(ErrorKind::general, "{} comes and goes: is somebody else writing to it or deleting it?",
                store_.describe(target_.key));
  }

  bool condition_proven() const {
    return memory_ && memory_->context.condition == ArchiveContext::Condition::kept &&
           store_.capabilities().create_only == CreateOnly::unknown;
  }
  bool creates_only() const { return store_.capabilities().create_only == CreateOnly::honoured || condition_proven(); }
  bool needs_no_look() const { return memory_ && memory_->context.covers(request_.name) && creates_only(); }

  bool was_stored_ahead() {
    if (!memory_ || request_.parallel <= 1) return false;
    record_.emplace(memory_->folder, memory_->subject.archive, memory_->subject.system_identifier);
    return record_->consume(request_.name, source_.first_seen(), SystemClock().now());
  }

  // Begins to store what PostgreSQL will come with next, as far as it is certain that it is not stored in another form.
  void start_ahead() {
    if (!record_ || !(found_ || creates_only())) return;
    const std::size_t slash = request_.path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : request_.path.substr(0, slash);
    const std::set<std::string> recorded = record_->remove_outdated(request_.name, SystemClock().now());
    const auto names = ready_segments_after(
        directory, request_.name, static_cast<std::size_t>(request_.parallel) - 1,
        [&](const std::string& name) { return !recorded.contains(name) && !(found_ && found_->later.contains(name)); });
    if (names.empty()) return;
    ahead_.emplace(store_, layout_, *record_, directory, upload_of_a_segment());
    ahead_->start(names);
  }

  WalUpload upload_of_a_segment() const {
    return {.key = target_.key,
            .compression = request_.compression,
            .level = request_.level,
            .tags = tags_for(request_),
            .known_absent = found_.has_value(),
            .condition_proven = condition_proven()};
  }

  // Finds every form in which the file is stored. Where listing is forbidden (policies that allow nothing but writing)
  // the create-only upload alone must tell.
  void look() {
    try {
      if (memory_) {
        found_ = find_wal_objects_from(store_, layout_, request_.name);
      } else {
        found_ = {find_wal_objects(store_, layout_, request_.name, PartialFallback::no), {}};
      }
    } catch (const StoreError& refusal) {
      if (!is_forbidden(refusal)) throw;
      log::warning("cannot see whether {} is stored already in another form, relying on a create-only upload: {}",
                   request_.name.text(), refusal.what());
    }
  }

  // The key of the form that is still there; each that is must have this content.
  std::optional<std::string> identical_form() {
    std::optional<std::string> key;
    if (!found_) return key;
    for (const WalObject& object : found_->forms) {
      if (compare_with_stored(store_, object, source_) == Comparison::identical) key = object.key;
    }
    return key;
  }

  PutResult upload(bool first) {
    WalUpload upload = upload_of_a_segment();
    upload.known_absent = upload.known_absent && first;
    const bool testing = memory_ && found_ && store_.capabilities().create_only == CreateOnly::unknown &&
                         memory_->context.condition == ArchiveContext::Condition::untested;
    CreateOnlyTest test = CreateOnlyTest::not_made;
    const PutResult result = upload_wal(store_, source_, upload, testing ? &test : nullptr);
    if (memory_ && result == PutResult::created) remember(test, upload.condition_proven);
    return result;
  }

  // Keeps what this upload has shown for the next segment.
  void remember(CreateOnlyTest test, bool trusted) {
    ArchiveContext& context = memory_->context;
    if (trusted && store_.capabilities().create_only == CreateOnly::refused) {
      log::info("the store does not keep to creating only any more: looking for each segment again");
      forget_context(memory_->folder);
      return;
    }
    const std::string now = note_time(SystemClock().now());
    if (test != CreateOnlyTest::not_made) {
      using enum ArchiveContext::Condition;
      context.condition = test == CreateOnlyTest::kept ? kept : ignored;
      context.tested = now;
    }
    if (found_ && creates_only()) {
      context.after = found_->later.empty() ? request_.name.text() : *found_->later.rbegin();
      context.listed = now;
    } else if (test == CreateOnlyTest::not_made) {
      return;  // nothing was learned
    }
    write_context(memory_->folder, memory_->subject, context);
  }

  WalArchiveOutcome already_stored(const std::string& key) const {
    log::info("{} is stored already with the same content", store_.describe(key));
    return WalArchiveOutcome::already_stored;
  }

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const WalArchiveRequest& request_;
  LocalWalFile source_;
  std::optional<Memory> memory_;
  WalObject target_;
  std::optional<WalObjectsFrom> found_;   // by this call
  std::optional<ArchivedRecord> record_;  // of what was stored ahead, when that is wanted
  std::optional<ArchiveAhead> ahead_;
};

}  // namespace

WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request) {
  return Archiving(store, layout, request).run();
}

}  // namespace tapster
