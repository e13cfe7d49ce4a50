# shellcheck shell=bash
# What the *-up and *-down scripts share. Source it with SERVER set to the server's name.
#
# A server lives in one folder: env (KEY=VALUE lines for its clients, there only while it runs),
# run/*.pid, log/, tls/ and its data. Starting it again leaves running daemons alone; stopping it
# throws its data away and keeps the logs.

# shellcheck disable=SC2034 # for those who source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

die() { echo "$SERVER: $*" >&2; exit 1; }
say() { echo "$SERVER: $*" >&2; }

# enter FOLDER: makes it and sets `dir` to its absolute name.
enter() {
  mkdir -p "$1"/{run,log,tls} || die "cannot make $1"
  dir=$(cd "$1" && pwd)
}

# alive NAME: the recorded process runs, and is one of this folder's (process ids are used again).
alive() {
  local pid line
  pid=$(cat "$dir/run/$1.pid" 2>/dev/null) || return 1
  for _ in $(seq 50); do
    # The process may end at any moment: errors go away before its file is opened.
    line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
    # One that is becoming another program (setsid, nohup, COMMAND) has no arguments for a moment.
    [ -z "$line" ] || break
    sleep 0.01
  done
  [[ $line == *"$dir/"* ]]
}

# start NAME COMMAND...: in the background, in a session of its own. COMMAND must name a file in `dir`.
start() {
  local name=$1
  shift
  alive "$name" && return
  # Descriptors of the caller (locks, pipes) must not live on in a daemon.
  setsid nohup "$@" >"$dir/log/$name.out" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  local pid=$!
  echo "$pid" >"$dir/run/$name.pid"
  # Until it has become COMMAND, nobody can tell that it is one of this folder's.
  for _ in $(seq 500); do
    if alive "$name" || ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.01
  done
}

# stop NAME SIGNAL: and waits until it is gone.
stop() {
  local pid
  if alive "$1"; then
    pid=$(cat "$dir/run/$1.pid")
    kill -"$2" "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      alive "$1" || break
      sleep 0.1
    done
    if alive "$1"; then kill -KILL "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$dir/run/$1.pid"
}

# until_true SECONDS WHAT NAME COMMAND...: until COMMAND succeeds, as long as the daemon NAME lives.
until_true() {
  local end=$((SECONDS + $1)) what=$2 name=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    alive "$name" || die "$what: it ended; see $dir/log/$name.out"
    [ "$SECONDS" -lt "$end" ] || die "$what: gave up; see $dir/log"
    sleep 0.2
  done
}

# free_port [NOT...]: a loopback port that nobody listens on, below the range of outgoing connections, and none of those.
free_port() {
  local port
  for _ in $(seq 100); do
    port=$(shuf -n 1 -i 20000-29999)
    [[ " $* " != *" $port "* ]] || continue
    ss -Hltn "sport = :$port" | grep -q . || { echo "$port"; return; }
  done
  die "no free port found"
}

# tls/ca.crt, tls/server.crt and tls/server.key: a private authority and a certificate for localhost.
make_certificates() {
  [ -s "$dir/tls/server.crt" ] && return
  (
    cd "$dir/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout ca.key -out ca.crt -subj "/CN=tapster test CA" \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=localhost"
    printf '%s\n' "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1" "basicConstraints=CA:FALSE" \
      "extendedKeyUsage=serverAuth" >extensions
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile extensions \
      -out server.crt
    chmod 644 ca.crt
  ) >"$dir/log/openssl.out" 2>&1 || die "openssl failed; see $dir/log/openssl.out"
}

# publish: standard input becomes the env file, and is shown.
publish() {
  cat >"$dir/env.new"
  mv "$dir/env.new" "$dir/env"
  cat "$dir/env"
}

# throw_away SIGNAL NAME...: ends the daemons, in this order, and removes all but the logs.
throw_away() {
  rm -f "$dir/env"
  local signal=$1 name
  shift
  for name in "$@"; do stop "$name" "$signal"; done
  find "$dir" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} +
}
