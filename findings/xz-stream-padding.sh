#!/usr/bin/env bash
# Python 3.11: lzma reads a valid .xz file only up to its first stream padding, and reports no error.
#
# The .xz format allows zero bytes between and behind streams, in multiples of four. Python reads streams that follow
# each other directly; it takes padding for garbage, and drops it with all that comes behind it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian_python
debian xz-utils=5.4.1-1+deb12u1

xz=$tools/usr/bin/xz
echo first | "$xz" >"$tmp/first.xz"
echo second | "$xz" >"$tmp/second.xz"
cat "$tmp/first.xz" "$tmp/second.xz" >"$tmp/plain.xz"
{ cat "$tmp/first.xz" && head -c 4 /dev/zero && cat "$tmp/second.xz"; } >"$tmp/padded.xz"

lines() { python -c 'import lzma, sys; print(*lzma.open(sys.argv[1], "rt").read().split())' "$1" 2>&1; }
verdict "xz reads the padded file" "first second" "$("$xz" -dc "$tmp/padded.xz" | xargs)"
verdict "xz --list counts its streams" "2" "$("$xz" --robot --list "$tmp/padded.xz" | sed -n 's/^totals\t\([0-9]*\)\t.*/\1/p')"
verdict "Python reads two streams without padding" "first second" "$(lines "$tmp/plain.xz")"
verdict "Python reads two streams with padding: first second" "first" "$(lines "$tmp/padded.xz")"
