#!/usr/bin/env bash
# pgBackRest 2.45: archive-push refuses a segment that differs from the archived one, but replaces a timeline's history.
#
# Two standbys that are promoted apart both take timeline 2. The second one's history takes the place of the first's;
# its segments are refused afterwards. The archive then holds segments of one timeline and the fork of the other.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1 pgbackrest=2.45-1

cluster main
up main
sql main "create table t (n int)"
base_backup main first
base_backup main second
for name in first second; do
  # The second one has received more of timeline 1 when it is promoted.
  sql main "insert into t values (1)"
  settings "$name" "primary_conninfo = 'host=$tmp/socket-main user=postgres'" "restore_command = ''" "archive_mode = off"
  user touch "$tmp/$name/standby.signal"
  up "$name"
  caught_up() { [ "$(sql "$name" 'select count(*) from t')" = "$(sql main 'select count(*) from t')" ]; }
  until_true 30 "the standby" caught_up
  sql "$name" "select pg_promote()" >/dev/null
  sql "$name" "insert into t values (2)"
  sql "$name" "select pg_switch_wal()" >/dev/null
done
! cmp -s "$tmp"/{first,second}/pg_wal/00000002.history || die "both forked at the same place"
segment=$(cd "$tmp/first/pg_wal" && compgen -G '00000002????????????????' | sort | head -n 1)

folder "$tmp/repository" "$tmp/lock"
rest() { # rest CLUSTER COMMAND...
  local name=$1
  shift
  user "$tools/usr/bin/pgbackrest" --config=/dev/null --stanza=main --pg1-path="$tmp/$name" --repo1-path="$tmp/repository" \
    --lock-path="$tmp/lock" --log-level-file=off --log-level-console=warn "$@"
}
rest first --no-online stanza-create
push() { # push CLUSTER FILE: prints the exit status.
  local status=0
  rest "$1" archive-push "$tmp/$1/pg_wal/$2" >>"$tmp/push.log" 2>&1 || status=$?
  echo $status
}
verdict "first standby, segment and history: stored" "0 0" "$(push first "$segment") $(push first 00000002.history)"
verdict "second standby, its segment: refused with 45" "45" "$(push second "$segment")"
verdict "second standby, its history: refused with 45" "0" "$(push second 00000002.history)"
rest first archive-get 00000002.history "$tmp/lock/got"
verdict "the archive holds the history of the first standby" "second" \
  "$(for name in first second; do ! cmp -s "$tmp/lock/got" "$tmp/$name/pg_wal/00000002.history" || echo $name; done)"
verdict "and says that it has replaced something" "no warning" "$(grep -i history "$tmp/push.log" || echo no warning)"
