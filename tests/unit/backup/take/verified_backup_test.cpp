// A data directory of a real PostgreSQL, copied and judged by PostgreSQL's own pg_verifybackup.
#include "backup/copy/backup_manifest.h"
#include "support/captured_log.h"
#include "unit/backup/copy/copied_tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;

namespace {

// The programs of the newest PostgreSQL, or $PG_BIN.
std::string programs() {
  const char* const chosen = std::getenv("PG_BIN");
  if (chosen != nullptr) return chosen;
  std::string newest;
  double version = 0;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql")) {
    const double its = std::strtod(entry.path().filename().c_str(), nullptr);
    if (its > version) newest = entry.path() / "bin";
    version = std::max(version, its);
  }
  return newest;
}

// PostgreSQL does not run as root.
void make_cluster(const ScratchDirectory& scratch) {
  ::chmod(scratch.path().c_str(), 0777);
  const std::string user = ::geteuid() == 0 ? "runuser -u postgres -- " : "";
  (void)shell(user + programs() + "/initdb -k -N -A trust -D " + (scratch / "data") + " 2>&1");
}

}  // namespace

TEST_CASE("pg_verifybackup accepts a copy with its manifest, and finds what was changed in it") {
  const ScratchDirectory scratch;
  make_cluster(scratch);
  make_file(scratch / "data/caf\xc3\xa9 \"quoted\"", "name");
  make_file(scratch / "data/caf\xe9", "bytes");
  fs::create_hard_link(scratch / "data/PG_VERSION", scratch / "data/zz_hard");

  PageChecks checks;
  checks.enabled = true;
  checks.start_lsn = ~std::uint64_t{0};  // judge every page
  const CapturedLog log(log::Level::warning);
  CopiedTree copy(checks);
  copy.copier.copy_tree(pgdata_at(scratch / "data"));
  REQUIRE(copy.copier.copy_file(scratch / "data/global/pg_control", "global/pg_control"));
  copy.copier.add_text("backup_label", "START WAL LOCATION: 0/2000028\n", scratch / "data", {});
  CHECK(log.text().empty());
  copy.unpack();
  CHECK(copy.copier.summary().bad_pages == 0);
  CHECK(copy.copier.summary().files > 900);

  RoomySink manifest(0);
  ManifestWriter writer(manifest, 150000, "1");
  for (const CopiedFile& file : copy.files) writer.add(file);
  writer.finish(1, 0x2000028, 0x2000100);
  write_file(copy / "backup_manifest", manifest.text);
  const std::string verify = programs() + "/pg_verifybackup -n " + (copy / "") + " 2>&1";
  CHECK_THAT(shell(verify), ContainsSubstring("backup successfully verified"));

  write_file(copy / "PG_VERSION", "16\n");
  CHECK_THAT(shell(verify + " || true"), ContainsSubstring("checksum mismatch for file \"PG_VERSION\""));
}

TEST_CASE("a damaged page of a real relation is found") {
  const ScratchDirectory scratch;
  make_cluster(scratch);
  const std::string path = scratch / "data/base/1/1259";
  std::string content = read_file(path);
  REQUIRE(content.size() > 2 * 8192);
  content[8192 + 4000] = static_cast<char>(content[8192 + 4000] ^ 1);
  write_file(path, content);
  PageChecks checks;
  checks.enabled = true;
  checks.start_lsn = ~std::uint64_t{0};
  const CapturedLog log(log::Level::warning);
  const CopiedTree copy(pgdata_at(scratch / "data"), checks);
  CHECK(copy.copier.summary().bad_pages == 1);
  CHECK_THAT(log.text(), ContainsSubstring("base/1/1259: page 1 is damaged"));
}
