# shellcheck shell=bash
# What the scripts share. Source it: it makes the temporary folder `tmp`, which goes away at the end with all processes in it.

umask 022
tmp=$(mktemp -d)
chmod 755 "$tmp" # PostgreSQL runs as another user
tools=$tmp/root  # what `debian` has unpacked
pg=$tools/usr/lib/postgresql/15/bin

die() { echo "$(basename "$0"): $*" >&2; exit 2; }

# end SIGNAL FILE: ends the process whose id is the first line of FILE, and waits until it is gone.
end() {
  local pid
  [ -s "$2" ] || return 0
  pid=$(head -n 1 "$2")
  kill "-$1" "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}
clean_up() {
  local file
  for file in "$tmp"/*/postmaster.pid; do end INT "$file"; done
  for file in "$tmp"/run/*.pid; do end TERM "$file"; done
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# debian PACKAGE=VERSION...: unpacks exactly these into `tools`. Libraries that they need must be installed.
debian() {
  mkdir -p "$tmp/deb"
  local package
  for package in "$@"; do
    (cd "$tmp/deb" && apt-get -q download "$package") >"$tmp/apt.log" 2>&1 || die "$package cannot be downloaded"
  done
  for package in "$tmp"/deb/*.deb; do dpkg-deb -x "$package" "$tools"; done
}

# debian_python: unpacks Python 3.11; python ARGUMENT... then runs it, with nothing but its standard library.
debian_python() {
  local version=3.11.2-6+deb12u8
  debian "python3.11-minimal=$version" "libpython3.11-minimal=$version" "libpython3.11-stdlib=$version"
}
python() { PYTHONHOME=$tools/usr "$tools/usr/bin/python3.11" "$@"; }

# installed PACKAGE=VERSION...: these are used as they are installed, where they are too many to unpack.
installed() {
  local package version
  for package in "$@"; do
    version=$(dpkg-query -W -f '${Version}' "${package%%=*}" 2>/dev/null) || die "${package%%=*} is not installed"
    [ "$version" = "${package#*=}" ] || die "$package is needed, installed is $version"
  done
}

# npm_package NAME@VERSION: into $tmp/npm, with its dependencies.
npm_package() {
  npm install --prefix "$tmp/npm" --silent --no-audit --no-fund --ignore-scripts "$1" >"$tmp/npm.log" 2>&1 ||
    die "npm cannot install $1"
}

# user COMMAND...: as nobody when the script runs as root, which PostgreSQL refuses.
user() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
  else
    "$@"
  fi
}
own() { [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$@"; }
folder() { mkdir -p "$@" && own "$@"; }

# cluster NAME: makes $tmp/NAME, which archives into $tmp/archive unless its file is there already, and is not started.
cluster() {
  folder "$tmp/$1" "$tmp/archive" "$tmp/socket-$1"
  user "$pg/initdb" -N -D "$tmp/$1" -U postgres -A trust >/dev/null
  settings "$1" "archive_mode = on" "archive_command = 'test ! -e $tmp/archive/%f && cp %p $tmp/archive/%f'" \
    "restore_command = 'cp $tmp/archive/%f %p'" "fsync = off" "listen_addresses = ''" "unix_socket_directories = '$tmp/socket-$1'"
}
settings() { local name=$1; shift; printf '%s\n' "$@" >>"$tmp/$name/postgresql.conf"; }

# up NAME, down NAME: starts and stops the cluster; its log is $tmp/NAME.log. Up means: recovery has ended.
up() {
  user "$pg/pg_ctl" -s -w -D "$tmp/$1" -l "$tmp/$1/log" start || die "PostgreSQL does not start: $(tail -n 3 "$tmp/$1/log")"
  [ -e "$tmp/$1/standby.signal" ] || until_true 60 "the end of recovery" in_production "$1"
}
down() { user "$pg/pg_ctl" -s -w -m fast -D "$tmp/$1" stop; }
in_production() { [ "$(sql "$1" 'select pg_is_in_recovery()')" = f ]; }

# sql NAME STATEMENT
sql() { user "$pg/psql" -XAtq -h "$tmp/socket-$1" -U postgres -d postgres -c "$2"; }

# base_backup NAME COPY: a base backup of the cluster NAME that becomes the cluster COPY.
base_backup() {
  folder "$tmp/$2" "$tmp/socket-$2"
  chmod 700 "$tmp/$2"
  user "$pg/pg_basebackup" -D "$tmp/$2" -h "$tmp/socket-$1" -U postgres -X stream -c fast
  settings "$2" "unix_socket_directories = '$tmp/socket-$2'"
}

# switch NAME: ends the segment that is being written, waits until it is archived, and prints its name.
switch() {
  local segment
  segment=$(sql "$1" 'select pg_walfile_name(pg_switch_wal())')
  until_true 30 "$segment in the archive" test -e "$tmp/$1/pg_wal/archive_status/$segment.done"
  echo "$segment"
}

# until_true SECONDS WHAT COMMAND...
until_true() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || die "waited in vain for $what"
    sleep 0.1
  done
}

# daemon NAME COMMAND...: in the background until the script ends; its output is $tmp/run/NAME.log.
daemon() {
  mkdir -p "$tmp/run"
  local name=$1
  shift
  "$@" >"$tmp/run/$name.log" 2>&1 </dev/null &
  echo $! >"$tmp/run/$name.pid"
  disown
}

# free_port: a loopback port that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# verdict EXPECTED DOCUMENTED SEEN: what one would expect, what the README says, what has happened this time.
verdict() {
  echo "expected: $1"
  echo "seen:     $3"
  [ "$3" = "$2" ] || { echo "CHANGED:  the finding says: $2"; exit 1; }
}
