# shellcheck shell=bash
# Source it after common.sh: starts Ceph 16.2 (monitor, OSD in memory, S3 gateway) in $tmp/ceph, and makes the bucket
# $bucket (a URL), in which everybody may do everything, so that requests need no signature. Takes a quarter of a minute.

installed radosgw=16.2.15+ds-0+deb12u2 ceph-mon=16.2.15+ds-0+deb12u2 ceph-osd=16.2.15+ds-0+deb12u2
# shellcheck disable=SC2154 # common.sh sets tmp
export CEPH_CONF=$tmp/ceph/ceph.conf
mkdir -p "$tmp"/ceph/{mon,osd,rgw,log}
monitor=127.0.0.1:$(free_port)
gateway=127.0.0.1:$(free_port)
fsid=$(cat /proc/sys/kernel/random/uuid)
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = v1:$monitor
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
run dir = $tmp/ceph
admin socket = $tmp/ceph/\$name.asok
log file = $tmp/ceph/log/\$name.log
crash dir = $tmp/ceph/log
mon data = $tmp/ceph/mon
mon data avail crit = 1
osd data = $tmp/ceph/osd
osd objectstore = memstore
osd class update on start = false
rgw data = $tmp/ceph/rgw
rgw frontends = beast endpoint=$gateway
[mon.a]
host = localhost
mon addr = $monitor
CONF
ceph_is() { timeout 20 ceph --connect-timeout 5 "$1" stat 2>&1 | grep "$2"; }

monmaptool --create --fsid "$fsid" --addv a "[v1:$monitor]" "$tmp/ceph/monmap" >/dev/null
ceph-mon -i a --mkfs --monmap "$tmp/ceph/monmap" >/dev/null
daemon mon ceph-mon -i a -f
until_true 60 "the monitor" ceph_is mon quorum
uuid=$(cat /proc/sys/kernel/random/uuid)
until_true 60 "osd new" timeout 20 ceph osd new "$uuid" 0
ceph-osd -i 0 --mkfs --osd-uuid "$uuid" >"$tmp/ceph/log/mkfs" 2>&1
daemon osd ceph-osd -i 0 -f
until_true 60 "the OSD" ceph_is osd "1 up"
key=ACCESSKEY secret=secretkey
radosgw-admin user create --uid=test --display-name=Test --access-key=$key --secret-key=$secret >"$tmp/ceph/log/user" 2>&1
daemon rgw radosgw -n client.rgw -f
until_true 90 "the gateway" curl -s "http://$gateway/"

bucket=http://$gateway/bucket
curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u $key:$secret -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" \
  -H "x-amz-acl: public-read-write" -X PUT "$bucket" || die "the bucket cannot be made"

# status CURL-ARGUMENT...: the status of the answer; its body is in $tmp/body.
status() { curl -s -o "$tmp/body" -w '%{http_code}' "$@"; }

# element NAME: the first XML element of that name in the body of the last answer.
element() { sed -n "s|.*<$1>\([^<]*\)</$1>.*|\1|p" "$tmp/body" | sed -n 1p | sed 's/&quot;/"/g'; }
