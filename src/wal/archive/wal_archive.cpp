// How wal-archive stores one file, and what its exit status 0 promises.
//
// PostgreSQL recycles a segment as soon as the command has ended with 0. So 0 means that the store has confirmed an
// object with exactly this content under the file's name, plain or compressed, written by this run or by an earlier
// one. Every other end makes PostgreSQL come again with the same file. Coming again is always safe: what an earlier run
// has stored is found and compared.
//
//  1. A segment that an earlier run has stored ahead of its turn needs no request: a note says so, and the file is
//     still the one that was sent (archived_record.h).
//  2. Two things must not happen: that the write replaces another object, and that a second object with another content
//     comes to lie beside one with another suffix (".gz" beside ".zst"). What protects the write against the first is
//     decided in write_protection.h.
//  3. The archive is listed from the file's name on. This is left out only where the store itself refuses to replace,
//     and an earlier listing has ruled out other forms of this segment (archive_context.h).
//  4. Each form that is stored is compared with the file (stored_comparison.h). The same content ends the command with
//     0 and nothing is uploaded. Another content is an error, exit status 1, and the stored object stays as it is.
//  5. With --parallel the next segments that are ready are uploaded at the same time (archive_ahead.h).
//  6. The file is uploaded (wal_upload.h). Where the store says that the object exists, it is compared as in 4: an
//     earlier attempt may have stored it although its answer was lost.
//  7. What the listing and the upload have shown is kept in the spool directory for the next segment.
#include "wal/archive/archive_ahead.h"
#include "wal/archive/archive_context.h"
#include "wal/archive/archived_record.h"
#include "wal/archive/local_wal_file.h"
#include "wal/archive/ready_segments.h"
#include "wal/archive/stored_comparison.h"
#include "wal/archive/wal_upload.h"
#include "wal/archive/write_protection.h"
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

// How often the upload may find an object that is gone when it is to be compared.
constexpr int kArchiveAttempts = 4;

// Whether a policy forbids listing, by the codes of S3 and Azure. Other refusals, as of a wrong key or a wrong clock,
// would meet the upload as well.
bool is_listing_forbidden(const StoreError& refusal) {
  const std::string& code = refusal.details().code;
  return refusal.details().http_status == 403 &&
         (code == "AccessDenied" || code == "403" || code == "AuthorizationPermissionMismatch");
}

const std::optional<Tags>& tags_for(const WalArchiveRequest& request) {
  const bool history = request.name.kind() == WalName::Kind::history;
  return history && request.history_tags && !request.history_tags->empty() ? request.history_tags : request.tags;
}

// What earlier runs have left in the spool directory about this archive.
struct SpooledContext {
  PrivateFolder folder;
  ArchiveSubject subject;
  ArchiveContext context;
};

// nullopt for a file that is not a whole segment under PostgreSQL's own name, and where the spool cannot be used.
std::optional<SpooledContext> read_spooled_context(ObjectStore& store, const ArchiveLayout& layout,
                                                   const WalArchiveRequest& request, const LocalWalFile& file) {
  if (request.spool_dir.empty() || !is_servers_segment(request.name)) return std::nullopt;
  const auto system_identifier = file.system_identifier();
  if (!system_identifier) return std::nullopt;
  ArchiveSubject subject{fmt::format("archive\n{}\n{}\n{}", request.archive_id, store.identity(), layout.wals_prefix()),
                         *system_identifier, request.name.timeline(), request.compression};
  auto folder = PrivateFolder::open(request.spool_dir, subject.archive, request.path,
                                    "looking for each segment before it is stored: cannot use spool folder");
  if (!folder) return std::nullopt;
  const ArchiveContext context = read_context(*folder, subject, SystemClock().now());
  return SpooledContext{*std::move(folder), std::move(subject), context};
}

class WalArchiving {
 public:
  WalArchiving(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request)
      : store_(store),
        layout_(layout),
        request_(request),
        file_(request.path, request.name),
        spooled_(read_spooled_context(store, layout, request, file_)),
        target_{layout.wal_key(request.name, request.compression), request.compression} {}

  WalArchiveOutcome run() {
    if (was_stored_ahead()) {
      log::info("{} was stored ahead of its turn as {}", file_.path(), store_.describe(target_.key));
      return WalArchiveOutcome::already_stored;
    }
    if (must_list()) {
      list_stored_forms();
      if (const auto key = identical_stored_form()) return already_stored(*key);
    }
    start_ahead();
    const WalArchiveOutcome outcome = upload_or_compare();
    if (ahead_) ahead_->finish();
    return outcome;
  }

 private:
  bool was_stored_ahead() {
    if (!spooled_ || request_.parallel <= 1) return false;
    record_.emplace(spooled_->folder, spooled_->subject.archive, spooled_->subject.system_identifier);
    return record_->consume(request_.name, file_.first_seen(), SystemClock().now());
  }

  WriteProtection protection(bool just_listed) const {
    const auto remembered = spooled_ ? spooled_->context.condition_test : ConditionTest::not_made;
    return choose_write_protection(store_.capabilities().create_only, remembered, just_listed);
  }

  bool must_list() const {
    const bool other_forms_ruled_out = spooled_ && spooled_->context.rules_out_other_forms(request_.name);
    return !other_forms_ruled_out || !is_kept_by_store(protection(false));
  }

  // Where a policy allows nothing but writing, the create-only upload alone must tell what is stored.
  void list_stored_forms() {
    try {
      if (spooled_) {
        listed_ = find_wal_objects_from(store_, layout_, request_.name);
      } else {
        listed_ = {find_wal_objects(store_, layout_, request_.name, PartialFallback::no), {}};
      }
    } catch (const StoreError& refusal) {
      if (!is_listing_forbidden(refusal)) throw;
      log::warning("cannot see whether {} is stored already in another form, relying on a create-only upload: {}",
                   request_.name.text(), refusal.what());
    }
  }

  // The key of a stored form. Throws when any of them has another content; nullopt when none is there (any more).
  std::optional<std::string> identical_stored_form() {
    std::optional<std::string> key;
    if (!listed_) return key;
    for (const WalObject& object : listed_->forms) {
      if (compare_with_stored(store_, object, file_) == Comparison::identical) key = object.key;
    }
    return key;
  }

  // Begins to upload the segments that PostgreSQL will come with next, unless nothing shows that they are not stored.
  void start_ahead() {
    const WriteProtection protection_ahead = protection(listed_.has_value());
    if (!record_ || protection_ahead == WriteProtection::checked_by_store) return;
    const std::size_t slash = request_.path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : request_.path.substr(0, slash);
    const std::set<std::string> recorded = record_->remove_outdated(request_.name, SystemClock().now());
    const auto names = ready_segments_after(
        directory, request_.name, static_cast<std::size_t>(request_.parallel) - 1, [&](const std::string& name) {
          return !recorded.contains(name) && !(listed_ && listed_->later.contains(name));
        });
    if (names.empty()) return;
    ahead_.emplace(store_, layout_, *record_, directory, upload_with(protection_ahead));
    ahead_->start(names);
  }

  WalUpload upload_with(WriteProtection protection) const {
    return {.key = target_.key,
            .compression = request_.compression,
            .level = request_.level,
            .tags = tags_for(request_),
            .protection = protection};
  }

  WalArchiveOutcome upload_or_compare() {
    for (int attempt = 0; attempt < kArchiveAttempts; ++attempt) {
      if (upload(listed_.has_value() && attempt == 0) == PutResult::created) {
        log::info("stored {} as {}", file_.path(), store_.describe(target_.key));
        return WalArchiveOutcome::stored;
      }
      if (compare_with_stored(store_, target_, file_) == Comparison::identical) return already_stored(target_.key);
    }
    throw error(ErrorKind::general, "{} comes and goes: is somebody else writing to it or deleting it?",
                store_.describe(target_.key));
  }

  PutResult upload(bool just_listed) {
    const WriteProtection used = protection(just_listed);
    const bool test_condition = spooled_ && used == WriteProtection::listed_then_conditional;
    ConditionTest test = ConditionTest::not_made;
    const PutResult result = upload_wal(store_, file_, upload_with(used), test_condition ? &test : nullptr);
    if (spooled_ && result == PutResult::created) remember(used, test);
    return result;
  }

  // Writes down for the next segment what this run has shown.
  void remember(WriteProtection used, ConditionTest test) {
    if (used == WriteProtection::tested_condition && store_.capabilities().create_only == CreateOnly::refused) {
      log::info("the store does not keep to creating only any more: looking for each segment again");
      forget_context(spooled_->folder);
      return;
    }
    ArchiveContext& context = spooled_->context;
    const std::string now = note_time(SystemClock().now());
    if (test != ConditionTest::not_made) {
      context.condition_test = test;
      context.tested_at = now;
    }
    const bool listing_helps = listed_ && is_kept_by_store(protection(true));
    if (listing_helps) {
      context.nothing_stored_after = listed_->later.empty() ? request_.name.text() : *listed_->later.rbegin();
      context.listed_at = now;
    }
    if (listing_helps || test != ConditionTest::not_made) {
      write_context(spooled_->folder, spooled_->subject, context);
    }
  }

  WalArchiveOutcome already_stored(const std::string& key) const {
    log::info("{} is stored already with the same content", store_.describe(key));
    return WalArchiveOutcome::already_stored;
  }

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const WalArchiveRequest& request_;
  LocalWalFile file_;
  std::optional<SpooledContext> spooled_;
  WalObject target_;                      // what this run writes
  std::optional<WalObjectsFrom> listed_;  // by this run; absent: not listed, or listing is forbidden
  std::optional<ArchivedRecord> record_;  // with --parallel
  std::optional<ArchiveAhead> ahead_;
};

}  // namespace

WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request) {
  return WalArchiving(store, layout, request).run();
}

}  // namespace tapster
