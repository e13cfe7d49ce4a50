#!/usr/bin/env bash
# Ceph RGW 16.2: a PUT with If-Match fails with the ETag as RGW gives it out, and succeeds only without its quotes.
#
# GET heeds the quoted one. So a client that guards a replacement by the ETag it has just read is refused for ever.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rgw.sh"

public="x-amz-acl: public-read-write"
etag=$(curl -sf -o /dev/null -D - -X PUT -d one -H "$public" "$bucket/key" | tr -d '\r' | sed -n 's/^etag: //pI')
verdict "an ETag has quotes" '"f97c5d29941bfb1b2fdab0874906ab82"' "$etag"
verdict "GET, If-Match with them: 200" "200" "$(status -H "If-Match: $etag" "$bucket/key")"
verdict "PUT, If-Match with them: 200" "412" "$(status -X PUT -d two -H "$public" -H "If-Match: $etag" "$bucket/key")"
verdict "PUT, If-Match without them (not valid HTTP): refused" "200" "$(status -X PUT -d two -H "$public" -H "If-Match: ${etag//\"/}" "$bucket/key")"
