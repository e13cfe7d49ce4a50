// The course of a base backup, and what is in the archive at each step.
//
//  1. An id is chosen: a folder of its own below base/.
//  2. prepare: the server is asked what it is, the role's rights, the local data directory and the right to upload are
//     tested. Nothing is stored.
//  3. start: PostgreSQL begins the backup and makes its checkpoint.
//  4. copy: tablespaces, then PGDATA with pg_control last, then configuration files that lie elsewhere, go into tar
//     archives, and the manifest beside them. An archive is an upload in parts: it has no name before it is complete.
//  5. stop: PostgreSQL ends the backup and gives the label, which is the last member of PGDATA's archive. The session
//     with PostgreSQL ends here.
//  6. complete: all uploads are completed. The archives have their names.
//  7. wait_for_wal: the segments from the begin to the end of the backup are looked for in the archive. Uploads that
//     only the store knows of are aborted.
//  8. store_done: backup.info is written and says DONE. Only now is there a backup.
//
// A failure in step 1 records nothing. Whatever fails from step 2 on ends in fail(): everything under way is
// interrupted, unfinished uploads are aborted, and backup.info is written and says FAILED, with what is known of the
// begin and nothing of an end. That includes a failure of step 8 whose request may have reached the store all the same.
// Archives that were complete stay until backup-delete. SIGKILL leaves no backup.info: archives that are complete, and
// open uploads, which backup-delete --orphans removes when they are a day old.
#include "backup/take/backup_course.h"

#include "backup/copy/backup_manifest.h"
#include "backup/take/backup_id.h"
#include "backup/take/backup_record.h"
#include "backup/take/cluster_copy.h"
#include "backup/take/local_cluster.h"
#include "backup/take/outside_files.h"
#include "backup/take/wal_presence.h"
#include "base/linked_stop.h"
#include "postgres/server_version.h"

#include <tapster/log.h>

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

namespace tapster {
namespace {

using std::chrono::steady_clock;

// backup_manifest on its way into the store, as an object of its own beside the archives.
class ManifestUpload {
 public:
  ManifestUpload(std::unique_ptr<ObjectUpload> upload, const ServerFacts& server)
      : upload_(std::move(upload)), writer_(*upload_, server.version, server.system_identifier) {}
  ManifestWriter& writer() noexcept { return writer_; }

 private:
  std::unique_ptr<ObjectUpload> upload_;
  ManifestWriter writer_;
};

class BackupCourse {
 public:
  BackupCourse(std::unique_ptr<PostgresSession> session, ObjectStore& store, const ArchiveLayout& layout,
               const BaseBackupOptions& options, Clock& clock, const std::stop_token& stop)
      : session_(std::move(session)),
        store_(store),
        layout_(layout),
        options_(options),
        clock_(clock),
        stop_(stop),
        halt_(stop) {}

  void run();

 private:
  ServerFacts prepare();
  BackupStart start(const ServerFacts& server);
  TreeCopier& copy(const ServerFacts& server, const BackupStart& begin);
  void copy_outside_files(const ServerFacts& server, TreeCopier& copier) const;
  BackupStop stop(const ServerFacts& server, TreeCopier& copier);
  void complete(const BackupStart& begin, const BackupStop& end);
  void wait_for_wal(const ServerFacts& server, const BackupStart& begin, const BackupStop& end) const;
  void store_done(const BackupStart& begin, const BackupStop& end);
  [[noreturn]] void fail(const std::string& cause);

  void abort_unknown_uploads() noexcept;
  void report(const CopyTimes& times) const;

  std::unique_ptr<PostgresSession> session_;
  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const BaseBackupOptions& options_;
  Clock& clock_;
  const std::stop_token stop_;  // the caller's
  LinkedStop halt_;             // of everything that is under way: the caller's stop, a lost session, a failure
  const steady_clock::time_point began_ = steady_clock::now();

  std::string id_;
  BackupInfo info_;  // what is recorded so far
  std::string action_ = "uploading data";
  std::uint64_t copied_ = 0;  // bytes, for the progress
  std::optional<ClusterCopy> data_;
  std::optional<ManifestUpload> manifest_;  // destroyed before data_, whose queue it uses
};

void BackupCourse::run() {
  try {
    id_ = choose_backup_id(store_, layout_, clock_);
  } catch (const Error& failure) {
    throw error(ErrorKind::operation, "cannot look into the archive: {}", failure.what());
  }
  try {
    const ServerFacts server = prepare();
    const BackupStart begin = start(server);
    TreeCopier& copier = copy(server, begin);
    const BackupStop end = stop(server, copier);
    complete(begin, end);
    wait_for_wal(server, begin, end);
    abort_unknown_uploads();
    store_done(begin, end);
  } catch (const std::exception& failure) {
    fail(failure.what());
  }
}

ServerFacts BackupCourse::prepare() {
  info_.server_name = "cloud";
  info_.backup_name = options_.name;
  ServerFacts server = session_->facts();
  record_server(info_, server);
  session_->check_privileges(server);
  check_local_cluster(server);
  data_.emplace(store_, layout_, options_, id_, clock_, halt_.token());
  data_->prove_writable();
  return server;
}

BackupStart BackupCourse::start(const ServerFacts& server) {
  log::info("Starting backup {}", id_);
  BackupStart begin = session_->start_backup("Barman backup cloud " + id_, options_.immediate_checkpoint, stop_);
  record_begin(info_, begin, server.wal_segment_size);
  return begin;
}

// The copier of PGDATA, to whose archive more may be added.
TreeCopier& BackupCourse::copy(const ServerFacts& server, const BackupStart& begin) {
  // From here on the loss of the session ends the copy, wherever it is.
  const std::stop_callback lost(session_->watch(), [this] { halt_.request_stop(); });
  manifest_.emplace(data_->open_object(layout_.manifest_key(id_)), server);
  PageChecks checks;
  checks.enabled = server.data_checksums == "on";
  checks.start_lsn = begin.lsn;
  checks.page_size = server.block_size;
  checks.pages_per_segment = server.blocks_per_file;
  checks.clock = &clock_;
  const auto total =
      server.cluster_size ? std::optional(static_cast<std::uint64_t>(*server.cluster_size)) : std::nullopt;
  const auto report = [this, total](const CopiedFile& file) {
    manifest_->writer().add(file);
    copied_ += file.size;
    if (options_.progress) options_.progress(copied_, total);
  };
  TreeSource source;
  source.major_version = major_version(server.version);
  source.tablespaces = server.tablespaces;
  for (const Tablespace& tablespace : server.tablespaces) {
    source.root = tablespace.location;
    source.is_tablespace = true;
    source.manifest_prefix = fmt::format("pg_tblspc/{}/", tablespace.oid);
    data_->copy_tablespace(source, tablespace.oid, checks, report);
  }
  source.root = server.data_directory;
  source.is_tablespace = false;
  source.manifest_prefix.clear();
  TreeCopier& copier = data_->copy_data(source, checks, report);
  copy_outside_files(server, copier);
  if (halt_.stop_requested()) throw Interrupted();
  return copier;
}

void BackupCourse::copy_outside_files(const ServerFacts& server, TreeCopier& copier) const {
  for (const OutsideFile& file : configuration_outside(server)) {
    if (!copier.copy_file(file.path, file.name) && file.required) {
      throw error(ErrorKind::general, "{} does not exist", file.path);
    }
  }
  if (const auto included = included_outside(server); !included.empty()) {
    log::warning("these configuration files are outside of the data directory and not part of the backup: {}",
                 fmt::join(included, ", "));
  }
}

BackupStop BackupCourse::stop(const ServerFacts& server, TreeCopier& copier) {
  BackupStop end = session_->stop_backup(stop_);
  record_end(info_, end, server.wal_segment_size);
  copier.add_text("backup_label", end.label, server.data_directory, clock_.now());
  data_->close();
  try {
    session_->switch_wal();
    session_->create_restore_point("barman_" + id_);
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::warning("WAL was not switched after the backup: {}", failure.what());
  }
  session_.reset();
  return end;
}

void BackupCourse::complete(const BackupStart& begin, const BackupStop& end) {
  manifest_->writer().finish(begin.timeline, begin.lsn, end.lsn);
  manifest_.reset();
  const CopyTimes times = data_->finish();
  info_.copy_stats = copy_stats(times);
  report(times);
}

void BackupCourse::report(const CopyTimes& times) const {
  const CopySummary& seen = data_->summary();
  if (seen.bad_pages > 0) {
    log::warning("{} pages failed the verification of their checksums: see above, and run pg_checksums",
                 seen.bad_pages);
  }
  std::uint64_t stored = 0;
  for (const auto& [name, statistics] : times.series) stored += statistics.bytes;
  const double seconds = std::chrono::duration<double>(times.ended - times.began).count();
  log::info("Copied {} files of {} bytes in {:.1f} s ({:.1f} MB/s), stored as {} bytes", seen.files, seen.bytes,
            seconds, static_cast<double>(seen.bytes) / 1e6 / std::max(seconds, 1e-3), stored);
}

// A missing segment is a warning: archive_command may be late.
void BackupCourse::wait_for_wal(const ServerFacts& server, const BackupStart& begin, const BackupStop& end) const {
  const LsnRange range{.begin_lsn = begin.lsn,
                       .end_lsn = end.lsn,
                       .begin_timeline = begin.timeline,
                       .end_timeline = end.timeline,
                       .segment_size = server.wal_segment_size};
  try {
    warn_of_missing(await_segments(store_, layout_, range, options_.wal_timeout, clock_, stop_),
                    store_.describe(layout_.wals_prefix()));
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::warning("cannot tell whether the WAL that the backup needs is in the archive: {}", failure.what());
  }
}

// Where the answer to the beginning of an upload was lost, only the store knows of that upload.
void BackupCourse::abort_unknown_uploads() noexcept {
  try {
    std::vector<UploadId> unknown;
    store_.list_uploads(layout_.backup_prefix(id_), [&](const UnfinishedUpload& found) {
      unknown.push_back(found.upload);
      return true;
    });
    for (const UploadId& upload : unknown) store_.abort_upload(upload);
  } catch (const std::exception& failure) {  // there need not be any, nor the permission to look
    log::info("cannot tell whether unfinished uploads are left behind: {}", failure.what());
  }
}

void BackupCourse::store_done(const BackupStart& begin, const BackupStop& end) {
  action_ = "uploading backup.info file";
  info_.status = BackupStatus::done;
  PutOptions put = data_->put_options();
  put.stop = stop_;
  put_text(store_, layout_.backup_info_key(id_), serialise(info_, options_.info_format), put);
  log::info("Backup end at LSN: {} ({}, {:08X})", end.lsn_text, *info_.end_wal, *info_.end_offset);
  log::info("Backup completed (start time: {}, elapsed time: {:.1f} seconds)", to_text(begin.time),
            std::chrono::duration<double>(steady_clock::now() - began_).count());
}

void BackupCourse::fail(const std::string& cause) {
  const std::string reason =
      failure_reason(stop_.stop_requested(), options_.stop_reason, session_ ? session_->lost() : std::string(), cause);
  halt_.request_stop();
  session_.reset();
  manifest_.reset();
  data_.reset();
  record_failure(info_, action_, reason);
  try {
    PutOptions put;
    put.tags = options_.tags;
    put_text(store_, layout_.backup_info_key(id_), serialise(info_, options_.info_format), put);
    abort_unknown_uploads();
  } catch (const std::exception& failure) {
    log::error("the backup.info of the failed backup {} could not be stored either: {}", id_, failure.what());
  }
  throw error(ErrorKind::operation, "Backup failed {} ({})", action_, reason);
}

}  // namespace

void run_base_backup(std::unique_ptr<PostgresSession> session, ObjectStore& store, const ArchiveLayout& layout,
                     const BaseBackupOptions& options, Clock& clock, const std::stop_token& stop) {
  BackupCourse(std::move(session), store, layout, options, clock, stop).run();
}

void take_base_backup(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options, Clock& clock,
                      const std::stop_token& stop) {
  const ConnectionOptions& connection = options.connection;
  const std::string conninfo = choose_conninfo(connection.host, connection.port, connection.user, connection.dbname);
  run_base_backup(connect_postgres(conninfo, stop), store, layout, options, clock, stop);
}

}  // namespace tapster
