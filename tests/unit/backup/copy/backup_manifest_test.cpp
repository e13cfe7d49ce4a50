#include "backup/copy/backup_manifest.h"

#include "crypto/digest.h"
#include "support/catch.h"
#include "text/encoding.h"

#include <nlohmann/json.hpp>

using namespace tapster;

namespace {

class TextSink final : public ByteSink {
 public:
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override { finished = true; }
  std::string text;
  bool finished = false;
};

CopiedFile file(const std::string& path) {
  return {path, 225, std::chrono::sys_seconds(std::chrono::seconds(1577934245)), 0xe3069283};
}

}  // namespace

TEST_CASE("a manifest has the form of PostgreSQL's own") {
  TextSink out;
  ManifestWriter manifest(out, 150018, "7320280665284567118");
  manifest.add(file("backup_label"));
  manifest.add(file("pg_tblspc/16385/PG_15_1/5/7"));
  manifest.finish(1, 0x2000028, 0x12'00000100);
  CHECK(out.finished);
  const std::string body =
      "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n"
      "\"Files\": [\n"
      "{ \"Path\": \"backup_label\", \"Size\": 225, \"Last-Modified\": \"2020-01-02 03:04:05 GMT\", "
      "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"839206e3\" },\n"
      "{ \"Path\": \"pg_tblspc/16385/PG_15_1/5/7\", \"Size\": 225, \"Last-Modified\": \"2020-01-02 03:04:05 GMT\", "
      "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"839206e3\" }\n"
      "],\n"
      "\"WAL-Ranges\": [\n"
      "{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"12/100\" }\n"
      "],\n";
  CHECK(out.text == body + "\"Manifest-Checksum\": \"" + hex_encode(sha256(as_bytes(body))) + "\"}\n");
}

TEST_CASE("from PostgreSQL 17 on a manifest names its system") {
  TextSink out;
  ManifestWriter manifest(out, 170000, "7320280665284567118");
  manifest.finish(3, 0, 0);
  const auto json = nlohmann::json::parse(out.text);
  CHECK(json["PostgreSQL-Backup-Manifest-Version"] == 2);
  CHECK(json["System-Identifier"] == 7320280665284567118);
  CHECK(json["Files"].empty());
  CHECK(json["WAL-Ranges"][0]["Timeline"] == 3);
}

TEST_CASE("paths are escaped, and encoded when they are not UTF-8") {
  TextSink out;
  ManifestWriter manifest(out, 150018, "1");
  for (const char* path : {"a \"quoted\" \\ path", "tab\tnewline\n", "caf\xc3\xa9", "caf\xe9"})
    manifest.add(file(path));
  manifest.finish(1, 0, 0);
  const auto files = nlohmann::json::parse(out.text)["Files"];
  CHECK(files[0]["Path"] == "a \"quoted\" \\ path");
  CHECK(files[1]["Path"] == "tab\tnewline\n");
  CHECK(files[2]["Path"] == "caf\xc3\xa9");
  CHECK(files[3]["Encoded-Path"] == "636166e9");
  CHECK_FALSE(files[3].contains("Path"));
}

TEST_CASE("a manifest leaves in pieces, not at its end") {
  TextSink out;
  ManifestWriter manifest(out, 150018, "1");
  for (int i = 0; i < 10000; ++i) manifest.add(file("base/5/" + std::to_string(i)));
  CHECK(out.text.size() > 1000000);
  manifest.finish(1, 0, 0);
  CHECK(nlohmann::json::parse(out.text)["Files"].size() == 10000);
}
