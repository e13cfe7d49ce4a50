#include "tar/tar_writer.h"

#include "crypto/digest.h"
#include "support/catch.h"
#include "support/roomy_sink.h"
#include "support/scratch.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

using namespace tapster;
using namespace tapster::test;
using namespace std::chrono_literals;

namespace {

class Pieces final : public ByteSink {
 public:
  void write(Bytes data) override {
    addresses.push_back(data.data());
    sizes.push_back(data.size());
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override { ++finished; }

  std::string text;
  std::vector<std::size_t> sizes;
  std::vector<const std::byte*> addresses;
  int finished = 0;
};

std::chrono::sys_time<std::chrono::nanoseconds> at(std::int64_t nanoseconds) {
  return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(nanoseconds));
}

TarMember member(const std::string& name, TarMember::Type type = TarMember::Type::file, std::uint64_t size = 0) {
  TarMember result;
  result.name = name;
  result.type = type;
  result.size = size;
  result.uid = 101;
  result.gid = 104;
  result.user = result.group = "postgres";
  result.mtime = at(1795166717'744456800);
  return result;
}

void add(TarWriter& tar, const TarMember& member, std::string_view content = {}) {
  tar.begin(member);
  tar.write(as_bytes(content));
  tar.end();
}

std::string output_of(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  INFO(command << ": " << text);
  REQUIRE(::pclose(pipe) == 0);
  return text;
}

std::vector<TarMember> odd_members() {
  using Type = TarMember::Type;
  std::vector<TarMember> all;
  const auto one = [&all](const TarMember& odd) { return &all.emplace_back(odd); };
  one(member(".", Type::directory))->mode = 0700;
  one(member("./PG_VERSION"));
  one(member("./zz_mode"))->mode = 04751;
  one(member("global", Type::directory))->mode = 03777;
  one(member("./zz_fifo", Type::fifo));
  one(member("./zz_symlink_file", Type::symlink))->link = "zz_file";
  one(member("zz_hard", Type::hard_link))->link = "./zz_file";
  one(member("./" + std::string(98, 'x')));
  one(member("./" + std::string(99, 'x')));
  one(member(std::string(99, 'd'), Type::directory));
  one(member(std::string(100, 'd'), Type::directory));
  one(member(std::string(80, 'd') + "/" + std::string(80, 'f')));
  one(member(std::string(90, 'd') + "/" + std::string(3000, 'f')));
  one(member("./zz_caf\xc3\xa9"));
  one(member("./zz_caf\xe9"));
  one(member("l", Type::symlink))->link = std::string(100, 't');
  one(member("l", Type::symlink))->link = std::string(101, 't');
  one(member("l", Type::symlink))->link = "caf\xc3\xa9";
  one(member("uid"))->uid = 2097151;
  one(member("uid"))->uid = 2097152;
  one(member("gid"))->gid = 4294967294;
  one(member("user"))->user = std::string(32, 'u');
  one(member("user"))->user = std::string(33, 'u');
  one(member("group"))->group = "gr\xc3\xbc\xc3\x9f";
  one(member("nameless"))->user = "";
  for (const std::int64_t mtime :
       {std::int64_t{0}, std::int64_t{1577934245'000000000}, std::int64_t{-315619200'000000000},
        std::int64_t{-1'500000000}, std::int64_t{1795166717'999999999}, std::int64_t{1795166717'000000001},
        std::int64_t{9000000000'250000000}})
    one(member("mtime"))->mtime = at(mtime);
  // Lengths of records whose own number of digits matters.
  for (std::size_t length = 85; length < 95; ++length)
    one(member("x", Type::symlink))->link = std::string(length, 'y') + "\xc3\xa9";
  return all;
}

// Reads an archive, writes what it read with the same format, and compares: exit status and text.
const char* const kRewrite = R"(/usr/bin/python3 -c '
import io, sys, tarfile
ours = open(sys.argv[1], "rb").read()
theirs = io.BytesIO()
with tarfile.open(fileobj=io.BytesIO(ours)) as source, \
     tarfile.open(fileobj=theirs, mode="w", format=tarfile.PAX_FORMAT) as target:
    for member in source:
        content = source.extractfile(member) if member.isreg() else None
        member.pax_headers = {}
        member.mtime = float(member.mtime)
        target.addfile(member, content)
        print(member.name)
theirs = theirs.getvalue()
where = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), None)
assert ours == theirs, (where, len(ours), len(theirs), ours[where or 0:][:600], theirs[where or 0:][:600])
' )";

}  // namespace

TEST_CASE("content that is put into the next sink's room makes the same archive") {
  const std::size_t block = GENERATE(512U, 1000U, 70000U, 1000000U);
  const std::string content = [] {
    std::string text;
    for (int i = 0; text.size() < 300001; ++i) text += std::to_string(i);
    return text.substr(0, 300001);
  }();
  Pieces written;
  RoomySink filled(block);
  TarWriter one(written), other(filled);
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 65536U, 300001U}) {
    add(one, member("file", TarMember::Type::file, size), std::string_view(content).substr(0, size));
    other.begin(member("file", TarMember::Type::file, size));
    std::string_view rest = std::string_view(content).substr(0, size);
    for (auto room = other.room(); !room.empty(); room = other.room()) {
      REQUIRE(room.size() <= rest.size());
      const std::size_t count = (room.size() + 1) / 2;
      std::memcpy(room.data(), rest.data(), count);
      rest.remove_prefix(count);
      other.filled(count);
    }
    CHECK(rest.empty());
    CHECK_THROWS_AS(other.filled(1), std::logic_error);
    other.end();
  }
  one.finish();
  other.finish();
  CHECK((filled.text == written.text));
  CHECK(filled.in_place == 300001 + 65536 + 513 + 512 + 511 + 1);
  CHECK(other.written() == one.written());
  CHECK(filled.finished == 1);
}

TEST_CASE("without room in the next sink the writer has none, and headers are collected") {
  Pieces out;
  TarWriter tar(out);
  tar.begin(member("file", TarMember::Type::file, 3));
  CHECK(tar.room().empty());
  CHECK(out.sizes.empty());
}

TEST_CASE("an archive is byte for byte what Python's tarfile writes") {
  const ScratchDirectory scratch;
  Pieces out;
  TarWriter tar(out);
  const std::string content = "content\n";
  for (TarMember odd : odd_members()) {
    if (odd.type == TarMember::Type::file) odd.size = content.size();
    add(tar, odd, odd.type == TarMember::Type::file ? content : "");
  }
  add(tar, member("block", TarMember::Type::file, 512), std::string(512, 'b'));
  add(tar, member("large", TarMember::Type::file, 300001), std::string(300001, 'l'));
  tar.finish();
  CHECK(out.finished == 1);
  CHECK(out.text.size() % 10240 == 0);
  CHECK(tar.written() == out.text.size());
  CHECK(tar.members() == odd_members().size() + 2);
  write_file(scratch / "a.tar", out.text);
  const std::string names = output_of(kRewrite + (scratch / "a.tar"));
  CHECK_THAT(names, ContainsSubstring(".\n./PG_VERSION\n./zz_mode\nglobal\n"));
}

TEST_CASE("tar lists an archive with its names, times, owners and links") {
  const ScratchDirectory scratch;
  Pieces out;
  TarWriter tar(out);
  TarMember root = member(".", TarMember::Type::directory);
  root.mode = 0700;
  add(tar, root);
  add(tar, member("./PG_VERSION", TarMember::Type::file, 3), "15\n");
  TarMember link = member("./zz_link", TarMember::Type::symlink);
  link.link = "/nonexistent";
  link.mode = 0777;
  add(tar, link);
  TarMember hard = member("./zz_hard", TarMember::Type::hard_link);
  hard.link = "./PG_VERSION";
  add(tar, hard);
  TarMember old = member("base/5/1259");
  old.mtime = at(-315619200'000000000);
  old.user = old.group = "";
  add(tar, old);
  tar.finish();
  write_file(scratch / "a.tar", out.text);
  const std::string listing = output_of("TZ=UTC tar tv --full-time -f " + (scratch / "a.tar"));
  CHECK_THAT(listing, ContainsSubstring("drwx------ postgres/postgres 0 2026-11-20 09:25:17.7444568 ./\n"));
  CHECK_THAT(listing, ContainsSubstring("-rw------- postgres/postgres 3 2026-11-20 09:25:17.7444568 ./PG_VERSION\n"));
  CHECK_THAT(listing, ContainsSubstring("./zz_link -> /nonexistent\n"));
  CHECK_THAT(listing, ContainsSubstring("./zz_hard link to ./PG_VERSION\n"));
  CHECK_THAT(listing, ContainsSubstring("101/104") && ContainsSubstring("1960-01-01 00:00:00 "));
}

TEST_CASE("an empty archive is one record of zeros") {
  Pieces out;
  TarWriter tar(out);
  tar.finish();
  CHECK(out.text == std::string(10240, '\0'));
}

TEST_CASE("a size of 8 GiB and more is a record") {
  std::string header;
  append_tar_header(header, member("relation", TarMember::Type::file, (8ULL << 30) - 1));
  CHECK(header.find("size=") == std::string::npos);
  CHECK_THAT(header, ContainsSubstring("77777777777"));
  header.clear();
  append_tar_header(header, member("relation", TarMember::Type::file, 8ULL << 30));
  CHECK_THAT(header, ContainsSubstring("19 size=8589934592\n"));
}

TEST_CASE("the bound of a member is never less than its size in the archive") {
  for (TarMember odd : odd_members())
    for (const std::uint64_t size : {0, 1, 512, 100000}) {
      if (odd.type != TarMember::Type::file && size != 0) continue;
      odd.size = size;
      std::string header;
      append_tar_header(header, odd);
      CHECK(header.size() % 512 == 0);
      CHECK(header.size() + tar_padded(size) <= tar_member_bound(odd));
    }
}

TEST_CASE("output is written in large pieces, and large content without a copy") {
  Pieces out;
  TarWriter tar(out);
  for (int i = 0; i < 1000; ++i) add(tar, member("small", TarMember::Type::file, 5), "small");
  const std::string large(1 << 20, 'l');
  add(tar, member("large", TarMember::Type::file, large.size()), large);
  add(tar, member("small", TarMember::Type::file, 5), "small");
  tar.finish();
  std::size_t direct = 0;
  for (std::size_t i = 0; i < out.sizes.size(); ++i) {
    if (i + 1 != out.sizes.size()) CHECK(out.sizes[i] >= 65536);
    const auto* const data = reinterpret_cast<const char*>(out.addresses[i]);
    if (data >= large.data() && data < large.data() + large.size()) direct += out.sizes[i];
  }
  CHECK(direct >= large.size() - 65536);
}

TEST_CASE("calls in a wrong order throw") {
  Pieces out;
  TarWriter tar(out);
  CHECK_THROWS_AS(tar.write(as_bytes("x")), std::logic_error);
  CHECK_THROWS_AS(tar.end(), std::logic_error);
  CHECK_THROWS_AS(tar.begin(member("d", TarMember::Type::directory, 1)), std::logic_error);
  tar.begin(member("f", TarMember::Type::file, 2));
  CHECK_THROWS_AS(tar.begin(member("g")), std::logic_error);
  CHECK_THROWS_AS(tar.write(as_bytes("xyz")), std::logic_error);
  tar.write(as_bytes("x"));
  CHECK_THROWS_AS(tar.end(), std::logic_error);
  CHECK_THROWS_AS(tar.finish(), std::logic_error);
  tar.write(as_bytes("y"));
  CHECK_NOTHROW(tar.end());
  CHECK_NOTHROW(tar.finish());
}
