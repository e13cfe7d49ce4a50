#include "store/s3/s3_service.h"

#include "support/catch.h"

using namespace tapster;

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
      {"s3.eusc-de-east-1.amazonaws.eu", "AWS", "eusc-de-east-1"},
      {"s3.dualstack.eusc-de-east-1.amazonaws.eu", "AWS", "eusc-de-east-1"},
      {"abc123.r2.cloudflarestorage.com", "Cloudflare R2", "auto"},
      {"abc123.eu.r2.cloudflarestorage.com", "Cloudflare R2", "auto"},
      {"abc123.fedramp.r2.cloudflarestorage.com", "Cloudflare R2", "auto"},
      {"storage.googleapis.com", "Google Cloud Storage", "auto"},
      {"storage.europe-west3.rep.googleapis.com", "Google Cloud Storage", "auto"},
      {"s3.us-west-004.backblazeb2.com", "Backblaze B2", "us-west-004"},
      {"s3.wasabisys.com", "Wasabi", "us-east-1"},
      {"s3.eu-central-1.wasabisys.com", "Wasabi", "eu-central-1"},
      {"fra1.digitaloceanspaces.com", "DigitalOcean Spaces", "fra1"},
      {"eu-central-1.linodeobjects.com", "Linode Object Storage", "eu-central-1"},
      {"fsn1.your-objectstorage.com", "Hetzner Object Storage", "fsn1"},
      {"s3.gra.io.cloud.ovh.net", "OVHcloud", "gra"},
      {"s3.gra.cloud.ovh.net", "OVHcloud", "gra"},
      {"s3.gra.perf.cloud.ovh.net", "OVHcloud", "gra"},
      {"s3.eu-west-par.io.cloud.ovh.net", "OVHcloud", "eu-west-par"},
      {"s3.us-east-va.io.cloud.ovh.us", "OVHcloud", "us-east-va"},
      {"s3.fr-par.scw.cloud", "Scaleway", "fr-par"},
      {"s3.eu-de.cloud-object-storage.appdomain.cloud", "IBM Cloud Object Storage", "eu-de"},
      {"s3.private.eu-de.cloud-object-storage.appdomain.cloud", "IBM Cloud Object Storage", "eu-de"},
      {"s3.direct.eu-de.cloud-object-storage.appdomain.cloud", "IBM Cloud Object Storage", "eu-de"},
      {"s3.us.cloud-object-storage.appdomain.cloud", "IBM Cloud Object Storage", "us"},
      {"ns1.compat.objectstorage.eu-frankfurt-1.oraclecloud.com", "Oracle Cloud", "eu-frankfurt-1"},
      {"ns1.compat.objectstorage.us-phoenix-1.oci.customer-oci.com", "Oracle Cloud", "us-phoenix-1"},
      {"oss-eu-central-1.aliyuncs.com", "Alibaba OSS", "eu-central-1"},
      {"oss-cn-hangzhou-internal.aliyuncs.com", "Alibaba OSS", "cn-hangzhou"},
      {"s3.oss-cn-hangzhou.aliyuncs.com", "Alibaba OSS", "cn-hangzhou"},
      {"s3.oss-cn-hangzhou-internal.aliyuncs.com", "Alibaba OSS", "cn-hangzhou"},
      {"oss-accelerate.aliyuncs.com", "Alibaba OSS", ""},
      {"oss-accelerate-overseas.aliyuncs.com", "Alibaba OSS", ""},
      {"localhost", "", ""},
      {"s3.example.com", "", ""},
      {"amazonaws.com", "", ""},
      {"s3..amazonaws.com", "", ""},
      {".compat.objectstorage.us-phoenix-1.oraclecloud.com", "", ""},
      {"compat.objectstorage.us-phoenix-1.oraclecloud.com", "", ""},
      {"ns1.compat.objectstorage..oraclecloud.com", "", ""},
      {"bucket..s3.eu-west-1.vpce.amazonaws.com", "", ""},
      {"r2.cloudflarestorage.com", "", ""},
      {"minio.example.com", "", ""},
      {"evil-s3.eu-west-1.amazonaws.com.example.org", "", ""},
      {"", "", ""},
  }));
  INFO(row.host);
  CHECK(service_of(row.host).name == row.service);
  CHECK(region_of(row.host) == row.region);
}

TEST_CASE("what is relied on at which service") {
  using enum ConditionalPut;
  struct Row {
    const char* host;
    bool checksums;
    ConditionalPut put, complete;
    bool path_style, tags, tags_survive_multipart;
    int max_parts;
    bool bucket_acl, location_constraint;
  };
  const auto row = GENERATE(values<Row>({
      {"s3.eu-west-1.amazonaws.com", true, honoured, honoured, false, true, true, 10'000, true, true},
      {"x.r2.cloudflarestorage.com", false, honoured, unknown, true, false, false, 10'000, false, true},
      {"storage.googleapis.com", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"s3.us-west-004.backblazeb2.com", false, refused, refused, true, false, false, 10'000, true, true},
      {"s3.eu-central-1.wasabisys.com", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"fra1.digitaloceanspaces.com", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"eu-central-1.linodeobjects.com", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"fsn1.your-objectstorage.com", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"s3.gra.io.cloud.ovh.net", false, unknown, unknown, true, true, false, 10'000, true, true},
      {"s3.fr-par.scw.cloud", false, unknown, unknown, true, true, false, 1'000, true, true},
      {"s3.eu-de.cloud-object-storage.appdomain.cloud", false, unknown, unknown, true, true, false, 10'000, true,
       false},
      {"n.compat.objectstorage.uk-london-1.oraclecloud.com", false, unknown, unknown, true, true, false, 10'000, true,
       true},
      {"oss-eu-central-1.aliyuncs.com", false, refused, refused, false, true, false, 10'000, true, true},
      {"minio.example.com", false, unknown, unknown, true, true, false, 10'000, true, true},
  }));
  INFO(row.host);
  const S3Service& service = service_of(row.host);
  CHECK(service.checksums == row.checksums);
  CHECK(service.conditional_put == row.put);
  CHECK(service.conditional_complete == row.complete);
  CHECK(service.path_style == row.path_style);
  CHECK(service.tags == row.tags);
  CHECK(service.tags_survive_multipart == row.tags_survive_multipart);
  CHECK(service.max_parts == row.max_parts);
  CHECK(service.bucket_acl == row.bucket_acl);
  CHECK(service.location_constraint == row.location_constraint);
}

TEST_CASE("AWS's own endpoints") {
  CHECK(aws_endpoint("eu-west-1", false, false) == "https://s3.eu-west-1.amazonaws.com");
  CHECK(aws_endpoint("eu-west-1", true, false) == "https://s3.dualstack.eu-west-1.amazonaws.com");
  CHECK(aws_endpoint("us-east-1", false, true) == "https://s3-fips.us-east-1.amazonaws.com");
  CHECK(aws_endpoint("us-east-1", true, true) == "https://s3-fips.dualstack.us-east-1.amazonaws.com");
  CHECK(aws_endpoint("cn-north-1", false, false) == "https://s3.cn-north-1.amazonaws.com.cn");
  CHECK(aws_endpoint("eusc-de-east-1", false, false) == "https://s3.eusc-de-east-1.amazonaws.eu");
}
