#include "catalog/report/human_text.h"
#include "catalog/report/python_json.h"
#include "support/catch.h"
#include "support/samples.h"

#include <tapster/backup_report.h>

#include <string>

using namespace tapster;

namespace {

std::string json_of(const std::string& literal) {
  const auto value = Literal::parse(literal);
  REQUIRE(value);
  return json_text(*value);
}

BackupInfo sample_info(const std::string& name) { return BackupInfo::parse(test::sample("backup.info." + name)); }

// The lines of a text that contain `part`.
std::string lines_with(const std::string& text, const std::string& part) {
  std::string found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin + 1);
    if (line.find(part) != line.npos) found.append(line);
    begin = end + 1;
  }
  return found;
}

}  // namespace

TEST_CASE("JSON is written as Python writes it", "[catalog][report]") {
  CHECK(json_of("{'a': [1, (2.5, None)], 'b': {}, 'c': [], 'd': True, 'e': False}") ==
        R"({"a": [1, [2.5, null]], "b": {}, "c": [], "d": true, "e": false})");
  CHECK(json_of("[1.0, 5e-05, 1e16, -0.0, 0.1, 123456.789]") == "[1.0, 5e-05, 1e+16, -0.0, 0.1, 123456.789]");
  CHECK(json_of(R"('"\\/\b\f\n\r\t\x00\x1f\x7f\'')") == R"("\"\\/\b\f\n\r\t\u0000\u001f\u007f'")");
  CHECK(json_of("'\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80'") == R"("\u00e9 \u20ac \ud83d\ude00")");
  CHECK(json_of("'\xff'") == R"("\udcff")");
  CHECK(json_of("{1: 2, None: 3, True: 4, 0.5: 6}") == R"({"1": 2, "null": 3, "true": 4, "0.5": 6})");
}

TEST_CASE("sizes are told in powers of 1024", "[catalog][report]") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(1023) == "1023 B");
  CHECK(human_size(1024) == "1.0 KiB");
  CHECK(human_size(26767049) == "25.5 MiB");
  CHECK(human_size(113204278) == "108.0 MiB");
  CHECK(human_size(std::int64_t{5} << 40) == "5.0 TiB");
  CHECK(human_size(INT64_MAX) == "8.0 EiB");
}

TEST_CASE("durations are told in days, hours, minutes and seconds", "[catalog][report]") {
  CHECK(human_duration(0.99) == "less than one second");
  CHECK(human_duration(-5) == "less than one second");
  CHECK(human_duration(1.99) == "1 second");
  CHECK(human_duration(3.695503) == "3 seconds");
  CHECK(human_duration(60) == "1 minute");
  CHECK(human_duration(90061.5) == "1 day, 1 hour, 1 minute, 1 second");
  CHECK(human_duration(93784.9) == "1 day, 2 hours, 3 minutes, 4 seconds");
  CHECK(human_duration(172800) == "2 days");
  CHECK(human_duration(1e300) == human_duration(1e15));
}

TEST_CASE("columns are padded by characters", "[catalog][report]") {
  CHECK(padded("K\xc3\xa4se", 6) == "K\xc3\xa4se  ");
  CHECK(padded("longer", 3) == "longer");
}

TEST_CASE("a backup is shown as the original shows it", "[catalog][report]") {
  const BackupInfo info = sample_info("done-tablespace-named");
  CHECK(show_as_console("20261120T092518", info) == test::sample("backup-show.console.txt"));
  CHECK(show_as_json("20261120T092518", info) == test::sample("backup-show.json"));
}

TEST_CASE("a failed backup is shown with its error", "[catalog][report]") {
  BackupInfo info = sample_info("failed-sigint");
  CHECK(show_as_console("ID", info) ==
        "Backup ID:\n"
        "  Server Name            : cloud\n"
        "  System Id              : 7710181699422938022\n"
        "  Status                 : FAILED\n"
        "\n"
        "  Server information:\n"
        "    Checksums            : on\n"
        "\n"
        "  Error                  : failure uploading data (KeyboardInterrupt)\n");
  info.data_checksums.reset();
  info.systemid.reset();
  CHECK(show_as_console("ID", info) ==
        "Backup ID:\n"
        "  Server Name            : cloud\n"
        "  Status                 : FAILED\n"
        "  Error                  : failure uploading data (KeyboardInterrupt)\n");
  CHECK(show_as_console("ID", {}) ==
        "Backup ID:\n"
        "  Server Name            : None\n"
        "  Status                 : EMPTY\n");
}

TEST_CASE("unset fields are shown as None, or not at all", "[catalog][report]") {
  BackupInfo info;
  info.status = BackupStatus::waiting_for_wals;
  CHECK(show_as_console("ID", info) ==
        "Backup ID:\n"
        "  Server Name            : None\n"
        "  Status                 : WAITING_FOR_WALS\n"
        "  PostgreSQL Version     : None\n"
        "  PGDATA directory       : None\n"
        "\n"
        "  Base backup information:\n"
        "    Timeline             : None\n"
        "    Begin WAL            : None\n"
        "    End WAL              : None\n"
        "    Begin time           : None\n"
        "    End time             : None\n"
        "    Begin Offset         : None\n"
        "    End Offset           : None\n"
        "    Begin LSN            : None\n"
        "    End LSN              : None\n"
        "\n");
}

TEST_CASE("fields that only a Barman server records are shown as well", "[catalog][report]") {
  BackupInfo info = sample_info("done-gzip");
  info.mode = "rsync-concurrent";
  info.encryption = "gpg";
  info.deduplicated_size = 2048;
  info.compression = "gzip";
  info.summarize_wal = "on";
  info.copy_stats = Literal(Literal::Dict{{{"copy_time", 3600}}});
  const std::string text = show_as_console("ID", info);
  CHECK_THAT(text, ContainsSubstring("    Checksums            : on\n    WAL summarizer       : on\n\n") &&
                       ContainsSubstring("  Base backup information:\n"
                                         "    Backup Method        : rsync-concurrent\n"
                                         "    Encryption           : gpg\n"
                                         "    Backup Size          : 2.0 KiB\n"
                                         "    Backup Compression   : gzip\n"
                                         "    Timeline             : 1\n") &&
                       ContainsSubstring("    Copy time            : 1 hour\n"));
  info.compression = "none";
  CHECK(lines_with(show_as_console("ID", info), "Compression").empty());
}

TEST_CASE("snapshots are shown with their mounts", "[catalog][report]") {
  const BackupInfo info = BackupInfo::parse(
      "status=DONE\nsnapshots_info={'provider': 'aws', 'provider_info': {'account_id': '12', 'region': 'eu'}, "
      "'snapshots': "
      "[{'mount': {'mount_options': 'rw', 'mount_point': '/data'}, 'provider': {'snapshot_name': 's', 'device_name': "
      "'/dev/sdf', 'snapshot_lock_mode': None}}]}\n");
  CHECK_THAT(show_as_console("ID", info), ContainsSubstring("\n"
                                                            "  Snapshot information:\n"
                                                            "    provider             : aws\n"
                                                            "    account_id           : 12\n"
                                                            "    region               : eu\n"
                                                            "\n"
                                                            "    device_name          : /dev/sdf\n"
                                                            "    snapshot_lock_mode   : None\n"
                                                            "    snapshot_name        : s\n"
                                                            "    Mount point          : /data\n"
                                                            "    Mount options        : rw\n"
                                                            "\n"
                                                            "  Base backup information:\n"));
  CHECK_THAT(show_as_json("ID", info),
             ContainsSubstring(R"("snapshots_info": {"provider": "aws", "provider_info": {"account_id": "12", )"
                               R"("region": "eu"}, "snapshots": [{"mount": {"mount_options": "rw", "mount_point": )"
                               R"("/data"}, "provider": {"snapshot_name": "s", "device_name": "/dev/sdf", )"
                               R"("snapshot_lock_mode": null}}]}, "status": "DONE")"));
  BackupInfo odd;
  odd.status = BackupStatus::done;
  odd.snapshots_info = Literal(Literal::Dict{{{"snapshots", Literal::List{{Literal::Dict{}, 1}}}}});
  CHECK_THAT(show_as_console("ID", odd),
             ContainsSubstring("provider             : None\n\n    Mount point          : None\n"));
}

TEST_CASE("the key of the shown object is the recorded server", "[catalog][report]") {
  BackupInfo info;
  CHECK(show_as_json("ID", info).starts_with("{\"null\": {\"backup_label\": null, \"begin_offset\": null, "));
  CHECK(show_as_json("ID", info).ends_with("\"xlog_segment_size\": 16777216, \"backup_id\": \"ID\"}}\n"));
  info.server_name = "main";
  CHECK(show_as_json("ID", info).starts_with("{\"main\": {"));
}

TEST_CASE("the table lists finished backups alone", "[catalog][report]") {
  BackupInfo without_end = sample_info("done-gzip");
  without_end.end_time.reset();
  without_end.begin_wal.reset();
  const auto catalog = BackupCatalog::of({{"20261120T092518", sample_info("done-tablespace-named"), {}},
                                          {"20261120T092634", sample_info("done-gzip"), Keep{KeepTarget::full, "full"}},
                                          {"20261120T092635", sample_info("failed-sigint"), {}},
                                          {"20261120T092636", without_end, Keep{KeepTarget::other, "odd"}}});
  CHECK(list_as_console(catalog) ==
        "Backup ID           End Time                 Begin Wal                     Archival Status  Name              "
        "  \n"
        "20261120T092518     2026-11-20 09:25:22      000000010000000000000007                       mybackup          "
        "  \n"
        "20261120T092634     2026-11-20 09:26:45      00000001000000000000000C      KEEP:FULL                          "
        "  \n"
        "20261120T092636                                                            KEEP:ODD                           "
        "  \n");
}

TEST_CASE("the list in JSON has every backup", "[catalog][report]") {
  CHECK(list_as_json(BackupCatalog()) == "{\"backups_list\": []}\n");
  const auto catalog = BackupCatalog::of({{"20261120T092635", sample_info("failed-sigint"), {}},
                                          {"20261120T092518", sample_info("done-tablespace-named"), {}}});
  const std::string shown = test::sample("backup-show.json");
  const std::string first = shown.substr(10, shown.size() - 12);  // without {"cloud": and }
  const std::string text = list_as_json(catalog);
  CHECK(text.starts_with("{\"backups_list\": [" + first + ", {\"backup_label\": null, "));
  CHECK(text.ends_with(
      "\"backup_id\": \"20261120T092635\", \"begin_time_iso\": \"2026-11-20T09:31:33.171310+00:00\"}]}\n"));
}
