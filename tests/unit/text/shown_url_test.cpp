#include "text/shown_url.h"

#include "support/catch.h"

using tapster::shown_url;

TEST_CASE("an URL is shown without user, password and query") {
  CHECK(shown_url("s3://bucket/path") == "s3://bucket/path");
  CHECK(shown_url("https://a.blob.core.windows.net/c?sv=1&sig=HUSH") == "https://a.blob.core.windows.net/c?...");
  CHECK(shown_url("https://a.blob.core.windows.net?sig=HUSH") == "https://a.blob.core.windows.net?...");
  CHECK(shown_url("http://user:HUSH@host:9000/path@1") == "http://...@host:9000/path@1");
  CHECK(shown_url("http://user:HU@SH@host") == "http://...@host");
  CHECK(shown_url("bucket?sig=HUSH") == "bucket?...");
  CHECK(shown_url("") == "");
}
