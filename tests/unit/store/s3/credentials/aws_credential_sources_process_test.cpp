#include "base/child_process.h"
#include "unit/store/s3/credentials/aws_world.h"

#include <sys/stat.h>

#include <csignal>
#include <thread>

using namespace tapster;
using namespace tapster::test;
using Words = std::vector<std::string>;

namespace {

std::string script(AwsWorld& world, const std::string& text) {
  const std::string path = world.write("helper", "#!/bin/sh\n" + text + "\n");
  ::chmod(path.c_str(), 0700);
  return path;
}

void with_script(AwsWorld& world, const std::string& text) {
  world.config("[default]\ncredential_process = " + script(world, text) + " --name 'two words' \"\"\n");
}

std::string printing(const std::string& json) { return "echo '" + json + "'"; }

}  // namespace

TEST_CASE("command lines are split like a shell would") {
  CHECK(split_words("a b\t c") == Words{"a", "b", "c"});
  CHECK(split_words("'a b' \"c d\" e'f'\"g\"") == Words{"a b", "c d", "efg"});
  CHECK(split_words(R"(a\ b "c\"d\\e\f" 'g\h' "")") == Words{"a b", R"(c"d\e\f)", R"(g\h)", ""});
  CHECK(split_words("$HOME `x` *") == Words{"$HOME", "`x`", "*"});
  CHECK(split_words("  ").empty());
  CHECK_THROWS_WITH(split_words("a 'b"), "the command has an open quote ('): a 'b");
  CHECK_THROWS_WITH(split_words("a \"b"), "the command has an open quote (\"): a \"b");
  CHECK_THROWS_WITH(split_words("a\\"), "the command ends in a backslash: a\\");
}

TEST_CASE("a program's output and status are collected, and its input is empty") {
  CHECK(run_program({"sh", "-c", "cat; printf x; exit 3"}, Duration(10'000)).status == 3);
  CHECK(run_program({"sh", "-c", "cat; printf x; exit 3"}, Duration(10'000)).output == "x");
  CHECK(run_program({"sh", "-c", "kill -9 $$"}, Duration(10'000)).status == 128 + SIGKILL);
  CHECK(run_program({"sh", "-c", "head -c 300000 /dev/zero"}, Duration(10'000)).output.size() == 300'000);
}

TEST_CASE("a program's errors are collected when they are asked for") {
  const auto result = run_program({"sh", "-c", "echo no >&2; echo yes; head -c 300000 /dev/zero >&2; exit 3"},
                                  Duration(10'000), ErrorOutput::collected);
  CHECK(result.status == 3);
  CHECK(result.output == "yes\n");
  CHECK(result.errors.size() == 300'003);
  CHECK(result.errors.starts_with("no\n"));
  CHECK_THROWS_WITH(run_program({"sh", "-c", "cat /dev/zero >&2"}, Duration(10'000), ErrorOutput::collected),
                    "sh wrote more than 1 MiB");
}

TEST_CASE("a program gets signals that its caller has blocked") {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int status = run_program({"sh", "-c", "kill -TERM $$; exit 0"}, Duration(10'000)).status;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(status == 128 + SIGTERM);
}

TEST_CASE("a program that cannot be run, or does not end, or writes without end") {
  CHECK_THROWS_WITH(run_program({"/nonexistent/x"}, Duration(1000)),
                    "cannot run /nonexistent/x: No such file or directory");
  AwsWorld world;
  const std::string pid_file = world.path("pid");
  SECTION("with its children") {
    CHECK_THROWS_WITH(run_program({"sh", "-c", "sleep 1000 & echo $! > " + pid_file + "; wait"}, Duration(3000)),
                      "sh did not finish within 3 s");
    int pid = 0;
    std::ifstream(pid_file) >> pid;
    REQUIRE(pid > 1);
    // The killed child of a killed child is collected by whoever collects orphans: gone or a zombie.
    std::string state;
    for (int i = 0; i < 500; ++i) {
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string skip;
      state.clear();
      stat >> skip >> skip >> state;
      if (state.empty() || state == "Z") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    CHECK((state.empty() || state == "Z"));
  }
  SECTION("after closing its output") {
    CHECK_THROWS_WITH(run_program({"sh", "-c", "exec >&-; sleep 1000"}, Duration(300)),
                      "sh did not finish within 0.3 s");
  }
  SECTION("endless output") {
    CHECK_THROWS_WITH(run_program({"cat", "/dev/zero"}, Duration(10'000)), "cat wrote more than 1 MiB");
  }
}

TEST_CASE("credential_process gives credentials") {
  AwsWorld world;
  with_script(world,
              R"(test "$#" = 3 && test "$2" = "two words" && echo 'a hint' >&2 && )" +
                  printing(R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"HUSH","SessionToken":"HUSH-t"})"));
  CHECK(world.id() == "PROC");
  CHECK(world.token() == "HUSH-t");
  CHECK_FALSE(world.get().expires);
  CHECK_THAT(world.log, ContainsSubstring("a hint\n"));  // its standard error is ours
  CHECK_THAT(world.log, ContainsSubstring("Found credentials in the credential_process " + world.path("helper")));
}

TEST_CASE("credential_process is run again before its credentials expire") {
  AwsWorld world;
  with_script(world, "echo >> " + world.path("runs") + "; n=$(wc -l < " + world.path("runs") + "); " +
                         R"(printf '{"Version":1,"AccessKeyId":"PROC%s","SecretAccessKey":"HUSH",)"
                         R"("Expiration":"2024-02-03T1%s:00:00+00:00"}' $n $n)");
  CHECK(world.id() == "PROC1");
  CHECK(world.id() == "PROC1");
  world.clock.advance(std::chrono::minutes(55));
  CHECK(world.id() == "PROC2");
}

TEST_CASE("what may be wrong with credential_process") {
  AwsWorld world;
  const std::string name = "the credential_process " + world.path("helper") + " of profile \"default\"";
  SECTION("it fails") {
    with_script(world, "echo HUSH; exit 7");
    CHECK(world.failure() == "general: Cannot get credentials from " + name + ": it ended with status 7");
  }
  SECTION("it prints something else") {
    with_script(world, "echo HUSH");
    CHECK(world.failure() == "general: The answer of " + name + " is not a JSON object with credentials");
  }
  SECTION("it has another version") {
    with_script(world, printing(R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"HUSH"})"));
    CHECK(world.failure() == "general: The answer of " + name + " does not say \"Version\": 1");
  }
  SECTION("it has no version") {
    with_script(world, printing(R"({"AccessKeyId":"A","SecretAccessKey":"HUSH"})"));
    CHECK(world.failure() == "general: The answer of " + name + " does not say \"Version\": 1");
  }
  SECTION("it has no secret") {
    with_script(world, printing(R"({"Version":1,"AccessKeyId":"A"})"));
    CHECK(world.failure() == "general: The answer of " + name + " has no SecretAccessKey");
  }
  SECTION("its command line is malformed") {
    world.config("[default]\ncredential_process = /bin/true 'x\n");
    CHECK(world.failure() ==
          "general: The credential_process of profile \"default\": the command has an open quote ('): /bin/true 'x");
  }
}
