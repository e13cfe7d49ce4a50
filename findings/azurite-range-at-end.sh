#!/usr/bin/env bash
# Azurite 3.35.0: a range that begins exactly at the end of a blob is answered 206 with Content-Range "bytes 10-9/10".
#
# One byte further it is 416, as Azure documents for both. A download that resumes at the end, because all bytes have
# come, sees success and a Content-Range that HTTP does not allow (its last byte precedes its first).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
npm_package azurite@3.35.0

# The emulator's public account, and a signature for an account SAS.
account=devstoreaccount1
key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
version=2021-12-02 until=2099-01-01T00:00:00Z
signature=$(printf '%s\n' $account rwdlac b sco "" $until "" http $version "" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(echo $key | base64 -d | od -An -v -tx1 | tr -d ' \n')" -binary | base64)
signature=$(sed 's/+/%2B/g; s/=/%3D/g; s|/|%2F|g' <<<"$signature")
sas="sv=$version&ss=b&srt=sco&sp=rwdlac&se=$until&spr=http&sig=$signature"

port=$(free_port)
daemon azurite node "$tmp/npm/node_modules/azurite/dist/src/blob/main.js" --disableTelemetry --inMemoryPersistence \
  --blobHost 127.0.0.1 --blobPort "$port"
container=http://127.0.0.1:$port/$account/container
until_true 30 "Azurite" curl -s "$container"
call() { curl -s -H "x-ms-version: $version" "$@"; }
call -f -X PUT -d "" "$container?restype=container&$sas"
call -f -X PUT -H "x-ms-blob-type: BlockBlob" -d 0123456789 "$container/blob?$sas"

range() { # range FIRST: status and Content-Range of the answer to bytes=FIRST-
  call -o "$tmp/body" -D "$tmp/headers" -w '%{http_code} ' -H "Range: bytes=$1-" "$container/blob?$sas"
  tr -d '\r' <"$tmp/headers" | sed -n 's/^content-range: //pI'
}
verdict "the last byte: 206" "206 bytes 9-9/10" "$(range 9)"
verdict "behind the last byte: 416 bytes */10" "206 bytes 10-9/10" "$(range 10)"
verdict "one further: 416 bytes */10" "416 bytes */10" "$(range 11)"
