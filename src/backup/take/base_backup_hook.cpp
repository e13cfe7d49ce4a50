// Barman runs the command after its own backup: what lies in its directory is uploaded.
#include "backup/take/backup_record.h"
#include "backup/take/cluster_copy.h"
#include "base/linked_stop.h"
#include "file/file.h"
#include "postgres/server_version.h"

#include <tapster/base_backup.h>
#include <tapster/log.h>

#include <vector>

namespace tapster {
namespace {

struct BarmanBackup {
  std::string directory;
  std::string id;
  std::string info_path;
};

std::string required(const Environment& environment, const char* name) {
  const auto value = environment.get(name);
  if (!value || value->empty()) throw error(ErrorKind::general, "the environment variable {} is not set", name);
  return *value;
}

// In the order in which the original checks.
BarmanBackup find_backup(const BaseBackupOptions& options, const Environment& environment) {
  const std::string hook = environment.get("BARMAN_HOOK").value_or("");
  const std::string phase = environment.get("BARMAN_PHASE").value_or("");
  if ((hook != "backup_script" && hook != "backup_retry_script") || phase != "post") {
    throw error(ErrorKind::general, "barman-cloud-backup called as unsupported hook script: {}_{}", phase, hook);
  }
  if (options.name) {
    throw Error(ErrorKind::general,
                "a backup that Barman has taken cannot be given a name: -n/--name is not allowed "
                "when the command runs as a hook");
  }
  BarmanBackup backup;
  backup.directory = required(environment, "BARMAN_BACKUP_DIR");
  backup.id = required(environment, "BARMAN_BACKUP_ID");
  if (!is_backup_id(backup.id)) {
    throw error(ErrorKind::general, "BARMAN_BACKUP_ID is not the id of a backup: {}", backup.id);
  }
  const std::string status = environment.get("BARMAN_STATUS").value_or("");
  if (status != "DONE") {
    throw error(ErrorKind::unrecoverable_hook, "the backup {} is not DONE but {}: nothing to upload", backup.id,
                status.empty() ? "of unknown status" : status);
  }
  backup.info_path = required(environment, "BARMAN_BACKUP_INFO_PATH");
  return backup;
}

std::string read_text(const std::string& path) {
  FileBody body(path);
  std::string text(body.size(), '\0');
  std::size_t filled = 0;
  while (const std::size_t count =
             body.read(std::as_writable_bytes(std::span(text.data() + filled, text.size() - filled)))) {
    filled += count;
  }
  return text;
}

void upload(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options,
            const BarmanBackup& backup, const std::string& text, Clock& clock, LinkedStop& halt) {
  const BackupInfo info = BackupInfo::parse(text);
  ClusterCopy data(store, layout, options, backup.id, clock, halt.token());
  // Before `data`, whose end waits for what is under way unless it is told not to.
  struct Halt {
    LinkedStop& source;
    ~Halt() { source.request_stop(); }
  } const halt_at_end{halt};
  data.prove_writable();
  std::uint64_t copied = 0;
  const auto report = [&](const CopiedFile& file) {
    copied += file.size;
    if (options.progress) options.progress(copied, std::nullopt);
  };
  TreeSource source;
  source.major_version = major_version(static_cast<int>(info.version.value_or(0)));
  source.tablespaces = info.tablespaces;
  source.is_tablespace = true;
  for (const Tablespace& tablespace : info.tablespaces) {
    source.root = fmt::format("{}/{}", backup.directory, tablespace.oid);
    data.copy_tablespace(source, tablespace.oid, {}, report);
  }
  source.root = backup.directory + "/data";
  source.is_tablespace = false;
  // A running server's directory may hold an old label, which is left out of its copy; this one belongs to it.
  data.copy_data(source, {}, report).copy_file(source.root + "/backup_label", "backup_label");
  data.finish();
  PutOptions put = data.put_options();
  put.stop = halt.token();
  put_text(store, layout.backup_info_key(backup.id), text, put);
  log::info("Uploaded Barman's backup {}: {} files of {} bytes", backup.id, data.summary().files, data.summary().bytes);
}

}  // namespace

bool called_as_hook(const Environment& environment) {
  return environment.get("BARMAN_HOOK").has_value() && environment.get("BARMAN_PHASE").has_value();
}

void upload_barman_backup(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options,
                          const Environment& environment, Clock& clock, const std::stop_token& stop) {
  const BarmanBackup backup = find_backup(options, environment);
  LinkedStop halt(stop);
  try {
    upload(store, layout, options, backup, read_text(backup.info_path), clock, halt);
  } catch (const std::exception& failure) {
    throw error(ErrorKind::operation, "Backup upload failed uploading data ({})",
                failure_reason(stop.stop_requested(), options.stop_reason, {}, failure.what()));
  }
}

}  // namespace tapster
