#include "support/catch.h"
#include "support/samples.h"

#include <tapster/backup_info.h>
#include <tapster/error.h>

#include <algorithm>
#include <string>

using namespace tapster;

namespace {

const char* const kSamples[] = {"done-external-config",
                                "done-gzip",
                                "done-split",
                                "done-tablespace-named",
                                "failed-connection-lost",
                                "failed-no-privileges",
                                "failed-sigint",
                                "failed-unreadable-file"};

std::string line_of(const BackupInfo& info, const std::string& name) {
  const std::string text = "\n" + serialise(info, BackupInfoFormat::v3_17);
  const std::size_t begin = text.find("\n" + name + "=");
  if (begin == text.npos) return "no line";
  return text.substr(begin + 1, text.find('\n', begin + 1) - begin - 1);
}

}  // namespace

TEST_CASE("what the original wrote is read and written back byte for byte", "[catalog][info]") {
  for (const char* name : kSamples) {
    INFO(name);
    const std::string text = test::sample(std::string("backup.info.") + name);
    const BackupInfo info = BackupInfo::parse(text);
    CHECK(info.unknown_fields.empty());
    CHECK(serialise(info, BackupInfoFormat::v3_17) == text);
  }
}

TEST_CASE("the fields of a backup.info have their meanings", "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse(test::sample("backup.info.done-tablespace-named"));
  CHECK(info.backup_name == "mybackup");
  CHECK(info.backup_label->starts_with("START WAL LOCATION: 0/7000028 (file 000000010000000000000007)\nCHECKPOINT"));
  CHECK(info.begin_offset == 40);
  CHECK(to_text(*info.begin_time) == "2026-11-20 09:25:18.819637+00:00");
  CHECK(info.cluster_size == 113204278);
  CHECK_FALSE(info.compression);
  CHECK(info.copy_stats->get<Literal::Dict>()->find("total_time")->text() == "5.19497");
  CHECK(info.included_files.empty());
  CHECK(info.status == BackupStatus::done);
  CHECK(info.usable());
  CHECK(info.tablespaces == std::vector<Tablespace>{{"ts1", 16385, "/srv/pg/ts1"}});
  CHECK(info.systemid == "7710181699422938022");
  CHECK(info.xlog_segment_size == 16777216);
  CHECK(BackupInfo::parse(test::sample("backup.info.done-external-config")).included_files ==
        std::vector<std::string>{"/srv/pg/ext/inc.conf"});
  CHECK_FALSE(BackupInfo::parse(test::sample("backup.info.failed-sigint")).usable());
}

TEST_CASE("the older format leaves the newer fields out", "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse(test::sample("backup.info.done-gzip"));
  const std::string older = serialise(info, BackupInfoFormat::v3_4);
  CHECK(std::count(older.begin(), older.end(), '\n') == 27);
  for (const char* name :
       {"children_backup_ids", "cluster_size", "data_checksums", "encryption", "parent_backup_id", "summarize_wal"}) {
    INFO(name);
    CHECK(older.find(name) == older.npos);
  }
  CHECK(older.find("compression=None\n") != older.npos);
  const std::string newer = serialise(info, BackupInfoFormat::v3_17);
  CHECK(std::count(newer.begin(), newer.end(), '\n') == 33);
  CHECK(parse_backup_info_format("3.4") == BackupInfoFormat::v3_4);
  CHECK(parse_backup_info_format("3.17") == BackupInfoFormat::v3_17);
  CHECK_FALSE(parse_backup_info_format("3.1"));
}

TEST_CASE("an empty file is an empty backup", "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse("");
  CHECK(info.status == BackupStatus::empty);
  CHECK(info.xlog_segment_size == 16777216);
  CHECK_FALSE(info.server_name);
}

TEST_CASE("comments, blanks, repeated fields and other spellings of values are accepted, as in the original",
          "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse(
      "# a remark\r\n\n  backup_name =  two words \r\nbackup_id=x\nbackup_version=2\nfilename=y\ntimeline=1\ntimeline= "
      "+1_0 \n"
      "pgdata=/a=b\nbegin_time=2026-11-20T09:33:16Z\nend_time=2026-11-20 09:33:16.5 -0330\ntablespaces=[]\nsize=None\n"
      "xlog_segment_size=None\ncopy_stats={}\nincluded_files=('a',)\nstatus=DONE");
  CHECK(info.backup_name == "two words");
  CHECK(info.timeline == 10);
  CHECK(info.pgdata == "/a=b");
  CHECK(line_of(info, "begin_time") == "begin_time=2026-11-20 09:33:16+00:00");
  CHECK(line_of(info, "end_time") == "end_time=2026-11-20 09:33:16.500000-03:30");
  CHECK(info.tablespaces.empty());
  CHECK_FALSE(info.size);
  CHECK_FALSE(info.xlog_segment_size);
  CHECK_FALSE(info.copy_stats);
  CHECK(info.unknown_fields.empty());
  CHECK(info.included_files == std::vector<std::string>{"a"});
}

TEST_CASE("the literals of other writers are understood", "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse(
      "backup_label=\"\"\"it's \\x41\"\"\" 'B'\ntablespaces=((\"a\", 0x10, '/x'), ['b', 4294967295, "
      "'/y'],)\nmode=None\n"
      "begin_time=Fri Nov 20 09:33:16 2026\nsnapshots_info={'provider': 'aws', 'n': [1.0, True]}\n");
  CHECK(info.backup_label == "it's AB");
  CHECK(line_of(info, "backup_label") == "backup_label=\"it's AB\"");
  CHECK(line_of(info, "tablespaces") == "tablespaces=[('a', 16, '/x'), ('b', 4294967295, '/y')]");
  CHECK(line_of(info, "snapshots_info") == "snapshots_info={'provider': 'aws', 'n': [1.0, True]}");
  CHECK(to_ctime(*info.begin_time) == "Fri Nov 20 09:33:16 2026");
}

TEST_CASE("fields that are not known are remembered and never written", "[catalog][info]") {
  const BackupInfo info = BackupInfo::parse("future=1\nfuture=2\nstatus=DONE\nother=x\n");
  CHECK(info.unknown_fields == std::vector<std::string>{"future", "other"});
  CHECK(info.status == BackupStatus::done);
  CHECK(serialise(info, BackupInfoFormat::v3_17).find("future") == std::string::npos);
}

TEST_CASE("a line that cannot be parsed is an error that names it", "[catalog][info]") {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"status=DONE\n\nnothing\n", "line 3: nothing: there is no = in it"},
      {"=x\n", "line 1: =x: there is no name before the ="},
      {"timeline=one\n", "line 1: timeline is not an integer: one"},
      {"timeline=\n", "line 1: timeline is not an integer: "},
      {"size=1.5\n", "line 1: size is not an integer: 1.5"},
      {"size=99999999999999999999\n", "line 1: size is not an integer: 99999999999999999999"},
      {"end_time=soon\n", "line 1: end_time is not a time: soon"},
      {"status=GREAT\n", "line 1: status is not the status of a backup: GREAT"},
      {"backup_label=START\n", "line 1: backup_label is not a literal: START"},
      {"backup_label=1\n", "line 1: backup_label is not a quoted text: 1"},
      {"copy_stats=[]\n", "line 1: copy_stats is not a dictionary: []"},
      {"included_files='a'\n", "line 1: included_files is not a list: 'a'"},
      {"included_files=[1]\n", "line 1: included_files is not a list of texts: [1]"},
      {"tablespaces='a'\n", "line 1: tablespaces is not a list of tablespaces: 'a'"},
      {"tablespaces=['a']\n", "line 1: tablespaces is not a list of (name, OID, location): ['a']"},
      {"tablespaces=[('a', 1)]\n", "line 1: tablespaces is not a list of (name, OID, location): [('a', 1)]"},
      {"tablespaces=[('a', -1, '/')]\n",
       "line 1: tablespaces is not a list of (name, OID, location): [('a', -1, '/')]"},
      {"tablespaces=[('a', '1', '/')]\n",
       "line 1: tablespaces is not a list of (name, OID, location): [('a', '1', '/')]"},
  };
  for (const auto& item : cases) {
    INFO(item.text);
    try {
      static_cast<void>(BackupInfo::parse(item.text));
      FAIL("was read");
    } catch (const Error& failure) {
      CHECK(failure.kind() == ErrorKind::general);
      CHECK(std::string(failure.what()) == item.message);
    }
  }
}

TEST_CASE("line breaks cannot get into the values of plain fields", "[catalog][info]") {
  BackupInfo info;
  info.error = "one\ntwo\r";
  info.backup_label = "one\ntwo\n";
  CHECK(line_of(info, "error") == "error=one two ");
  CHECK(line_of(info, "backup_label") == "backup_label='one\\ntwo\\n'");
}

TEST_CASE("backup ids are told from names", "[catalog][info]") {
  CHECK(is_backup_id("20261120T093316"));
  for (const char* text :
       {"", "20261120T09331", "20261120T0933166", "20261120t093316", "20261120T09331a", "2026-120T093316"}) {
    INFO(text);
    CHECK_FALSE(is_backup_id(text));
  }
}

TEST_CASE("LSNs are read and written as PostgreSQL does", "[catalog][info]") {
  CHECK(parse_lsn("0/3000028") == 0x3000028U);
  CHECK(parse_lsn("16/B374D848") == 0x16B374D848U);
  CHECK(parse_lsn("ffffffff/FFFFFFFF") == 0xFFFFFFFFFFFFFFFFU);
  CHECK(lsn_text(0x16B374D848) == "16/B374D848");
  CHECK(lsn_text(0) == "0/0");
  for (const char* text : {"", "/", "0", "0/", "/0", "0/0/0", "0/123456789", "g/0", "0/-1", " 0/1", "0x1/0", "+1/0"}) {
    INFO(text);
    CHECK_FALSE(parse_lsn(text));
  }
}
