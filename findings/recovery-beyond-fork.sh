#!/usr/bin/env bash
# PostgreSQL 15: recovery along timeline 2 replays WAL that timeline 1 wrote after the fork.
#
# A standby is promoted and archives 00000002.history at once, but its first segment only when that is full. Until
# then recovery along timeline 2 finds no segment of it, takes the one of timeline 1 with the same number, and goes on.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1

cluster old
up old
sql old "create table t (n serial, who text)"
base_backup old new
base_backup old restored
base_backup old later
sql old "insert into t (who) values ('before the fork')"

settings new "primary_conninfo = 'host=$tmp/socket-old user=postgres'"
user touch "$tmp/new/standby.signal"
up new
caught_up() { [ "$(sql new 'select count(*) from t')" = 1 ]; }
until_true 30 "the standby" caught_up
sql new "select pg_promote()" >/dev/null
sql new "insert into t (who) values ('new primary')"
until_true 30 "the history" test -e "$tmp/archive/00000002.history"

# The old primary was not stopped. It goes on and archives.
sql old "insert into t (who) values ('old primary, after the fork')"
switch old >/dev/null
fork=$(cut -f 2 "$tmp/archive/00000002.history")
! compgen -G "$tmp/archive/000000020*" >/dev/null || die "timeline 2 was archived too early"

restore() { # restore NAME: and prints its rows
  settings "$1" "archive_mode = off" "recovery_target_timeline = '2'"
  user touch "$tmp/$1/recovery.signal"
  up "$1"
  sql "$1" "select string_agg(who, '; ' order by n) from t"
}
rows=$(restore restored)
end=$(sed -n 's/.*redo done at \([0-9A-F/]*\).*/\1/p' "$tmp/restored/log")
beyond=$(sql restored "select case when '$end'::pg_lsn > '$fork' then 'beyond the fork' else 'at the fork' end")
parent=$(cut -f 1 "$tmp/restored/pg_wal/00000003.history" | tail -n 1)

echo "fork at $fork, redo done at $end"
verdict "recovery along timeline 2 holds: before the fork" "before the fork; old primary, after the fork" "$rows"
verdict "redo ends at the fork" "beyond the fork" "$beyond"
verdict "the new timeline's history tells where the rows come from, timeline 1" "2" "$parent"

switch new >/dev/null
verdict "once timeline 2's segment is archived: before the fork; new primary" "before the fork; new primary" "$(restore later)"
