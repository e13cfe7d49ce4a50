#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

struct ProgramWorld : GoogleWorld {
  // A program of these lines, whose name goes into the key.
  void program(const std::string& lines, const json& more = json::object()) {
    const std::string file = write("give token", "#!/bin/sh\n" + lines);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    json executable = {{"command", "'" + file + "' --key HUSH"}};
    executable.update(more);
    document["credential_source"] = {{"executable", executable}};
    key(document);
  }
  std::string name() const { return "the program " + path("give token"); }

  ProgramWorld() { variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1"; }
  json document = federated(nullptr);
};

std::string printed(const json& answer) { return "cat <<'END'\n" + answer.dump() + "\nEND\n"; }

json good_answer() {
  return {{"version", 1},
          {"success", true},
          {"token_type", "urn:ietf:params:oauth:token-type:jwt"},
          {"id_token", "HUSH-subject"},
          {"expiration_time", 1706958000}};
}

}  // namespace

TEST_CASE("a program prints the subject token") {
  ProgramWorld world;
  SECTION("of OIDC") { world.program(printed(good_answer())); }
  SECTION("that never expires") {
    json answer = good_answer();
    answer.erase("expiration_time");
    world.program(printed(answer));
  }
  SECTION("of SAML") {
    world.document["subject_token_type"] = "urn:ietf:params:oauth:token-type:saml2";
    world.program(printed({{"version", 1},
                           {"success", true},
                           {"token_type", "urn:ietf:params:oauth:token-type:saml2"},
                           {"saml_response", "HUSH-subject"}}));
  }
  world.http.answer(200, token_answer("ya29.HUSH"));
  CHECK(world.token() == "ya29.HUSH");
  CHECK(world.http.sent().at(0).form("subject_token") == "HUSH-subject");
  CHECK(world.http.sent().at(0).form("subject_token_type") == world.document["subject_token_type"].get<std::string>());
  CHECK(world.identity().token->source() ==
        "the federated identity of " + world.key_path() + " (by " + world.name() + ")");
}

TEST_CASE("the program is told what it is asked for") {
  ProgramWorld world;
  world.document["service_account_impersonation_url"] = kImpersonationUrl;
  const std::string told = world.path("told");
  world.program(
      "env | grep ^GOOGLE_EXTERNAL | sort > '" + told + "'\necho \"$@\" >> '" + told + "'\n" + printed(good_answer()),
      {{"output_file", world.path("output")}});
  world.http.answer(200, token_answer("HUSH-1"));
  world.http.answer(200, R"({"accessToken":"HUSH-2","expireTime":"2024-02-03T11:00:00Z"})");
  CHECK(world.token() == "HUSH-2");
  const std::string text = read_file(told);
  for (const std::string line :
       {"GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=" + kAudience + "\n",
        std::string("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=") + "writer@p.iam.gserviceaccount.com\n",
        std::string("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0\n"),
        "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=" + world.path("output") + "\n",
        std::string("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=") + "urn:ietf:params:oauth:token-type:jwt\n--key HUSH\n"}) {
    CHECK_THAT(text, ContainsSubstring(line));
  }
}

TEST_CASE("a program does not run without permission") {
  for (const char* permission : {"", "0", "true"}) {
    ProgramWorld world;
    world.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = permission;
    world.program("touch '" + world.path("ran") + "'\n" + printed(good_answer()));
    CHECK(world.failure() ==
          "general: A program to run (\"executable\") is not allowed unless GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES "
          "is 1, and it stands in \"credential_source\" of " +
              world.key_path());
    CHECK_FALSE(std::filesystem::exists(world.path("ran")));
  }
}

TEST_CASE("what the program left in its output file is used until it expires") {
  ProgramWorld world;
  json kept = good_answer();
  kept["id_token"] = "HUSH-kept";
  std::string expected = "HUSH-subject";
  SECTION("valid") {
    expected = "HUSH-kept";
    world.write("output", kept.dump());
  }
  SECTION("expired") {
    kept["expiration_time"] = 1706954400;
    world.write("output", kept.dump());
  }
  SECTION("without an end") {
    kept.erase("expiration_time");
    world.write("output", kept.dump());
  }
  SECTION("a failure") { world.write("output", R"({"version":1,"success":false,"code":"1","message":"HUSH"})"); }
  SECTION("no JSON") { world.write("output", "HUSH"); }
  SECTION("not there") {}
  world.program(printed(good_answer()), {{"output_file", world.path("output")}});
  world.http.answer(200, token_answer("HUSH"));
  world.get();
  CHECK(world.http.sent().at(0).form("subject_token") == expected);
}

TEST_CASE("a program that gives no token") {
  ProgramWorld world;
  json answer = good_answer();
  std::string message = "Cannot get a subject token from " + world.name() + ": ";
  SECTION("and says why") {
    world.program(
        printed({{"version", 1}, {"success", false}, {"code", "401"}, {"message", "Caller not\nauthorised"}}) +
        "exit 1\n");
    message += "401: Caller not authorised";
  }
  SECTION("and fails") {
    world.program("exit 3\n");
    message += "it ended with status 3 and printed no JSON";
  }
  SECTION("and fails after all") {
    world.program(printed(answer) + "exit 3\n");
    message += "it ended with status 3";
  }
  SECTION("and prints something else") {
    world.program("echo HUSH\n");
    message += "it ended with status 0 and printed no JSON";
  }
  SECTION("and cannot be started") {
    world.program("");
    std::filesystem::remove(world.path("give token"));
    message += "it ended with status 127 and printed no JSON";
  }
  SECTION("of another version") {
    answer["version"] = 2;
    world.program(printed(answer));
    message = "The answer of " + world.name() + " does not say \"version\": 1 and \"success\"";
  }
  SECTION("of another type") {
    answer["token_type"] = "urn:ietf:params:oauth:token-type:id_token";
    world.program(printed(answer));
    message = "The answer of " + world.name() +
              " has the token_type \"urn:ietf:params:oauth:token-type:id_token\", and "
              "urn:ietf:params:oauth:token-type:jwt is expected";
  }
  SECTION("though it says so") {
    answer.erase("id_token");
    world.program(printed(answer));
    message = "The answer of " + world.name() + " has no id_token";
  }
  SECTION("that lives") {
    answer["expiration_time"] = 1706954400;
    world.program(printed(answer));
    message = "The subject token that " + world.name() + " printed has expired";
  }
  CHECK(world.failure() == "general: " + message);
  CHECK(world.http.sent().empty());
}

TEST_CASE("a program that takes too long") {
  ProgramWorld world;
  world.program("echo '{'\nsleep 60\n", {{"timeout_millis", 5000}});
  CHECK_THAT(world.failure(), ContainsSubstring("general: Cannot get a subject token from " + world.name() + ": ") &&
                                  ContainsSubstring("did not finish within 5 s"));
}

TEST_CASE("programs that are set up wrongly") {
  const auto fails = [](const json& executable, const std::string& message) {
    ProgramWorld world;
    world.document["credential_source"] = {{"executable", executable}};
    world.key(world.document);
    CHECK(world.failure() ==
          "general: " + message + " in \"executable\" of \"credential_source\" of " + world.key_path());
  };
  fails(json::object(), "There is no \"command\"");
  fails({{"command", "token --key HUSH"}}, "No absolute path begins the \"command\"");
  fails({{"command", " "}}, "No absolute path begins the \"command\"");
  fails({{"command", "/bin/token 'HUSH"}}, "An open quote, or a backslash at its end, is in the \"command\"");
  fails({{"command", "/bin/token"}, {"timeout_millis", 4999}}, "\"timeout_millis\" is not from 5000 to 120000");
  fails({{"command", "/bin/token"}, {"timeout_millis", 120'001}}, "\"timeout_millis\" is not from 5000 to 120000");
}
