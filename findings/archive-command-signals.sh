#!/usr/bin/env bash
# PostgreSQL 15: archive_command runs with SIGALRM, SIGINT and SIGPIPE ignored; restore_command with SIGINT and SIGPIPE.
#
# What is ignored stays ignored through exec, and a shell cannot undo it. alarm-and-exec never ends a command that
# hangs, and the left side of a pipe is not ended when the right side has gone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1

cat >"$tmp/probe" <<'PROBE'
#!/usr/bin/env bash
# probe OUTPUT: which signals are ignored, and what becomes of two idioms; the first time.
[ ! -e "$1" ] || exit 0
{
  ignored=$((16#$(sed -n 's/^SigIgn:\t//p' /proc/self/status)))
  for signal in INT TERM ALRM PIPE; do
    (((ignored >> ($(kill -l $signal) - 1)) & 1)) && echo -n "$signal "
  done
  perl -e 'alarm 1; exec @ARGV' sleep 2
  echo -n "alarm:$? "
  yes 2>/dev/null | head -n 1 >/dev/null
  echo "pipe:${PIPESTATUS[0]}"
} >"$1.new" 2>/dev/null
mv "$1.new" "$1"
PROBE
chmod +x "$tmp/probe"

cluster main
settings main "archive_command = '$tmp/probe $tmp/out/archive && cp %p $tmp/archive/%f'" \
  "restore_command = '$tmp/probe $tmp/out/restore; cp $tmp/archive/%f %p'"
folder "$tmp/out"
# The server itself begins with no signal ignored.
plain=(env "--default-signal=INT,TERM,ALRM,PIPE")
user "${plain[@]}" "$tmp/probe" "$tmp/out/shell"
user "${plain[@]}" "$pg/pg_ctl" -s -w -D "$tmp/main" -l "$tmp/main/log" start
switch main >/dev/null
until_true 30 "archive_command" test -e "$tmp/out/archive"
down main
user touch "$tmp/main/recovery.signal"
user "${plain[@]}" "$pg/pg_ctl" -s -w -D "$tmp/main" -l "$tmp/main/log" start
until_true 30 "restore_command" test -e "$tmp/out/restore"

verdict "a shell: nothing ignored, both ended by a signal" "alarm:142 pipe:141" "$(cat "$tmp/out/shell")"
verdict "archive_command: as a shell" "INT ALRM PIPE alarm:0 pipe:1" "$(cat "$tmp/out/archive")"
verdict "restore_command: as archive_command" "INT PIPE alarm:142 pipe:1" "$(cat "$tmp/out/restore")"
