#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

TEST_CASE("the file that the variable names comes before gcloud's login") {
  GoogleWorld world;
  world.key(service_account_key());
  world.login(user_login());
  CHECK(world.identity().project == "the-project");
  world.http.answer(200, token_answer("one"));
  world.get();
  CHECK_THAT(world.identity().token->source(), ContainsSubstring("the service account "));
}

TEST_CASE("gcloud's login is in its folder") {
  GoogleWorld world;
  SECTION("of the home") { world.login(user_login()); }
  SECTION("that CLOUDSDK_CONFIG names") {
    world.variables["CLOUDSDK_CONFIG"] = world.path("sdk");
    world.write("sdk/application_default_credentials.json", user_login().dump());
    world.write(".config/gcloud/application_default_credentials.json", "HUSH");
  }
  SECTION("and an empty variable names no file") {
    world.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "";
    world.login(user_login());
  }
  world.http.answer(200, token_answer("HUSH"));
  world.get();
  CHECK_THAT(world.identity().token->source(), ContainsSubstring("the user's login in "));
}

TEST_CASE("with neither, the metadata server is asked") {
  GoogleWorld world;
  world.http.answer(200, token_answer("HUSH"), {{"Metadata-Flavor", "Google"}});
  CHECK(world.token() == "HUSH");
  CHECK_THAT(world.http.sent().at(0).url, ContainsSubstring("http://metadata.google.internal/"));
}

TEST_CASE("a file that the variable names must be there") {
  GoogleWorld world;
  world.login(user_login());
  world.variables["GOOGLE_APPLICATION_CREDENTIALS"] = world.path("gone.json");
  SECTION("always") {}
  SECTION("even with an emulator") { world.emulator = true; }
  SECTION("as a file") { std::filesystem::create_directory(world.path("gone.json")); }
  CHECK(world.failure() == "general: There is no file " + world.path("gone.json") +
                               ": GOOGLE_APPLICATION_CREDENTIALS must name a readable credential file (or be unset)");
}

TEST_CASE("an empty key file is for emulators") {
  for (const char* text : {"", " \n"}) {
    GoogleWorld world;
    world.key_text(text);
    CHECK(world.failure() == "general: The credential file " + world.key_path() +
                                 " is empty, which means anonymous access and is for emulators: set "
                                 "STORAGE_EMULATOR_HOST, or put a key into the file");
    GoogleWorld emulated;
    emulated.key_text(text);
    emulated.emulator = true;
    emulated.variables["GOOGLE_CLOUD_PROJECT"] = "local";
    CHECK(emulated.identity().token == nullptr);
    CHECK(emulated.identity().project == "local");
  }
}

TEST_CASE("an emulator is shown what was meant for it, and nobody's login") {
  GoogleWorld world;
  world.emulator = true;
  SECTION("a key") {
    world.key(service_account_key());
    CHECK(world.identity().token != nullptr);
  }
  SECTION("a login in a folder that was named") {
    world.variables["CLOUDSDK_CONFIG"] = world.path("sdk");
    world.write("sdk/application_default_credentials.json", user_login().dump());
    CHECK(world.identity().token != nullptr);
  }
  SECTION("no login of the home") {
    world.login(user_login());
    CHECK(world.identity().token == nullptr);
  }
  SECTION("nothing") { CHECK(world.identity().token == nullptr); }
}

TEST_CASE("credential files that are none") {
  GoogleWorld world;
  const std::string place = "general: The credential file " + world.key_path();
  SECTION("no JSON") {
    world.key_text("HUSH");
    CHECK(world.failure() == place + " is no JSON (byte 1 is wrong): create a new key, or copy it again as a whole");
  }
  SECTION("cut") {
    world.key_text(R"({"type": "service_account", "private_key": "HUSH)");
    CHECK_THAT(world.failure(), ContainsSubstring(place + " is no JSON (byte "));
  }
  SECTION("no UTF-8") {
    world.key_text("{\"type\": \"HUSH\xff\"}");
    CHECK_THAT(world.failure(), ContainsSubstring(place + " is no JSON (byte "));
  }
  SECTION("no object") {
    world.key_text("[\"HUSH\"]");
    CHECK(world.failure() == place + " is no JSON object");
  }
  SECTION("no type") {
    world.key_text("{}");
    CHECK(world.failure() == "general: There is no \"type\" in " + world.key_path());
  }
  SECTION("an unknown type") {
    world.key(json{{"type", "gdch_service_account"}});
    CHECK(world.failure() ==
          "general: \"type\" is \"gdch_service_account\", and supported are service_account, authorized_user, "
          "external_account and impersonated_service_account, in " +
              world.key_path());
  }
  SECTION("an address that nobody may listen to") {
    for (const char* url : {"http://oauth2.example.com/token", "ftp://127.0.0.1/", "https://", "oauth2.example.com",
                            "http://localhost@example.com/", "https://example.com/\r\nX: y"}) {
      GoogleWorld other;
      json key = service_account_key();
      key["token_uri"] = url;
      other.key(key);
      CHECK_THAT(other.failure(), ContainsSubstring("general: \"token_uri\" is ") &&
                                      ContainsSubstring(", where secrets must not be sent: https:// is expected"));
    }
  }
}

TEST_CASE("a credential file that cannot be read") {
  GoogleWorld world;
  world.key_text(std::string((1U << 20U) + 1, ' '));
  CHECK(world.failure() == "general: cannot read " + world.key_path() + ": it is larger than 1 MiB");
}

TEST_CASE("credentials of another universe are refused") {
  GoogleWorld world;
  json key = service_account_key();
  std::string theirs = "googleapis.com";
  std::string ours = "googleapis.com";
  SECTION("theirs") { key["universe_domain"] = theirs = "apis.example"; }
  SECTION("ours") { world.variables["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = ours = "apis.example"; }
  SECTION("ours, and theirs is not told") {
    key.erase("universe_domain");
    world.variables["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = ours = "apis.example";
  }
  world.key(key);
  CHECK(world.failure() == "general: The credentials in " + world.key_path() + " are of the universe domain " + theirs +
                               ", and requests go to " + ours +
                               ": set GOOGLE_CLOUD_UNIVERSE_DOMAIN to the former, or use other credentials");
}

TEST_CASE("the project, from the nearest that knows one") {
  GoogleWorld world;
  std::string expected;
  json login = user_login();
  login["quota_project_id"] = "quota";
  SECTION("GOOGLE_CLOUD_PROJECT") {
    world.variables["GOOGLE_CLOUD_PROJECT"] = expected = "first";
    world.variables["GCLOUD_PROJECT"] = "second";
    login["project_id"] = "third";
  }
  SECTION("GCLOUD_PROJECT") {
    world.variables["GCLOUD_PROJECT"] = expected = "second";
    login["project_id"] = "third";
  }
  SECTION("the key's") {
    login["project_id"] = expected = "third";
    world.variables["CLOUDSDK_CORE_PROJECT"] = "fourth";
  }
  SECTION("gcloud's, by variable") {
    world.variables["CLOUDSDK_CORE_PROJECT"] = expected = "fourth";
    world.write(".config/gcloud/configurations/config_default", "[core]\nproject = fifth\n");
  }
  SECTION("gcloud's, in its default configuration") {
    world.write(
        ".config/gcloud/configurations/config_default",
        "[compute]\nproject = no\n[core]\n# project = no\naccount = me\nproject = fifth\n[other]\nproject = no");
    expected = "fifth";
  }
  SECTION("gcloud's, in the active configuration") {
    world.write(".config/gcloud/active_config", "work\n");
    world.write(".config/gcloud/configurations/config_default", "[core]\nproject = fifth\n");
    world.write(".config/gcloud/configurations/config_work", "[core]\r\nproject=sixth\r\n");
    expected = "sixth";
  }
  SECTION("gcloud's, in the configuration that is named") {
    world.variables["CLOUDSDK_ACTIVE_CONFIG_NAME"] = "home";
    world.write(".config/gcloud/active_config", "work\n");
    world.write(".config/gcloud/configurations/config_home", "[core]\nproject = seventh");
    expected = "seventh";
  }
  SECTION("the one that is billed") {
    world.write(".config/gcloud/configurations/config_default", "");
    expected = "quota";
  }
  SECTION("none") { login.erase("quota_project_id"); }
  world.login(login);
  CHECK(world.identity().project == expected);
}

TEST_CASE("the project that is billed") {
  GoogleWorld world;
  json login = user_login();
  std::string expected;
  SECTION("of the file") { login["quota_project_id"] = expected = "quota"; }
  SECTION("of the variable") {
    login["quota_project_id"] = "quota";
    world.variables["GOOGLE_CLOUD_QUOTA_PROJECT"] = expected = "billed";
  }
  SECTION("nobody's") {}
  world.login(login);
  CHECK(world.identity().quota_project == expected);
}
