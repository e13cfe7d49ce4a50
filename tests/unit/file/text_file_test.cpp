#include "file/text_file.h"

#include "unit/store/s3/credentials/aws_world.h"

#include <pwd.h>
#include <unistd.h>

using namespace tapster;
using namespace tapster::test;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

MapEnvironment environment_with_home() { return MapEnvironment(Variables{{"HOME", "/h"}}); }

}  // namespace

TEST_CASE("the home is HOME's, else the user database's") {
  CHECK(home_directory(environment_with_home()) == "/h");
  CHECK(home_directory(MapEnvironment(Variables())) == ::getpwuid(::getuid())->pw_dir);
}

TEST_CASE("only a leading ~ stands for the home") {
  const MapEnvironment environment = environment_with_home();
  CHECK(expand_home("~", environment) == "/h");
  CHECK(expand_home("~/x/~", environment) == "/h/x/~");
  CHECK(expand_home("~other/x", environment) == "~other/x");
  CHECK(expand_home("/a/~/b", environment) == "/a/~/b");
}

TEST_CASE("a file that is not there is told from an empty one") {
  const AwsWorld world;
  CHECK(read_text_file(world.write("empty", "")) == "");
  CHECK(read_text_file(world.write("text", "a\nb\n")) == "a\nb\n");
  CHECK_FALSE(read_text_file(world.path("gone")));
  CHECK_FALSE(read_text_file(world.path("text/below")));
  CHECK_FALSE(read_text_file(world.path("")));
}
