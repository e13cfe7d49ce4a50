// What the reader accepts, in pieces of any size, and what it refuses.
#include "tar/tar_reader.h"

#include "support/catch.h"
#include "support/tar_files.h"

#include <tapster/error.h>

#include <optional>
#include <string>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

struct Found {
  TarMember member;
  std::string content;
  bool ended = false;
};

class Collector final : public TarVisitor {
 public:
  void begin(const TarMember& member) override {
    CHECK((found.empty() || found.back().ended));
    found.push_back({member, "", false});
  }
  void content(Bytes data) override {
    found.back().content.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void end() override { found.back().ended = true; }

  std::vector<Found> found;
};

std::vector<Found> read(const std::string& archive, std::size_t piece = SIZE_MAX) {
  Collector collector;
  TarReader reader(collector);
  Bytes rest = std::as_bytes(std::span(archive));
  while (!rest.empty()) {
    const Bytes part = rest.first(std::min(piece, rest.size()));
    reader.write(part);
    rest = rest.subspan(part.size());
  }
  reader.finish();
  return collector.found;
}

std::string refusal(const std::string& archive) {
  try {
    read(archive);
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    return failure.what();
  }
  return "(it was taken)";
}

std::int64_t nanoseconds(const TarMember& member) { return member.mtime.time_since_epoch().count(); }

}  // namespace

TEST_CASE("a tar archive is read the same in pieces of any size") {
  const std::string large(5000, 'x');
  const std::string archive = tar_archive({{.name = "./", .type = '5', .mode = 0700},
                                           {.name = "./PG_VERSION", .content = "15\n", .uid = 104, .user = "postgres"},
                                           {.name = "base/1/large", .content = large},
                                           {.name = "base/1/block", .content = std::string(512, 'b')},
                                           {.name = "empty"}});
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{511}, std::size_t{512}, std::size_t{513},
                                  std::size_t{4096}, std::size_t{1} << 20}) {
    CAPTURE(piece);
    const auto found = read(archive, piece);
    REQUIRE(found.size() == 5);
    CHECK(found[0].member.name == ".");
    CHECK(found[0].member.type == TarMember::Type::directory);
    CHECK(found[0].member.mode == 0700);
    CHECK(found[1].content == "15\n");
    CHECK(found[1].member.uid == 104);
    CHECK(found[1].member.user == "postgres");
    CHECK(nanoseconds(found[1].member) == 1700000000'000000000);
    CHECK(found[2].content == large);
    CHECK(found[3].content.size() == 512);
    CHECK(found[4].content.empty());
    CHECK(found[4].ended);
  }
}

TEST_CASE("the visitor gets the type of every member") {
  const auto found = read(tar_archive({{.name = "d/", .type = '5'},
                                       {.name = "old/"},
                                       {.name = "l", .type = '2', .link = "/somewhere/else"},
                                       {.name = "h", .type = '1', .link = "first"},
                                       {.name = "p", .type = '6'},
                                       {.name = "c", .type = '3'},
                                       {.name = "v7", .type = '\0', .content = "a"},
                                       {.name = "dense", .type = '7', .content = "b"}}));
  REQUIRE(found.size() == 8);
  CHECK(found[0].member.type == TarMember::Type::directory);
  CHECK(found[1].member.type == TarMember::Type::directory);
  CHECK(found[1].member.name == "old");
  CHECK(found[2].member.type == TarMember::Type::symlink);
  CHECK(found[2].member.link == "/somewhere/else");
  CHECK(found[3].member.type == TarMember::Type::hard_link);
  CHECK(found[4].member.type == TarMember::Type::fifo);
  CHECK(static_cast<char>(found[5].member.type) == '3');
  CHECK(found[6].member.type == TarMember::Type::file);
  CHECK(found[7].member.type == TarMember::Type::file);
  CHECK(found[7].content == "b");
}

TEST_CASE("the prefix of a ustar header is the front of the name") {
  const std::string name = std::string(90, 'd') + "/" + std::string(90, 'f');
  CHECK(read(tar_archive({{.name = name}})).at(0).member.name == name);
}

TEST_CASE("pax records replace a header's fields, for one member") {
  const std::string name = "base/" + std::string(300, 'n') + "/ä";
  std::string content = "real content";
  const std::string archive =
      pax_header(pax_record("path", name) + pax_record("linkpath", "l") + pax_record("size", "12") +
                 pax_record("uid", "3000000") + pax_record("gid", "3000001") + pax_record("uname", "ü") +
                 pax_record("gname", "g") + pax_record("mtime", "1577934245.1234567") + pax_record("comment", "c")) +
      tar_member({.name = "short", .content = content}) + tar_member({.name = "next"}) + tar_end();
  for (const std::size_t piece : {std::size_t{3}, std::size_t{1} << 20}) {
    const auto found = read(archive, piece);
    REQUIRE(found.size() == 2);
    const TarMember& member = found[0].member;
    CHECK(member.name == name);
    CHECK(member.link == "l");
    CHECK(member.uid == 3000000);
    CHECK(member.gid == 3000001);
    CHECK(member.user == "ü");
    CHECK(member.group == "g");
    CHECK(nanoseconds(member) == 1577934245'123456700);
    CHECK(found[0].content == content);
    CHECK(found[1].member.name == "next");
    CHECK(found[1].member.uid == 0);
  }
}

TEST_CASE("times of pax headers are read in every form") {
  const auto time_of = [](const std::string& text) {
    return nanoseconds(
        read(pax_header(pax_record("mtime", text)) + tar_member({.name = "f"}) + tar_end()).at(0).member);
  };
  CHECK(time_of("1577934245.0") == 1577934245'000000000);
  CHECK(time_of("1577934245") == 1577934245'000000000);
  CHECK(time_of("1577934245.5") == 1577934245'500000000);
  CHECK(time_of("1577934245.1234567899") == 1577934245'123456789);
  CHECK(time_of("-1.25") == -1'250000000);
  CHECK(time_of("-0.25") == -250000000);
  for (const std::string wrong : {"x", "1.x", "1e9", "99999999999999999", ".", "1.-5"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(time_of(wrong), Error);
  }
}

TEST_CASE("global pax records hold until another one cancels them") {
  const auto found =
      read(pax_header(pax_record("uname", "everyone"), 'g') + tar_member({.name = "a", .user = "x"}) +
           pax_header(pax_record("uname", "one")) + tar_member({.name = "b"}) + tar_member({.name = "c"}) +
           pax_header(pax_record("uname", ""), 'g') + tar_member({.name = "d", .user = "own"}) + tar_end());
  REQUIRE(found.size() == 4);
  CHECK(found[0].member.user == "everyone");
  CHECK(found[1].member.user == "one");
  CHECK(found[2].member.user == "everyone");
  CHECK(found[3].member.user == "own");
}

TEST_CASE("GNU tar's long names and links are read") {
  const std::string name(200, 'n'), link(300, 'l');
  const auto found =
      read(tar_member({.name = "././@LongLink", .type = 'L', .content = name + std::string(1, '\0')}) +
           tar_member({.name = "././@LongLink", .type = 'K', .content = link + std::string(1, '\0')}) +
           tar_member({.name = "nnn", .type = '2', .link = "lll"}) + tar_member({.name = "next"}) + tar_end());
  REQUIRE(found.size() == 2);
  CHECK(found[0].member.name == name);
  CHECK(found[0].member.link == link);
  CHECK(found[1].member.name == "next");
}

TEST_CASE("numbers may be in base 256") {
  std::string header = tar_header({.name = "f", .content = "abc"}, "ustar  ");
  header.replace(108, 8, std::string("\x80\0\0\0\0\x2d\xc6\xc0", 8));                            // uid 3000000
  header.replace(136, 12, std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12));  // -2 s
  const auto found = read(with_checksum(header) + "abc" + std::string(509, '\0') + tar_end());
  REQUIRE(found.size() == 1);
  CHECK(found[0].member.uid == 3000000);
  CHECK(nanoseconds(found[0].member) == -2'000000000);
}

TEST_CASE("an archive may lack its end blocks, and what follows them is ignored") {
  const std::string member = tar_member({.name = "f", .content = "abc"});
  CHECK(read(member).size() == 1);
  CHECK(read(member + std::string(512, '\0')).size() == 1);
  CHECK(read(member + tar_end() + std::string(8192, '\0') + "no header at all").size() == 1);
  CHECK(read(tar_end()).empty());
}

TEST_CASE("an archive that is cut off is refused wherever the cut is") {
  const std::string archive =
      pax_header(pax_record("mtime", "1.5")) + tar_member({.name = "f", .content = std::string(600, 'c')});
  for (std::size_t size = 0; size < archive.size(); ++size) {
    CAPTURE(size);
    const std::string text = refusal(archive.substr(0, size));
    CHECK(text == (size == 0 ? "the tar archive is damaged: it is empty"
                             : "the tar archive is damaged: it is cut off: its end is missing"));
  }
  CHECK(read(archive).size() == 1);
}

TEST_CASE("damaged headers are refused") {
  const std::string good = tar_header({.name = "f"});
  std::string flipped = good;
  flipped[0] = 'g';
  CHECK_THAT(refusal(flipped), ContainsSubstring("the checksum of a header is wrong"));

  const auto changed = [&](std::size_t offset, const std::string& text) {
    std::string header = good;
    header.replace(offset, text.size(), text);
    return with_checksum(header);
  };
  CHECK_THAT(refusal(changed(124, "0000000009x")), ContainsSubstring("a header has a malformed number"));
  CHECK_THAT(refusal(changed(124, "-0000000001")), ContainsSubstring("a header has a malformed number"));
  CHECK_THAT(refusal(changed(124, std::string(12, '\xff'))), ContainsSubstring("negative"));
  CHECK_THAT(refusal(changed(124, "\x8f" + std::string(11, '\xff'))), ContainsSubstring("out of range"));
  CHECK_THAT(refusal(changed(136, "\x80" + std::string(3, '\0') + "\x7f" + std::string(7, '\xff'))),
             ContainsSubstring("out of range"));
  CHECK_THAT(refusal(changed(0, std::string(1, '\0'))), ContainsSubstring("no name"));
}

TEST_CASE("damaged pax headers are refused") {
  const std::string member = tar_member({.name = "f"});
  for (const std::string records : {"", "x", "5 a=b", "5 a=b\n6 c", "99 a=b\n", "6 a=bcd\n", "0 a=b\n", "3 \n\n",
                                    "6 abc\n", "6a=bc\n", "6 =ab\n"}) {
    CAPTURE(records);
    if (records.empty()) {
      CHECK(read(pax_header(records) + member).size() == 1);
    } else {
      CHECK_THAT(refusal(pax_header(records) + member), ContainsSubstring("a pax header is malformed"));
    }
  }
  CHECK_THAT(refusal(pax_header(pax_record("size", "many")) + member), ContainsSubstring("the size of a pax header"));
  CHECK_THAT(refusal(pax_header(pax_record("uid", "-1")) + member), ContainsSubstring("the uid of a pax header"));
  CHECK_THAT(refusal(pax_header(pax_record("a", std::string(1 << 20, 'x'))) + member),
             ContainsSubstring("impossibly large"));
}

TEST_CASE("sparse files are refused, because they would be restored wrongly") {
  CHECK_THAT(refusal(tar_member({.name = "holes", .type = 'S'})), ContainsSubstring("holes is a sparse file"));
  CHECK_THAT(refusal(pax_header(pax_record("GNU.sparse.major", "1")) + tar_member({.name = "holes"})),
             ContainsSubstring("holes is a sparse file"));
}
