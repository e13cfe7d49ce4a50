#!/usr/bin/env bash
# PostgreSQL 15: pg_receivewal skips complete .gz segments of more than one gzip member and leaves a gap behind them.
#
# RFC 1952 lets a .gz file be a series of members; bgzip and parallel compressors write such. pg_receivewal judges a
# segment by the last four bytes of its file, which are the size of the last member alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1

cluster main
up main
sql main "create table t (n int)"
half=$((8 * 1024 * 1024))
folder "$tmp/single" "$tmp/multi"
for _ in 1 2 3; do
  sql main "insert into t values (1)"
  segment=$(switch main)
  # Segment 3 is still to be received: only its forerunners are in the folders.
  [ "$segment" != 000000010000000000000003 ] || break
  gzip -c "$tmp/archive/$segment" >"$tmp/single/$segment.gz"
  { head -c "$half" "$tmp/archive/$segment" | gzip; tail -c "$half" "$tmp/archive/$segment" | gzip; } >"$tmp/multi/$segment.gz"
  zcat "$tmp/multi/$segment.gz" | cmp - "$tmp/archive/$segment"
done
own "$tmp/single" "$tmp/multi"

# receive FOLDER: where pg_receivewal begins to stream.
receive() {
  local end
  end=$(sql main 'select pg_current_wal_flush_lsn()')
  sql main "insert into t values (1)" # so that something comes behind the end
  user "$pg/pg_receivewal" -v -n -D "$tmp/$1" -h "$tmp/socket-main" -U postgres --compress gzip:1 --endpos "$end" \
    >"$tmp/$1.log" 2>&1
  sed -n 's/.*starting log streaming at \([^ ]*\).*/\1/p' "$tmp/$1.log"
}
verdict "single members: streaming begins at segment 3, which is missing" "0/3000000" "$(receive single)"
verdict "two members: likewise" "0/4000000" "$(receive multi)"
verdict "no warning about an intact file" \
  'compressed segment file "000000010000000000000002.gz" has incorrect uncompressed size -8388608, skipping' \
  "$(sed -n 's/^pg_receivewal: warning: //p' "$tmp/multi.log" | sort | tail -n 1)"
