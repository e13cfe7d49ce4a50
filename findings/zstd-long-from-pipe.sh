#!/usr/bin/env bash
# zstd 1.5.4: --long=30 of a 16 MiB segment can be read by plain `zstd -d` when zstd was given a file, not when a pipe.
#
# zstd lowers the window to the size of the content where it knows that. From a pipe the frame demands 1 GiB, and every
# reader with the usual limit of 128 MiB refuses it. A trial on a file shows nothing of what the pipe will store.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian zstd=1.5.4+dfsg2-5

zstd=$tools/usr/bin/zstd
head -c 16777216 /dev/urandom >"$tmp/segment"
"$zstd" -q --long=30 "$tmp/segment" -o "$tmp/file.zst"
# shellcheck disable=SC2002 # a redirection would be a pipe to zstd as well; this is how archive_command is written
cat "$tmp/segment" | "$zstd" -q --long=30 >"$tmp/pipe.zst"
"$zstd" -q --long=30 --stream-size=16777216 <"$tmp/segment" >"$tmp/told.zst"

window() { "$zstd" -lv "$1" 2>"$tmp/error" | sed -n 's/^Window Size:.*(\([0-9]*\) B)$/\1/p'; }
read_back() {
  if "$zstd" -dc "$1" 2>"$tmp/error" | cmp -s - "$tmp/segment"; then
    echo intact
  else
    grep -o 'Frame requires too much memory for decoding' "$tmp/error"
  fi
}
verdict "the file's window: 16 MiB" "16777216" "$(window "$tmp/file.zst")"
verdict "the pipe's window: 16 MiB, for the content is the same" "1073741824" "$(window "$tmp/pipe.zst")"
verdict "zstd -d reads what was a file" "intact" "$(read_back "$tmp/file.zst")"
verdict "zstd -d reads what came from a pipe" "Frame requires too much memory for decoding" "$(read_back "$tmp/pipe.zst")"
verdict "told the size, zstd writes from a pipe what can be read" "intact" "$(read_back "$tmp/told.zst")"
