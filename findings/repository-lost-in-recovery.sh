#!/usr/bin/env bash
# PostgreSQL 15 with pgBackRest 2.45: a repository that cannot be read ends recovery, and the server takes writes.
#
# pgBackRest tells absent WAL (1) from its errors (25 to 125) by the exit status. PostgreSQL heeds only statuses above
# 125: all others mean "no more WAL". Without a recovery target an outage is therefore the end of the archive.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1 pgbackrest=2.45-1

folder "$tmp/share" "$tmp/share/repository" "$tmp/lock"
cat >"$tmp/rest" <<REST
#!/bin/sh
exec $tools/usr/bin/pgbackrest --config=/dev/null --stanza=main --pg1-path="\$PWD" --repo1-path=$tmp/share/repository \
  --lock-path=$tmp/lock --log-level-file=off --log-level-console=warn --log-level-stderr=off "\$@"
REST
# The repository goes away when the segment after the first row is asked for, as a share that is unmounted does.
cat >"$tmp/get" <<GET
#!/bin/sh
if [ "\$1" = "\$(cat $tmp/lost-at)" ] && [ ! -e $tmp/share/away ]; then mv $tmp/share/repository $tmp/share/away; fi
$tmp/rest archive-get "\$1" "\$2"
status=\$?
echo "\$1 \$status" >>$tmp/lock/status
# The cure: everything but 0 and 1 stops PostgreSQL.
if [ "\$3" = strict ] && [ \$status -gt 1 ]; then exit 200; fi
exit \$status
GET
chmod +x "$tmp/rest" "$tmp/get"

cluster main
settings main "archive_command = '$tmp/rest archive-push %p'"
(cd "$tmp/main" && user "$tmp/rest" --no-online stanza-create)
up main
sql main "create table t (n int)"
base_backup main restored
base_backup main strict
for row in 1 2 3; do
  sql main "insert into t values ($row)"
  segment=$(switch main)
  [ "$row" != 2 ] || echo "$segment" >"$tmp/lost-at"
done
down main

settings restored "archive_mode = off" "restore_command = '$tmp/get %f %p'"
user touch "$tmp/restored/recovery.signal"
up restored
verdict "pgBackRest's status at the outage is one that stops PostgreSQL (above 125)" "103" \
  "$(sed -n "s/^$(cat "$tmp/lost-at") //p" "$tmp/lock/status" | head -n 1)"
verdict "recovery stops with an error" "archive recovery complete" \
  "$(grep -o 'archive recovery complete' "$tmp/restored/log" || echo stopped)"
sql restored "insert into t values (99)"
verdict "no server with half of the rows takes writes; archived were 1,2,3" "1,99" "$(sql restored "select string_agg(n::text, ',') from t")"

mv "$tmp/share/away" "$tmp/share/repository"
settings strict "archive_mode = off" "restore_command = '$tmp/get %f %p strict'"
user touch "$tmp/strict/recovery.signal"
user "$pg/pg_ctl" -s -w -D "$tmp/strict" -l "$tmp/strict/log" start >/dev/null 2>&1 || true
until_true 30 "an end of recovery" grep -E 'exit code 200|recovery complete' "$tmp/strict/log"
verdict "with 200 instead of 103, recovery stops" "child process exited with exit code 200" \
  "$(grep -oE 'child process exited with exit code 200|archive recovery complete' "$tmp/strict/log" | sort -u)"
