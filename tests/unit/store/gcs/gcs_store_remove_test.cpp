#include "store/gcs/wire/gcs_batch.h"
#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test;
using namespace tapster::test::gcs;

namespace {

struct Answer {
  int status;
  std::string body;
};

// As the service writes it, in the order of `answers`; those of status 0 are left out.
std::string batch_of(const std::vector<Answer>& answers) {
  std::string body;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].status == 0) continue;
    body += fmt::format(
        "--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-{}>\r\n\r\nHTTP/1.1 {} Text\r\n"
        "X-GUploader-UploadID: R{}\r\nContent-Length: {}\r\n\r\n{}\r\n",
        i, answers[i].status, i, answers[i].body.size(), answers[i].body);
  }
  return body + "--batch_x--\r\n";
}
const HttpHeaders kMixed = {{"Content-Type", "multipart/mixed; boundary=batch_x"}};

}  // namespace

TEST_CASE("GCS: a batch's answers are told apart") {
  const auto read = [](const std::string& body, const HttpHeaders& headers = kMixed) {
    return read_gcs_batch({200, headers, body}, 2);
  };
  auto answers = read(batch_of({{204, ""}, {404, kNoObject}}));
  REQUIRE(answers.size() == 2);
  CHECK(answers[0]->status == 204);
  CHECK(answers[0]->body.empty());
  CHECK(answers[1]->status == 404);
  CHECK(answers[1]->body == kNoObject);
  CHECK(*find_header(answers[1]->headers, "x-guploader-uploadid") == "R1");

  answers = read(batch_of({{204, ""}}), {{"Content-Type", "multipart/mixed; boundary=\"batch_x\""}});
  CHECK(answers[0]->status == 204);
  CHECK_FALSE(answers[1]);

  for (const char* body : {"", "nothing", "--batch_x", "--batch_x\r\n", "--batch_x--",
                           "--batch_x\r\nContent-ID: <response-0>\r\n\r\nno status\r\n--batch_x--",
                           "--batch_x\r\nContent-ID: <response-7>\r\n\r\nHTTP/1.1 204 x\r\n\r\n--batch_x--",
                           "--batch_x\r\nContent-ID: <response-x>\r\n\r\nHTTP/1.1 204 x\r\n\r\n--batch_x--",
                           "--batch_x\r\n\r\nHTTP/1.1 204 x\r\n\r\n--batch_x--"}) {
    CAPTURE(body);
    CHECK_FALSE(read(body)[0]);
    CHECK_FALSE(read(body)[1]);
  }
  CHECK_FALSE(read(batch_of({{204, ""}}), {})[0]);
  CHECK_FALSE(read(batch_of({{204, ""}}), {{"Content-Type", "multipart/mixed"}})[0]);
}

TEST_CASE("GCS: keys are deleted in batches") {
  GcsWorld world;
  world.http.answer(200, batch_of({{204, ""}, {404, kNoObject}}), kMixed);
  CHECK(world.store().remove({"a", "f/b +"}).empty());
  const SentRequest sent = world.last();
  CHECK(sent.method == "POST");
  CHECK(sent.url == "http://gcs.test/batch/storage/v1");
  CHECK(sent.header("Content-Type") == "multipart/mixed; boundary=tapster-batch");
  CHECK(sent.body ==
        "--tapster-batch\r\nContent-Type: application/http\r\nContent-ID: <0>\r\n\r\n"
        "DELETE /storage/v1/b/b/o/a HTTP/1.1\r\n\r\n\r\n"
        "--tapster-batch\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n"
        "DELETE /storage/v1/b/b/o/f%2Fb%20%2B HTTP/1.1\r\n\r\n\r\n--tapster-batch--\r\n");
  CHECK(world.store().remove({}).empty());
  CHECK(world.requests() == 1);
}

TEST_CASE("GCS: a batch has a hundred calls at most, and one key needs none") {
  GcsWorld world;
  const std::string all = batch_of(std::vector<Answer>(100, Answer{204, ""}));
  world.http.answer(200, all, kMixed).answer(200, all, kMixed).answer(204);
  std::vector<std::string> keys;
  for (int i = 0; i < 201; ++i) keys.push_back("k" + std::to_string(i));
  CHECK(world.store().remove(keys).empty());
  CHECK(world.last().method == "DELETE");
  CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o/k200");
}

TEST_CASE("GCS: what failed in a batch is told, or tried again alone") {
  GcsWorld world;
  const std::string denied = json_error(403, "forbidden", "me may not");
  world.http.answer(200, batch_of({{204, ""}, {403, denied}, {503, ""}, {0, ""}, {401, ""}, {404, "odd"}}), kMixed);
  world.http.answer(204)
      .answer(404, kNoObject)
      .answer(204)
      .answer(403, json_error(403, "retentionPolicyNotMet", "kept"));
  const auto failures = world.store().remove({"a", "b", "c", "d", "e", "f"});
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].key == "b");
  CHECK_THAT(failures[0].reason,
             ContainsSubstring("objects.delete failed (forbidden): me may not [HTTP 403, request id "
                               "R1, bucket b, key b]"));
  CHECK(failures[1].key == "f");
  CHECK_THAT(failures[1].reason, ContainsSubstring("retention"));
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("GCS: an endpoint without batches is remembered") {
  GcsWorld world;
  world.http.answer(GENERATE(400, 404, 405, 501)).answer(204).answer(404, kNoObject).answer(204).answer(204);
  CHECK(world.store().remove({"a", "b"}).empty());
  CHECK(world.store().remove({"c", "d"}).empty());
  CHECK(world.requests() == 5);
  CHECK(world.sent()[3].method == "DELETE");
}

TEST_CASE("GCS: without its bucket nothing is deleted") {
  GcsWorld world;
  SECTION("in a batch") {
    world.http.answer(200, batch_of({{404, kNoBucket}, {404, kNoBucket}}), kMixed);
    CHECK_THAT(death_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("the bucket does not exist"));
  }
  SECTION("singly") {
    world.http.answer(404, kNoBucket).answer(404, kNoBucket);
    CHECK_THAT(death_of([&] { world.store().remove({"a"}); }), ContainsSubstring("the bucket does not exist"));
  }
  SECTION("a 404 of somebody else's is a failure of that key") {
    world.http.answer(404, kFrontPage).answer(200, R"({"items":[{"name":"a"}]})").answer(200, "{}");
    CHECK(world.store().remove({"a"}).size() == 1);
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("GCS: a batch that is refused, or not answered, is an error") {
  GcsWorld world;
  SECTION("refused") {
    world.http.answer(403, json_error(403, "forbidden", "no"));
    CHECK_THAT(death_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("general: a batch of"));
  }
  SECTION("not answered") {
    for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::receive);
    CHECK_THAT(death_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("network: a batch of"));
  }
}
