#include "backup/take/backup_course.h"

#include "backup/copy/backup_manifest.h"
#include "backup/take/backup_failure.h"
#include "backup/take/backup_id.h"
#include "backup/take/cluster_copy.h"
#include "backup/take/local_cluster.h"
#include "backup/take/outside_files.h"
#include "backup/take/wal_presence.h"

#include <tapster/log.h>

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

namespace tapster {
namespace {

using std::chrono::steady_clock;

class Course {
 public:
  Course(std::unique_ptr<PostgresSession> session, ObjectStore& store, const ArchiveLayout& layout,
         const BaseBackupOptions& options, Clock& clock, const std::stop_token& stop)
      : session_(std::move(session)),
        store_(store),
        layout_(layout),
        options_(options),
        clock_(clock),
        stop_(stop),
        relay_(stop, RequestStop{&halt_}) {}

  void run();

 private:
  struct RequestStop {
    std::stop_source* source;
    void operator()() const noexcept { source->request_stop(); }
  };

  void prepare();
  void record_facts();
  void start();
  void copy();
  void copy_outside_files(TreeCopier& copier) const;
  void stop();
  void complete();
  void look_for_wal();
  void store_done();
  void abort_unknown_uploads() noexcept;
  void report(const CopyTimes& times) const;
  [[noreturn]] void fail(const std::string& cause);

  std::unique_ptr<PostgresSession> session_;
  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const BaseBackupOptions& options_;
  Clock& clock_;
  std::stop_token stop_;   // the caller's
  std::stop_source halt_;  // that, or the session is lost, or something failed
  std::stop_callback<RequestStop> relay_;
  const steady_clock::time_point began_ = steady_clock::now();

  std::string id_;
  BackupInfo info_;
  ServerFacts facts_;
  BackupStart begin_;
  BackupStop end_;
  std::uint64_t copied_ = 0;
  std::optional<ClusterCopy> data_;
  std::unique_ptr<ObjectUpload> manifest_upload_;  // destroyed before data_
  std::optional<ManifestWriter> manifest_;
  TreeCopier* copier_ = nullptr;  // of PGDATA
  std::string action_ = "uploading data";
};

void Course::run() {
  try {
    id_ = choose_backup_id(store_, layout_, clock_);
  } catch (const Error& failure) {
    throw error(ErrorKind::operation, "cannot look into the archive: {}", failure.what());
  }
  try {
    prepare();
    start();
    copy();
    stop();
    complete();
    look_for_wal();
    abort_unknown_uploads();
    store_done();
  } catch (const std::exception& failure) {
    fail(failure.what());
  }
}

void Course::prepare() {
  info_.server_name = "cloud";
  info_.backup_name = options_.name;
  facts_ = session_->facts();
  record_facts();
  session_->check_privileges(facts_);
  check_local_cluster(facts_);
  data_.emplace(store_, layout_, options_, id_, clock_, halt_.get_token());
  data_->prove_writable();
}

void Course::record_facts() {
  const auto known = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  info_.systemid = known(facts_.system_identifier);
  info_.pgdata = known(facts_.data_directory);
  info_.config_file = known(facts_.config_file);
  info_.hba_file = known(facts_.hba_file);
  info_.ident_file = known(facts_.ident_file);
  info_.included_files = facts_.included_files;
  info_.tablespaces = facts_.tablespaces;
  info_.data_checksums = facts_.data_checksums;
  info_.summarize_wal = facts_.summarize_wal;
  info_.cluster_size = facts_.cluster_size;
  info_.version = facts_.version;
  info_.xlog_segment_size = static_cast<std::int64_t>(facts_.wal_segment_size);
}

void Course::start() {
  log::info("Starting backup {}", id_);
  begin_ = session_->start_backup("Barman backup cloud " + id_, options_.immediate_checkpoint, stop_);
  info_.status = BackupStatus::started;
  info_.begin_time = begin_.time;
  info_.begin_xlog = begin_.lsn_text;
  info_.begin_wal = segment_name(begin_.timeline, begin_.lsn, facts_.wal_segment_size);
  info_.begin_offset = static_cast<std::int64_t>(begin_.lsn % facts_.wal_segment_size);
  info_.timeline = begin_.timeline;
}

void Course::copy() {
  // From here on the loss of the session ends the copy, wherever it is.
  const std::stop_callback lost(session_->watch(), RequestStop{&halt_});
  manifest_upload_ = data_->open_object(layout_.manifest_key(id_));
  manifest_.emplace(*manifest_upload_, facts_.version, facts_.system_identifier);
  PageChecks checks;
  checks.enabled = facts_.data_checksums == "on";
  checks.start_lsn = begin_.lsn;
  checks.page_size = facts_.block_size;
  checks.pages_per_segment = facts_.blocks_per_file;
  checks.clock = &clock_;
  const auto total =
      facts_.cluster_size ? std::optional(static_cast<std::uint64_t>(*facts_.cluster_size)) : std::nullopt;
  const auto report = [this, total](const CopiedFile& file) {
    manifest_->add(file);
    copied_ += file.size;
    if (options_.progress) options_.progress(copied_, total);
  };
  TreeSource source;
  source.major_version = major_version(facts_.version);
  source.tablespaces = facts_.tablespaces;
  for (const Tablespace& tablespace : facts_.tablespaces) {
    source.root = tablespace.location;
    source.is_tablespace = true;
    source.manifest_prefix = fmt::format("pg_tblspc/{}/", tablespace.oid);
    data_->copy_tablespace(source, tablespace.oid, checks, report);
  }
  source.root = facts_.data_directory;
  source.is_tablespace = false;
  source.manifest_prefix.clear();
  copier_ = &data_->copy_data(source, checks, report);
  copy_outside_files(*copier_);
  if (halt_.stop_requested()) throw Interrupted();
}

void Course::copy_outside_files(TreeCopier& copier) const {
  for (const OutsideFile& file : configuration_outside(facts_)) {
    if (!copier.copy_file(file.path, file.name) && file.required) {
      throw error(ErrorKind::general, "{} does not exist", file.path);
    }
  }
  if (const auto included = included_outside(facts_); !included.empty()) {
    log::warning("these configuration files are outside of the data directory and not part of the backup: {}",
                 fmt::join(included, ", "));
  }
}

void Course::stop() {
  end_ = session_->stop_backup(stop_);
  info_.backup_label = end_.label;
  info_.end_time = end_.time;
  info_.end_xlog = end_.lsn_text;
  info_.end_wal = segment_name(end_.timeline, end_.lsn, facts_.wal_segment_size);
  info_.end_offset = static_cast<std::int64_t>(end_.lsn % facts_.wal_segment_size);
  copier_->add_text("backup_label", end_.label, facts_.data_directory, clock_.now());
  copier_ = nullptr;
  data_->close();
  try {
    session_->switch_wal();
    session_->create_restore_point("barman_" + id_);
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::warning("WAL was not switched after the backup: {}", failure.what());
  }
  session_.reset();
}

void Course::complete() {
  manifest_->finish(begin_.timeline, begin_.lsn, end_.lsn);
  manifest_.reset();
  manifest_upload_.reset();
  const CopyTimes times = data_->finish();
  info_.copy_stats = copy_stats(times);
  report(times);
}

void Course::report(const CopyTimes& times) const {
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

void Course::look_for_wal() {
  const LsnRange range{.begin_lsn = begin_.lsn,
                       .end_lsn = end_.lsn,
                       .begin_timeline = begin_.timeline,
                       .end_timeline = end_.timeline,
                       .segment_size = facts_.wal_segment_size};
  try {
    warn_of_missing(await_segments(store_, layout_, range, options_.wal_timeout, clock_, stop_),
                    store_.describe(layout_.wals_prefix()));
  } catch (const Error& failure) {
    if (stop_.stop_requested()) throw;
    log::warning("cannot tell whether the WAL that the backup needs is in the archive: {}", failure.what());
  }
}

// An upload whose beginning was answered into the void is known to nobody but the store.
void Course::abort_unknown_uploads() noexcept {
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

void Course::store_done() {
  action_ = "uploading backup.info file";
  info_.status = BackupStatus::done;
  PutOptions put = data_->put_options();
  put.stop = stop_;
  put_text(store_, layout_.backup_info_key(id_), serialise(info_, options_.info_format), put);
  log::info("Backup end at LSN: {} ({}, {:08X})", end_.lsn_text, *info_.end_wal, *info_.end_offset);
  log::info("Backup completed (start time: {}, elapsed time: {:.1f} seconds)", to_text(begin_.time),
            std::chrono::duration<double>(steady_clock::now() - began_).count());
}

void Course::fail(const std::string& cause) {
  const std::string reason =
      failure_reason(stop_.stop_requested(), options_.stop_reason, session_ ? session_->lost() : std::string(), cause);
  halt_.request_stop();
  session_.reset();
  manifest_.reset();
  manifest_upload_.reset();
  data_.reset();
  mark_failed(info_, action_, reason);
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
  Course(std::move(session), store, layout, options, clock, stop).run();
}

void take_base_backup(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options, Clock& clock,
                      const std::stop_token& stop) {
  const ConnectionOptions& connection = options.connection;
  const std::string conninfo = choose_conninfo(connection.host, connection.port, connection.user, connection.dbname);
  run_base_backup(connect_postgres(conninfo, stop), store, layout, options, clock, stop);
}

}  // namespace tapster
