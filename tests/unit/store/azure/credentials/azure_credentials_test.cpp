#include "store/azure/credentials/azure_credentials.h"

#include "unit/store/azure/credentials/azure_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

struct Resolving {
  AzureWorld world;
  StoreOptions options;
  StoreLocation location{Provider::azure_blob_storage, "box", "", "https://acct.blob.core.windows.net", "acct"};
  std::string log;

  AzureAccount account() {
    const CapturedLog captured(log::Level::debug);
    const MapEnvironment environment(world.variables);
    AzureAccount result = resolve_azure_account(location, options, environment, world.http, world.clock);
    CHECK_THAT(captured.text(), !ContainsSubstring("HUSH"));
    log = captured.text();
    CHECK(world.http.sent().empty());
    return result;
  }

  // "KIND VALUE", of the one that is set.
  std::string credential() {
    const AzureCredential credential = account().credential;
    CHECK(!credential.account_key.empty() + !credential.sas.empty() + (credential.token != nullptr) == 1);
    if (credential.token) return "token";
    return credential.sas.empty() ? fmt::format("key {}", credential.account_key.reveal())
                                  : fmt::format("sas {}", credential.sas.reveal());
  }

  std::string failure() {
    try {
      account();
    } catch (const Error& problem) {
      CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
      return kind_and_text(problem);
    }
    return "no failure";
  }
};

}  // namespace

TEST_CASE("of all Azure credentials the first in the documented order is taken") {
  Resolving resolving;
  auto& variables = resolving.world.variables;
  variables["AZURE_STORAGE_CONNECTION_STRING"] = "AccountName=acct;AccountKey=SFVTSA==";
  variables["AZURE_STORAGE_SAS_TOKEN"] = "?sv=1&sig=HUSH\n";
  variables["AZURE_STORAGE_KEY"] = "S0VZ\n";
  SECTION("--azure-credential") {
    resolving.options.azure_credential = GENERATE("azure-cli", "managed-identity", "default");
    CHECK(resolving.credential() == "token");
  }
  SECTION("the connection string") { CHECK(resolving.credential() == "key SFVTSA=="); }
  variables.erase("AZURE_STORAGE_CONNECTION_STRING");
  SECTION("the shared access signature") { CHECK(resolving.credential() == "sas sv=1&sig=HUSH"); }
  variables.erase("AZURE_STORAGE_SAS_TOKEN");
  SECTION("the account's key") { CHECK(resolving.credential() == "key S0VZ"); }
  variables.erase("AZURE_STORAGE_KEY");
  SECTION("the default chain") { CHECK(resolving.credential() == "token"); }
}

TEST_CASE("the modes of --azure-credential ask where they say") {
  Resolving resolving;
  AzureWorld& world = resolving.world;
  const auto token = [&](const char* mode) {
    resolving.options.azure_credential = mode;
    return text_of(resolving.account().credential.token->get());
  };
  SECTION("azure-cli") {
    world.tool("az", R"(echo '{"accessToken":"HUSH-az","expires_on":1706961600}')");
    CHECK(token("azure-cli") == "HUSH-az");
  }
  SECTION("managed-identity: without a probe") {
    world.http.answer(200, identity_token("HUSH-imds", "1706961600"));
    CHECK(token("managed-identity") == "HUSH-imds");
  }
  SECTION("default") {
    world.variables["AZURE_TENANT_ID"] = "t";
    world.variables["AZURE_CLIENT_ID"] = "c";
    world.variables["AZURE_CLIENT_SECRET"] = "HUSH-secret";
    world.http.answer(200, entra_token("HUSH-entra"));
    CHECK(token("default") == "HUSH-entra");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("with a connection string the URL gives only container and prefix") {
  Resolving resolving;
  resolving.world.variables["AZURE_STORAGE_CONNECTION_STRING"] =
      "AccountName=other;AccountKey=SFVTSA==;BlobEndpoint=http://azurite:10000/other/";
  const AzureAccount account = resolving.account();
  CHECK(account.name == "other");
  CHECK(account.blob_url == "http://azurite:10000/other");
  CHECK_THAT(resolving.log, ContainsSubstring("WARNING: The URL names the storage account acct, "
                                              "AZURE_STORAGE_CONNECTION_STRING names other: the latter is used"));
  resolving.location.account = "OTHER";
  resolving.account();
  CHECK(resolving.log.empty());
}

TEST_CASE("without one the URL says the account, and AZURE_STORAGE_ACCOUNT is but compared") {
  Resolving resolving;
  resolving.location.account_url = "http://127.0.0.1:10000/acct";
  resolving.world.variables["AZURE_STORAGE_KEY"] = "S0VZ";
  resolving.world.variables["AZURE_STORAGE_ACCOUNT"] = "acct\n";
  AzureAccount account = resolving.account();
  CHECK(account.name == "acct");
  CHECK(account.blob_url == "http://127.0.0.1:10000/acct");
  CHECK(resolving.log.empty());
  resolving.world.variables["AZURE_STORAGE_ACCOUNT"] = "other";
  account = resolving.account();
  CHECK(account.name == "acct");
  CHECK_THAT(resolving.log, ContainsSubstring("WARNING: AZURE_STORAGE_ACCOUNT is other, and the URL names the storage "
                                              "account acct: the latter is used"));
}

TEST_CASE("Azure credentials that cannot be used are refused with the cure") {
  Resolving resolving;
  auto& variables = resolving.world.variables;
  SECTION("a key that is none") {
    variables["AZURE_STORAGE_KEY"] = GENERATE("HUSH!", "HUSH5", " ");
    CHECK(resolving.failure() ==
          "general: AZURE_STORAGE_KEY is no account key: those are base64, as the portal shows them under \"Access "
          "keys\"");
  }
  SECTION("a signature without its signature") {
    variables["AZURE_STORAGE_SAS_TOKEN"] = "sv=1&HUSH";
    CHECK(
        resolving.failure() ==
        "general: AZURE_STORAGE_SAS_TOKEN is no shared access signature: those look like sv=...&se=...&sig=... (sig is "
        "missing)");
  }
  SECTION("a signature that would break a request") {
    variables["AZURE_STORAGE_SAS_TOKEN"] = GENERATE("sv=1&sig=HUSH\r\nx: y", "sv=1 &sig=HUSH", "sv=1&sig=HUSH#");
    CHECK_THAT(resolving.failure(), ContainsSubstring("there is a character in it that no URL holds"));
  }
  SECTION("an unknown mode") {
    resolving.options.azure_credential = "secret";
    CHECK(resolving.failure() ==
          "general: There are no Azure credentials called \"secret\": use azure-cli, managed-identity or default");
  }
  SECTION("tokens in clear text") {
    resolving.location.account_url = "http://127.0.0.1:10000/acct";
    CHECK(resolving.failure() ==
          "general: Tokens are sent by https only, and the account's URL is http://127.0.0.1:10000/acct: use https, or "
          "set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY");
  }
  SECTION("a connection string that is wrong") {
    variables["AZURE_STORAGE_CONNECTION_STRING"] = "AccountName=acct;AccountKey=HUSH!";
    variables["AZURE_STORAGE_KEY"] = "S0VZ";
    CHECK_THAT(resolving.failure(), ContainsSubstring("general: AccountKey in AZURE_STORAGE_CONNECTION_STRING"));
  }
}

TEST_CASE("tokens are kept until five minutes before they expire, and renewed from the same source") {
  Resolving resolving;
  AzureWorld& world = resolving.world;
  world.variables["AZURE_TENANT_ID"] = "t";
  world.variables["AZURE_CLIENT_ID"] = "c";
  world.variables["AZURE_CLIENT_SECRET"] = "HUSH-secret";
  const AzureAccount account = resolving.account();
  TokenProvider& provider = *account.credential.token;
  const CapturedLog captured(log::Level::debug);
  world.http.answer(200, entra_token("HUSH-1")).answer(200, entra_token("HUSH-2"));
  CHECK(text_of(provider.get()) == "HUSH-1");
  CHECK(provider.source() == "Microsoft Entra ID (client secret of c)");
  world.clock.advance(std::chrono::seconds(3298));
  CHECK(text_of(provider.get()) == "HUSH-1");
  world.clock.advance(std::chrono::seconds(1));
  CHECK(text_of(provider.get()) == "HUSH-2");
  // A refused token is fetched anew at once.
  world.http.answer(200, entra_token("HUSH-3"));
  provider.refuse(provider.get());
  CHECK(text_of(provider.get()) == "HUSH-3");
  CHECK(world.http.answers_left() == 0);
  CHECK_THAT(captured.text(),
             !ContainsSubstring("HUSH") && ContainsSubstring("Fetched a token from Microsoft Entra ID"));
}
