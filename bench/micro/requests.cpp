// What a request to S3 costs before and after the wire: its signature, and the parsing of what comes back.
#include "store/s3/credentials/sigv4.h"
#include "store/s3/s3_store.h"
#include "text/time_text.h"

#include <tapster/backup_info.h>

#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace {

using namespace tapster;

constexpr int kKeys = 1000;  // on a page

const AwsCredentials kCredentials{
    "AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(), {}};
const std::string kHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class OneKey final : public CredentialProvider {
 public:
  AwsCredentials get() override { return kCredentials; }
  void refuse(const AwsCredentials&) override {}
  std::string source() const override { return "benchmark"; }
};

class OneAnswer final : public HttpClient {
 public:
  explicit OneAnswer(std::string body) : body_(std::move(body)) {}
  HttpResponse perform(const HttpRequest&, ByteSink*) override { return {200, {}, body_}; }

 private:
  std::string body_;
};

void sign(benchmark::State& state) {
  HttpRequest request;
  request.method = "PUT";
  request.url = "https://s3.example.com/backups/prod/main/wals/0000000100000000/000000010000000000000001";
  request.headers = {{"If-None-Match", "*"},
                     {"x-amz-meta-tapster-sha256", kHash},
                     {"x-amz-meta-tapster-crc64nvme", "AAAAAAAAAAA="},
                     {"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="}};
  const SigningScope scope{"us-east-1", "s3"};
  const TimePoint now = parse_rfc3339("2026-11-21T10:00:00Z").value();
  for (auto step : state) sign_request(request, kCredentials, scope, now, kHash);
}

std::string page_of_keys() {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Name>backups</Name><Prefix>main/wals/</Prefix><KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys>"
      "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>";
  for (int number = 0; number < kKeys; ++number) {
    const std::string digits = std::to_string(100000000 + number).substr(1);
    text += "<Contents><Key>main/wals/0000000100000000/0000000100000000" + digits +
            "</Key><LastModified>2026-11-20T10:00:00.000Z</LastModified>"
            "<ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag><Size>16777216</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>";
  }
  return text + "</ListBucketResult>";
}

// The whole call, its signature included, which is the smaller part of it.
void list_page(benchmark::State& state) {
  OneAnswer http(page_of_keys());
  OneKey credentials;
  SystemClock clock;
  const S3Service service{};
  S3Settings settings;
  settings.bucket = "backups";
  settings.endpoint_url = "http://s3.test";
  settings.path_style = true;
  settings.region = "us-east-1";
  settings.service = &service;
  S3Client client(settings, http, credentials, clock);
  S3Store store(client);
  for (auto step : state) {
    std::size_t found = 0;
    store.list("main/wals/", {}, [&](const ListPage& page) {
      found += page.objects.size();
      return true;
    });
    if (found != kKeys) throw std::logic_error("the listing was not read");
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}

void backup_info(benchmark::State& state) {
  std::ifstream file(TAPSTER_SAMPLES "/backup.info.done-tablespace-named");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (auto step : state) benchmark::DoNotOptimize(BackupInfo::parse(text));
}

BENCHMARK(sign);
BENCHMARK(list_page)->Unit(benchmark::kMicrosecond);
BENCHMARK(backup_info);

}  // namespace
