#include "store/s3/service.h"

#include "support/catch.h"

using namespace tapster;

namespace {

std::string region(std::string_view host) { return region_of(service_of(host), host); }

}  // namespace

TEST_CASE("services and regions are known by the endpoint's host") {
  struct Row {
    const char* host;
    const char* service;
    const char* region;
  };
  const auto row = GENERATE(values<Row>({
      {"s3.amazonaws.com", "AWS", "us-east-1"},
      {"b.s3.amazonaws.com", "AWS", "us-east-1"},
      {"s3.eu-west-1.amazonaws.com", "AWS", "eu-west-1"},
      {"S3.EU-West-1.AmazonAWS.com", "AWS", "eu-west-1"},
      {"s3-us-west-2.amazonaws.com", "AWS", "us-west-2"},
      {"s3.dualstack.eu-west-1.amazonaws.com", "AWS", "eu-west-1"},
      {"s3-fips.us-gov-west-1.amazonaws.com", "AWS", "us-gov-west-1"},
      {"s3-fips.dualstack.us-east-2.amazonaws.com", "AWS", "us-east-2"},
      {"s3.cn-north-1.amazonaws.com.cn", "AWS", "cn-north-1"},
      {"s3.dualstack.cn-north-1.amazonaws.com.cn", "AWS", "cn-north-1"},
      {"bucket.vpce-1a2b-3c.s3.eu-west-1.vpce.amazonaws.com", "AWS", "eu-west-1"},
      {"abc123.r2.cloudflarestorage.com", "Cloudflare R2", "auto"},
      {"abc123.eu.r2.cloudflarestorage.com", "Cloudflare R2", "auto"},
      {"storage.googleapis.com", "Google Cloud Storage", "auto"},
      {"s3.us-west-004.backblazeb2.com", "Backblaze B2", "us-west-004"},
      {"s3.eu-central-1.wasabisys.com", "Wasabi", "eu-central-1"},
      {"fra1.digitaloceanspaces.com", "DigitalOcean Spaces", "fra1"},
      {"eu-central-1.linodeobjects.com", "Linode Object Storage", "eu-central-1"},
      {"fsn1.your-objectstorage.com", "Hetzner Object Storage", "fsn1"},
      {"s3.gra.io.cloud.ovh.net", "OVHcloud", "gra"},
      {"s3.gra.cloud.ovh.net", "OVHcloud", "gra"},
      {"s3.fr-par.scw.cloud", "Scaleway", "fr-par"},
      {"s3.eu-de.cloud-object-storage.appdomain.cloud", "IBM Cloud Object Storage", "eu-de"},
      {"oss-eu-central-1.aliyuncs.com", "Alibaba OSS", "eu-central-1"},
      {"localhost", "", ""},
      {"s3.example.com", "", ""},
      {"amazonaws.com", "", ""},
      {"s3..amazonaws.com", "", ""},
      {"evil-s3.eu-west-1.amazonaws.com.example.org", "", ""},
      {"", "", ""},
  }));
  INFO(row.host);
  CHECK(service_of(row.host).name == row.service);
  CHECK(region(row.host) == row.region);
}

TEST_CASE("what is relied on at which service") {
  CHECK(service_of("s3.eu-west-1.amazonaws.com").checksums);
  CHECK(service_of("s3.eu-west-1.amazonaws.com").conditional_put == ConditionalPut::honoured);
  CHECK_FALSE(service_of("s3.eu-west-1.amazonaws.com").path_style);
  CHECK(service_of("s3.eu-west-1.amazonaws.com").tags_survive_multipart);
  CHECK(service_of("x.r2.cloudflarestorage.com").conditional_put == ConditionalPut::honoured);
  CHECK(service_of("s3.gra.io.cloud.ovh.net").conditional_put == ConditionalPut::refused);
  CHECK_FALSE(service_of("oss-eu-central-1.aliyuncs.com").path_style);
  const S3Service& unknown = service_of("minio.example.com");
  CHECK_FALSE(unknown.checksums);
  CHECK(unknown.conditional_put == ConditionalPut::unknown);
  CHECK(unknown.path_style);
  CHECK_FALSE(unknown.tags_survive_multipart);
}

TEST_CASE("AWS's own endpoints") {
  CHECK(aws_endpoint("eu-west-1", false, false) == "https://s3.eu-west-1.amazonaws.com");
  CHECK(aws_endpoint("eu-west-1", true, false) == "https://s3.dualstack.eu-west-1.amazonaws.com");
  CHECK(aws_endpoint("us-east-1", false, true) == "https://s3-fips.us-east-1.amazonaws.com");
  CHECK(aws_endpoint("us-east-1", true, true) == "https://s3-fips.dualstack.us-east-1.amazonaws.com");
  CHECK(aws_endpoint("cn-north-1", false, false) == "https://s3.cn-north-1.amazonaws.com.cn");
  CHECK(aws_endpoint("eusc-de-east-1", false, false) == "https://s3.eusc-de-east-1.amazonaws.eu");
}
