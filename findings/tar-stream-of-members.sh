#!/usr/bin/env bash
# Python 3.11: tarfile's stream modes (r|bz2, r|gz) read one compressed stream; its file modes (r:bz2, r:gz) read all.
#
# pbzip2 writes a stream for each 900 kB: r|bz2 ends in an error. gzip's further members are
# dropped; where the first ends between two files (one member per file, for random access), that is not even an error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
debian_python
debian pbzip2=1.1.13-1

mkdir "$tmp/data"
for name in 1 2 3; do head -c 1000000 /dev/urandom >"$tmp/data/$name"; done
tar -C "$tmp/data" --format=ustar -cf "$tmp/all.tar" 1 2 3
"$tools/usr/bin/pbzip2" -k "$tmp/all.tar"
# A header and 1,000,000 bytes in whole blocks: the first file of the archive.
one=$((512 + (1000000 + 511) / 512 * 512))
{ head -c "$one" "$tmp/all.tar" | gzip -1; tail -c "+$((one + 1))" "$tmp/all.tar" | gzip -1; } >"$tmp/all.tar.gz"
bzip2 -t "$tmp/all.tar.bz2" && gzip -t "$tmp/all.tar.gz"

cat >"$tmp/names.py" <<'PYTHON'
import sys, tarfile
mode, archive = sys.argv[1:]
try:
    print(*tarfile.open(archive, mode).getnames())
except Exception as error:
    print(type(error).__name__, error)
PYTHON
names() { python "$tmp/names.py" "$1" "$tmp/all.tar.${1#r?}"; }
verdict "r:bz2 reads what pbzip2 wrote" "1 2 3" "$(names 'r:bz2')"
verdict "r|bz2 does, too" "EOFError End of stream already reached" "$(names 'r|bz2')"
verdict "r:gz reads two members" "1 2 3" "$(names 'r:gz')"
verdict "r|gz does, too, or reports an error" "1" "$(names 'r|gz')"
