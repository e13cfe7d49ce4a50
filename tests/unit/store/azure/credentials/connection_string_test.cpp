#include "store/azure/credentials/connection_string.h"

#include "support/catch.h"

#include <tapster/error.h>

using namespace tapster;

namespace {

// "ACCOUNT URL KEY SAS"
std::string parsed(const std::string& text) {
  const ConnectionString result = parse_connection_string(Secret(text));
  return fmt::format("{} {} {} {}", result.account, result.blob_url, result.account_key.reveal(), result.sas.reveal());
}

std::string failure(const std::string& text) {
  try {
    parsed(text);
  } catch (const Error& problem) {
    CHECK(problem.kind() == ErrorKind::general);
    CHECK_THAT(problem.what(), ContainsSubstring("AZURE_STORAGE_CONNECTION_STRING"));
    CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
    return problem.what();
  }
  return "no failure";
}

const std::string kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

}  // namespace

TEST_CASE("connection strings of accounts") {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row row = GENERATE(values<Row>({
      {"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=SFVTSA==;EndpointSuffix=core.windows.net",
       "acct https://acct.blob.core.windows.net SFVTSA== "},
      {"AccountName=acct;AccountKey=SFVTSA==", "acct https://acct.blob.core.windows.net SFVTSA== "},
      {"accountname=acct;ACCOUNTKEY=SFVTSA==;\n", "acct https://acct.blob.core.windows.net SFVTSA== "},
      {" AccountName = acct ;; AccountKey = SFVTSA== ; ", "acct https://acct.blob.core.windows.net SFVTSA== "},
      {"DefaultEndpointsProtocol=HTTP;AccountName=acct;AccountKey=SFVTSA==;EndpointSuffix=core.chinacloudapi.cn",
       "acct http://acct.blob.core.chinacloudapi.cn SFVTSA== "},
      {"AccountName=acct;AccountKey=SFVTSA==;BlobEndpoint=https://files.example.com/",
       "acct https://files.example.com SFVTSA== "},
      {"AccountName=acct;AccountKey=SFVTSA==;BlobEndpoint=http://azurite:10000/acct;"
       "QueueEndpoint=http://azurite:10001/acct;BlobSecondaryEndpoint=http://azurite:10000/acct-secondary;",
       "acct http://azurite:10000/acct SFVTSA== "},
      {"AccountName=acct;SharedAccessSignature=?sv=2022-11-02&ss=b&sig=a%2Bb%3D",
       "acct https://acct.blob.core.windows.net  sv=2022-11-02&ss=b&sig=a%2Bb%3D"},
      {"BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x",
       "acct https://acct.blob.core.windows.net  sv=1&sig=x"},
      {"BlobEndpoint=http://127.0.0.1:10000/acct;SharedAccessSignature=sv=1&sig=x",
       "acct http://127.0.0.1:10000/acct  sv=1&sig=x"},
      // The key can do more.
      {"AccountName=acct;AccountKey=SFVTSA==;SharedAccessSignature=sv=1&sig=x",
       "acct https://acct.blob.core.windows.net SFVTSA== "},
  }));
  CAPTURE(row.text);
  CHECK(parsed(row.text) == row.expected);
}

TEST_CASE("connection strings of the emulator") {
  CHECK(parsed("UseDevelopmentStorage=true") ==
        "devstoreaccount1 http://127.0.0.1:10000/devstoreaccount1 " + kEmulatorKey + " ");
  CHECK(parsed("usedevelopmentstorage=TRUE;DevelopmentStorageProxyUri=http://host/") ==
        "devstoreaccount1 http://host:10000/devstoreaccount1 " + kEmulatorKey + " ");
  CHECK(parsed("UseDevelopmentStorage=true;BlobEndpoint=http://azurite:1/devstoreaccount1") ==
        "devstoreaccount1 http://azurite:1/devstoreaccount1 " + kEmulatorKey + " ");
  CHECK(parsed("UseDevelopmentStorage=true;AccountName=other;AccountKey=SFVTSA==") ==
        "other http://127.0.0.1:10000/other SFVTSA== ");
  CHECK(failure("UseDevelopmentStorage=true;AccountName=other") ==
        "AccountKey (or SharedAccessSignature) in AZURE_STORAGE_CONNECTION_STRING is missing");
}

TEST_CASE("connection strings that are wrong are refused by the name of the key, never by its value") {
  const std::string in = " in AZURE_STORAGE_CONNECTION_STRING ";
  CHECK(failure("") == "AccountName" + in + "is missing");
  CHECK(failure("HUSH") == "AZURE_STORAGE_CONNECTION_STRING is malformed: its part 1 is not of the form KEY=VALUE");
  CHECK(failure("AccountName=acct;HUSH") ==
        "AZURE_STORAGE_CONNECTION_STRING is malformed: its part 2 is not of the form KEY=VALUE");
  CHECK(failure("AccountKey=SFVTSA==") == "AccountName" + in + "is missing");
  CHECK(failure("BlobEndpoint=https://acct.blob.core.windows.net;AccountKey=SFVTSA==") ==
        "AccountName" + in + "is missing");
  CHECK(failure("AccountName=acct") == "AccountKey (or SharedAccessSignature)" + in + "is missing");
  CHECK(failure("AccountName=acct;HUSH=SFVTSA==") == "AccountKey (or SharedAccessSignature)" + in + "is missing");
  CHECK(failure("AccountName=acct;AccountName=HUSH") == "AccountName" + in + "stands twice");
  CHECK_THAT(failure("AccountName=HUSH/x;AccountKey=SFVTSA=="),
             ContainsSubstring("AccountName" + in + "is no account"));
  CHECK_THAT(failure("AccountName=acct;AccountKey=HUSH!"),
             ContainsSubstring("AccountKey in AZURE_STORAGE_CONNECTION_STRING is no account key"));
  CHECK_THAT(failure("AccountName=acct;SharedAccessSignature=sv=HUSH"),
             ContainsSubstring("SharedAccessSignature" + in + "is no shared access signature") &&
                 ContainsSubstring("sig is missing"));
  CHECK(failure("DefaultEndpointsProtocol=ftp;AccountName=acct;AccountKey=SFVTSA==") ==
        "DefaultEndpointsProtocol" + in + "is neither https nor http");
  for (const char* suffix : {"a/b", "HUSH b", "x@HUSH"}) {
    CHECK(failure(fmt::format("AccountName=acct;AccountKey=SFVTSA==;EndpointSuffix={}", suffix)) ==
          "EndpointSuffix" + in + "is no host name such as core.windows.net");
  }
  CHECK(failure("AccountName=acct;AccountKey=SFVTSA==;BlobEndpoint=acct.blob.core.windows.net") ==
        "BlobEndpoint" + in + "is no http:// or https:// URL");
  CHECK(failure("AccountName=acct;BlobEndpoint=https://acct.blob.core.windows.net/?sv=1&sig=HUSH") ==
        "BlobEndpoint" + in + "must be a URL without a query: a signature belongs under SharedAccessSignature");
  CHECK(failure("UseDevelopmentStorage=false") == "UseDevelopmentStorage" + in + "is not true: leave it out");
  CHECK(failure("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=host") ==
        "DevelopmentStorageProxyUri" + in + "is no http:// or https:// URL");
}
