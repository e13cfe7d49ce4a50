#!/usr/bin/env bash
# Ceph RGW 16.2: what CompleteMultipartUpload answers has little to do with what became of the upload.
#
# The first success has an empty ETag, the repeated one has it. After an abort it says 500 "already in progress", which
# every client repeats, though UploadPart knows that the upload is gone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rgw.sh"

begin() { # begin KEY: an upload of one part
  curl -sf -o "$tmp/body" -X POST "$bucket/$1?uploads"
  upload=$(element UploadId)
  etag=$(curl -sf -D - -X PUT -d data "$bucket/$1?partNumber=1&uploadId=$upload" | tr -d '\r' | sed -n 's/^etag: //pI')
}
complete() {
  status -X POST -d "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>$etag</ETag></Part></CompleteMultipartUpload>" \
    "$bucket/$1?uploadId=$upload"
}
answer() {
  if grep -q "<ETag" "$tmp/body"; then echo "ETag '$(element ETag)'"; else echo "$(element Code): $(element Message)"; fi
}

begin whole
verdict "completion: 200 with the object's ETag" "200 ETag ''" "$(complete whole) $(answer)"
verdict "the same completion again: the same answer" "200 ETag '2068bfdec27f4616282c1124300f0ae6-1'" "$(complete whole) $(answer)"
begin aborted
verdict "abort: 204" "204" "$(status -X DELETE "$bucket/aborted?uploadId=$upload")"
verdict "UploadPart after it: 404 NoSuchUpload" "404 NoSuchUpload" \
  "$(status -X PUT -d data "$bucket/aborted?partNumber=2&uploadId=$upload") $(element Code)"
verdict "completion after it: 404 NoSuchUpload" "500 InternalError: This multipart completion is already in progress" \
  "$(complete aborted) $(answer)"
