#include "wal/stored_wal.h"
#include "wal/wal_objects.h"
#include "wal/wal_source.h"
#include "wal/wal_upload.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_archive.h>

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

// The WAL file in every form it is stored in; nullopt where listing is forbidden (policies that allow
// nothing but writing): the create-only upload alone must tell there.
std::optional<std::vector<WalObject>> stored_forms(ObjectStore& store, const ArchiveLayout& layout,
                                                   const WalName& name) {
  try {
    return find_wal_objects(store, layout, name, PartialFallback::no);
  } catch (const StoreError& refusal) {
    if (!is_forbidden(refusal)) throw;
    log::warning("cannot see whether {} is stored already in another form, relying on a create-only upload: {}",
                 name.text(), refusal.what());
    return std::nullopt;
  }
}

// The key of the form that is still there; each that is must have this content.
std::optional<std::string> stored_key(ObjectStore& store, const std::vector<WalObject>& forms, WalSource& source) {
  std::optional<std::string> stored;
  for (const WalObject& object : forms) {
    if (compare_with_stored(store, object, source) == Comparison::identical) stored = object.key;
  }
  return stored;
}

const std::optional<Tags>& tags_for(const WalArchiveRequest& request) {
  const bool history = request.name.kind() == WalName::Kind::history;
  return history && request.history_tags && !request.history_tags->empty() ? request.history_tags : request.tags;
}

WalArchiveOutcome already_stored(const ObjectStore& store, const std::string& key) {
  log::info("{} is stored already with the same content", store.describe(key));
  return WalArchiveOutcome::already_stored;
}

}  // namespace

WalArchiveOutcome archive_wal(ObjectStore& store, const ArchiveLayout& layout, const WalArchiveRequest& request) {
  WalSource source(request.path, request.name);
  const WalObject target{layout.wal_key(request.name, request.compression), request.compression};
  const auto forms = stored_forms(store, layout, request.name);
  if (forms) {
    if (const auto key = stored_key(store, *forms, source)) return already_stored(store, *key);
  }
  for (int attempt = 0; attempt < kArchiveAttempts; ++attempt) {
    const bool known_absent = forms && attempt == 0;
    const PutResult result =
        upload_wal(store, target.key, source, request.compression, request.level, tags_for(request), known_absent);
    if (result == PutResult::created) {
      log::info("stored {} as {}", source.path(), store.describe(target.key));
      return WalArchiveOutcome::stored;
    }
    // Somebody else was faster, or an earlier attempt of ours succeeded though its answer was lost.
    if (compare_with_stored(store, target, source) == Comparison::identical) return already_stored(store, target.key);
  }
  throw error(ErrorKind::general, "{} comes and goes: is somebody else writing to it or deleting it?",
              store.describe(target.key));
}

}  // namespace tapster
