#!/usr/bin/env bash
# PostgreSQL 15: recovery_target_timeline = 'latest' ends at the first number without a history file.
#
# Timelines 2, 3 and 4 are in the archive, 00000003.history is not (3 was promoted while it could not archive, or a
# clean-up removed the small old file). Recovery follows 2, and gives its own timeline the number 3 a second time.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1

cluster main
up main
sql main "create table t (n serial, timeline int)"
base_backup main restored
for timeline in 1 2 3 4; do
  sql main "insert into t (timeline) values ($timeline)"
  switch main >/dev/null
  [ "$timeline" -lt 4 ] || break
  down main
  user touch "$tmp/main/recovery.signal"
  up main
done
rm "$tmp/archive/00000003.history"
until_true 30 "timeline 4" test -e "$tmp/archive/00000004.history"

settings restored "archive_mode = off" "recovery_target_timeline = 'latest'"
user touch "$tmp/restored/recovery.signal"
up restored
verdict "latest is 4, rows of timelines: 1,2,3,4" "1,2" "$(sql restored "select string_agg(timeline::text, ',' order by n) from t")"
verdict "the new timeline is 5" "3" "$(sed -n 's/.*selected new timeline ID: //p' "$tmp/restored/log")"
