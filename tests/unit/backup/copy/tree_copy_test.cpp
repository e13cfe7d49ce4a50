#include "backup/copy/tree_copy.h"

#include "codec/crc.h"
#include "crypto/digest.h"
#include "support/captured_log.h"
#include "unit/backup/copy/copied_tree.h"
#include "unit/backup/copy/pages.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;

TEST_CASE("a tree comes out of the archive as it was") {
  const ScratchDirectory data;
  make_file(data / "PG_VERSION", "15\n");
  make_file(data / "base/5/1259", std::string(600000, 'r'));
  make_file(data / "base/5/empty", "");
  make_file(data / "zz caf\xc3\xa9", "name");
  fs::create_directories(data / "pg_twophase");
  ::chmod((data / "PG_VERSION").c_str(), 04751);
  ::chmod((data / "base").c_str(), 0700);
  const timespec times[] = {{0, 0}, {1577934245, 250000000}};
  ::utimensat(AT_FDCWD, (data / "PG_VERSION").c_str(), times, 0);

  const CopiedTree copy(pgdata_at(data.path().string()));
  CHECK(tree(copy / "") == tree(data.path()));
  CHECK(read_file(copy / "PG_VERSION") == "15\n");
  CHECK((read_file(copy / "base/5/1259") == std::string(600000, 'r')));
  CHECK(mode_of(copy / "PG_VERSION") == 04751);
  CHECK(mode_of(copy / "base") == 0700);
  struct stat status {};
  REQUIRE(::stat((copy / "PG_VERSION").c_str(), &status) == 0);
  CHECK(status.st_mtim.tv_sec == 1577934245);
  CHECK(status.st_mtim.tv_nsec == 250000000);
}

TEST_CASE("names begin with ./ in the root only") {
  const ScratchDirectory data;
  make_file(data / "PG_VERSION");
  make_file(data / "base/5/1");
  const CopiedTree copy(pgdata_at(data.path().string()));
  CHECK(copy.listing == "./\n./PG_VERSION\nbase/\nbase/5/\nbase/5/1\n");
}

TEST_CASE("links to files are stored verbatim, FIFOs as such, sockets not at all") {
  const ScratchDirectory data;
  make_file(data / "file");
  fs::create_symlink("file", data / "link");
  fs::create_symlink("/nonexistent", data / "broken");
  fs::create_symlink("loop", data / "loop");
  REQUIRE(::mkfifo((data / "fifo").c_str(), 0640) == 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (data / "socket").c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);

  const CapturedLog log(log::Level::warning);
  const CopiedTree copy(pgdata_at(data.path().string()));
  CHECK(fs::read_symlink(copy / "link") == "file");
  CHECK(fs::read_symlink(copy / "broken") == "/nonexistent");
  CHECK(fs::read_symlink(copy / "loop") == "loop");
  CHECK(fs::is_fifo(copy / "fifo"));
  CHECK_FALSE(fs::exists(copy / "socket"));
  CHECK(log.text().empty());
  CHECK(copy.files.size() == 1);
}

TEST_CASE("links to directories are not stored: a warning where PostgreSQL does not make any itself") {
  const ScratchDirectory data;
  fs::create_directories(data / "outside/PG_15_1");
  fs::create_directories(data / "pgdata/pg_tblspc");
  fs::create_directories(data / "pgdata/base");
  fs::create_directory_symlink(data / "outside", data / "pgdata/pg_wal");
  fs::create_directory_symlink(data / "outside", data / "pgdata/pg_tblspc/16385");
  {
    const CapturedLog log(log::Level::warning);
    const CopiedTree copy(pgdata_at(data / "pgdata"));
    CHECK((copy.listing == "./\npg_tblspc/\nbase/\n" || copy.listing == "./\nbase/\npg_tblspc/\n"));
    CHECK(log.text().empty());
  }
  fs::create_directory_symlink(data / "outside", data / "pgdata/base/16384");
  const CapturedLog log(log::Level::warning);
  const CopiedTree copy(pgdata_at(data / "pgdata"));
  CHECK_THAT(log.text(), ContainsSubstring("pgdata/base/16384 is a symbolic link to a directory"));
}

TEST_CASE("a device is left out with a warning") {
  if (::geteuid() != 0) return;  // only root makes devices
  const ScratchDirectory data;
  if (::mknod((data / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) return;  // nor everywhere
  const CapturedLog log(log::Level::warning);
  const CopiedTree copy(pgdata_at(data.path().string()));
  CHECK(copy.listing == "./\n");
  CHECK_THAT(log.text(), ContainsSubstring("/null is a device"));
}

TEST_CASE("the second name of a file is a hard link, in the same archive") {
  const ScratchDirectory data;
  make_file(data / "one", "content");
  fs::create_hard_link(data / "one", data / "two");
  make_file(data / "three", "three");
  const CopiedTree copy(pgdata_at(data.path().string()));
  CHECK(fs::equivalent(copy / "one", copy / "two"));
  CHECK(fs::hard_link_count(copy / "three") == 1);
  REQUIRE(copy.find("two") != nullptr);
  CHECK(copy.find("two")->size == 7);
  CHECK(copy.find("two")->crc32c == crc32c(0, as_bytes("content")));
  CHECK(copy.find("one")->crc32c == crc32c(0, as_bytes("content")));
}

TEST_CASE("in another archive the second name of a file is a file") {
  const ScratchDirectory data;
  make_file(data / "one", "content");
  fs::create_hard_link(data / "one", data / "two");
  CopiedTree copy;
  copy.target.split_before = [](std::size_t) { return true; };
  copy.run(pgdata_at(data.path().string()));
  CHECK_FALSE(fs::equivalent(copy / "one", copy / "two"));
  CHECK(read_file(copy / "one") == "content");
  CHECK(read_file(copy / "two") == "content");
}

TEST_CASE("what is reported of a file is its path for the manifest, size, time and checksum") {
  const ScratchDirectory data;
  make_file(data / "PG_15_1/5/7", "123456789");
  const timespec times[] = {{0, 0}, {1577934245, 999999999}};
  ::utimensat(AT_FDCWD, (data / "PG_15_1/5/7").c_str(), times, 0);
  TreeSource source = pgdata_at(data.path().string());
  source.is_tablespace = true;
  source.manifest_prefix = "pg_tblspc/16385/";
  const CopiedTree copy(source);
  REQUIRE(copy.files.size() == 1);
  CHECK(copy.files[0].path == "pg_tblspc/16385/PG_15_1/5/7");
  CHECK(copy.files[0].size == 9);
  CHECK(copy.files[0].mtime == std::chrono::sys_seconds(std::chrono::seconds(1577934245)));
  CHECK(copy.files[0].crc32c == 0xe3069283);
  CHECK(copy.copier.summary().files == 1);
  CHECK(copy.copier.summary().bytes == 9);
  CHECK(copy.listing == "PG_15_1/\nPG_15_1/5/\nPG_15_1/5/7\n");
}

TEST_CASE("the target hears the size of every member before it is written") {
  const ScratchDirectory data;
  make_file(data / "f", std::string(100000, 'x'));
  const CopiedTree copy(pgdata_at(data.path().string()));
  REQUIRE(copy.target.sizes.size() == 2);
  CHECK(copy.target.sizes[1] >= 100000 + 1536);
  CHECK(copy.target.sizes[1] < 100000 + 4096);
}

TEST_CASE("a single file is copied under a name of its own, through links") {
  const ScratchDirectory data;
  make_file(data / "global/pg_control", "control");
  make_file(data / "etc/real.conf", "configuration");
  fs::create_symlink("real.conf", data / "etc/pg_hba.conf");
  CopiedTree copy;
  CHECK(copy.copier.copy_file(data / "global/pg_control", "global/pg_control"));
  CHECK(copy.copier.copy_file(data / "etc/pg_hba.conf", "pg_hba.conf"));
  CHECK_FALSE(copy.copier.copy_file(data / "etc/pg_ident.conf", "pg_ident.conf"));
  copy.unpack();
  CHECK(copy.listing == "global/pg_control\npg_hba.conf\n");
  CHECK(read_file(copy / "pg_hba.conf") == "configuration");
  REQUIRE(copy.files.size() == 2);
  CHECK(copy.files[1].path == "pg_hba.conf");
}

TEST_CASE("a text becomes a private file of the data directory's owner") {
  const ScratchDirectory data;
  const std::string label = "START WAL LOCATION: 0/2000028\n";
  CopiedTree copy;
  copy.copier.add_text("backup_label", label, data.path().string(),
                       std::chrono::sys_seconds(std::chrono::seconds(1577934245)));
  copy.unpack();
  CHECK(read_file(copy / "backup_label") == label);
  CHECK(mode_of(copy / "backup_label") == 0600);
  REQUIRE(copy.files.size() == 1);
  CHECK(copy.files[0].path == "backup_label");
  CHECK(copy.files[0].crc32c == crc32c(0, as_bytes(label)));
  CHECK_THROWS_WITH(copy.copier.add_text("x", "x", "/nonexistent", {}), ContainsSubstring("/nonexistent"));
}

TEST_CASE("pages are verified in relation files, and only there") {
  const ScratchDirectory data;
  std::string content;
  for (std::uint32_t block = 0; block < 70; ++block) content += block == 50 ? bad_page(block) : good_page(block);
  for (const char* path : {"base/5/16384", "global/1262", "base/5/16385_fsm", "base/5/PG_VERSION", "pg_xact/0000"})
    make_file(data / path, content);
  make_file(data / "base/5/16386.1", good_page(131072) + bad_page(131073));
  PageChecks checks;
  checks.start_lsn = 1000;
  const CapturedLog log(log::Level::warning);
  CHECK(CopiedTree(pgdata_at(data.path().string()), checks).copier.summary().bad_pages == 0);
  checks.enabled = true;
  const CopiedTree copy(pgdata_at(data.path().string()), checks);
  CHECK(copy.copier.summary().bad_pages == 4);
  for (const char* text :
       {"base/5/16384: page 50 ", "global/1262: page 50 ", "base/5/16385_fsm: page 50 ", "base/5/16386.1: page 1 "})
    CHECK_THAT(log.text(), ContainsSubstring(text));
  CHECK((read_file(copy / "base/5/16384") == content));
}

TEST_CASE("files are copied and verified alike when they are read to where the archive has room") {
  const std::size_t block = GENERATE(512U, 40000U, 100000U, 1U << 20U);
  const ScratchDirectory data;
  std::string content;
  for (std::uint32_t block_number = 0; block_number < 170; ++block_number)
    content += block_number == 150 ? bad_page(block_number) : good_page(block_number);
  make_file(data / "base/5/16384", content);
  make_file(data / "base/5/16385", content.substr(0, 8192 + 4096));
  make_file(data / "base/5/empty", "");
  make_file(data / "PG_VERSION", "15\n");
  PageChecks checks;
  checks.start_lsn = 1000;
  checks.enabled = true;
  const CapturedLog log(log::Level::warning);
  const CopiedTree copy(pgdata_at(data.path().string()), checks, block);
  CHECK(tree(copy / "") == tree(data.path()));
  CHECK((read_file(copy / "base/5/16384") == content));
  CHECK(read_file(copy / "PG_VERSION") == "15\n");
  CHECK(copy.copier.summary().bad_pages == 1);
  CHECK_THAT(log.text(), ContainsSubstring("base/5/16384: page 150 "));
  REQUIRE(copy.find("base/5/16384") != nullptr);
  CHECK(copy.find("base/5/16384")->crc32c == crc32c(0, as_bytes(content)));
}
