#!/bin/sh
# Runs the life of an edge box in a clean Debian under a real systemd (systemd-nspawn, no network): install, kill -9, upgrade, versions that do
# not come up, the power cut in a trial, rollback, the timer's own way, refusals, uninstall. What happened goes to stdout; the last run is
# committed as docs/design/edge-transcript.md. Exit 1 where something is not as it should be. Needs root, systemd-container, mmdebstrap.
#
#   mmdebstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,libatomic1,libstdc++6,openssl,ca-certificates,curl bookworm ROOT.tar
#   deploy/edge/try-edge.sh ROOT.tar PRODUCT [WORK]     WORK: a folder in which the releases stay for the next run. PRODUCT: a staged product with node/bin/node (scripts/release/stage.ts)
set -u

tar=${1:?usage: deploy/edge/try-edge.sh ROOT.tar PRODUCT [WORK]}
product=${2:?usage: deploy/edge/try-edge.sh ROOT.tar PRODUCT [WORK]}
work=${3:-$(mktemp -d)}
package=$(cd "$(dirname "$0")/../.." && pwd -P)
root=$work/root
releases=$work/releases
failures=0
init=
nspawn=

mkdir -p "$root" "$releases"
say() { echo "$(date -u +%H:%M:%S) $*"; }
title() { printf '\n== %s\n' "$*"; }

boot() {
  systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network --console=pipe \
    --bind-ro="$releases:/releases" </dev/null >"$work/boot.log" 2>&1 &
  nspawn=$!
  init=
  while [ -z "$init" ]; do
    kill -0 "$nspawn" 2>/dev/null || {
      cat "$work/boot.log"
      exit 1
    }
    sleep 0.2
    init=$(cut -d ' ' -f 1 "/proc/$nspawn/task/$nspawn/children" 2>/dev/null)
  done
  tries=0
  until inside systemctl show -p Version >/dev/null 2>&1 || [ $tries -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.3
  done
}
inside() { nsenter --target "$init" --mount --uts --ipc --net --pid -- "$@"; }
power_cut() {
  kill -KILL "$init"
  wait "$nspawn" 2>/dev/null
}
keep=${3:-}
end() {
  [ -z "$init" ] || kill -KILL "$init" 2>/dev/null
  [ -z "$nspawn" ] || kill "$nspawn" 2>/dev/null
  wait
  if [ -z "$keep" ]; then rm -rf "$work"; else rm -rf "$root"; fi
}
trap end EXIT

# Milliseconds of this machine's monotonic clock.
ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
expect() {
  if [ "$2" = "$3" ]; then
    say "$1: $2"
  else
    say "NOT AS IT SHOULD BE: $1: $2, expected $3"
    failures=$((failures + 1))
  fi
}
at_most() {
  if [ "$2" -le "$3" ]; then
    say "$1: $2 ms (at most $3)"
  else
    say "NOT AS IT SHOULD BE: $1: $2 ms, at most $3"
    failures=$((failures + 1))
  fi
}
# Runs in the box, and shows it with its words and exit code.
box() {
  echo "\$ $*"
  inside "$@" 2>&1 | sed 's/^/  /'
}
fails() {
  echo "\$ $*"
  if inside "$@" >"$work/out" 2>&1; then
    failures=$((failures + 1))
    echo "  NOT AS IT SHOULD BE: it went through"
  fi
  sed 's/^/  /' "$work/out"
}
# Of which version a unit or the gate is: try-release.ts writes it into the last line.
of() { inside tail -n 1 "$1"; }
unit=/etc/systemd/system/bifrost.service
show() { inside systemctl show bifrost -p "$1" --value; }
runs() { inside readlink /opt/bifrost/current; }
seq() { inside curl -sf http://127.0.0.1:8080/api/v1/log | sed 's/.*"nextSeq":\([0-9]*\).*/\1/'; }
log_id() { inside curl -sf http://127.0.0.1:8080/api/v1/log | sed 's/.*"logId":"\([^"]*\)".*/\1/'; }
# Waits until samples are stored that are newer than this moment: values with a source time after it.
until_polling() {
  since=$1
  until inside curl -sf http://127.0.0.1:8080/api/v1/values 2>/dev/null |
    grep -o '"receivedAt":"[^"]*"' | cut -d '"' -f 4 | awk -v since="$since" '$0 > since { found = 1 } END { exit !found }'; do sleep 0.05; done
}
utc() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

say "making releases out of $product"
make() {
  version=$1
  shift
  [ ! -f "$releases/$version/manifest.json.sig" ] || return 0
  "$package/bin/launch" "$package/scripts/try-release.ts" --product "$product" --version "$version" --out "$releases/$version" --key "$work/key" "$@" |
    sed "s|$work/||; s/^/  /"
}
# One that is there already, from a run before this one, is taken.
make 1.0.0
make 1.1.0
make 1.2.0 --broken exit
make 1.3.0 --broken hang
make 1.4.0 --broken hang
make 1.5.0
cp "$work/key.pub" "$releases/trust.pem"
rm -rf "$releases/damaged" "$releases/half" "$root"
mkdir "$root" "$releases/damaged" && cp "$releases/1.5.0"/* "$releases/damaged/"
printf 'x' | dd of="$(echo "$releases"/damaged/*.tar.gz)" bs=1 seek=5000000 conv=notrunc 2>/dev/null
mkdir "$releases/half" && cp "$releases/1.5.0"/* "$releases/half/"
truncate -s -1000000 "$(echo "$releases"/half/*.tar.gz)"

tar -xf "$tar" -C "$root"
boot
# Before that /tmp is being emptied.
inside systemctl is-system-running --wait >/dev/null
say "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/usr/lib/os-release"), systemd $(inside systemctl show -p Version --value), $(uname -m), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)"

title "install"
fails sh /releases/1.0.0/install.sh --from /releases/1.0.0
box sh /releases/1.0.0/install.sh --trust /releases/trust.pem --dry-run
before=$(ms)
box sh /releases/1.0.0/install.sh --trust /releases/trust.pem
say "took $(($(ms) - before)) ms"
expect "state" "$(show ActiveState)" active
expect "version" "$(inside bifrost version)" 1.0.0
box ls -ld /opt/bifrost /opt/bifrost/current /etc/bifrost /etc/bifrost/bifrost.yaml /etc/bifrost/update.yaml /var/lib/bifrost /var/lib/bifrost-update
say "RSS of the gateway: $(inside sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(show MainPID)/status") kB, watchdog $(show WatchdogUSec), user $(show User), MemoryMax $(show MemoryMax), MemoryCurrent $(show MemoryCurrent)"

title "a device is polled"
cat >"$root/etc/bifrost/bifrost.yaml" <<'YAML'
version: 1
data: /var/lib/bifrost
http: { listen: 127.0.0.1:8080, access: open }
log: { level: info, format: json }
store: { syncEvery: 1s, preallocate: 1MiB, maxSize: 3GiB }
devices:
  - { name: sim, driver: simulated, every: 100ms, tags: [{ name: level, address: sine, type: float64 }] }
YAML
# As an editor would: the owner stays.
inside chown bifrost:bifrost /etc/bifrost/bifrost.yaml
box bifrost check -c /etc/bifrost/bifrost.yaml
box systemctl restart bifrost
until_polling "$(utc)"
id=$(log_id)
say "log $id, next sequence number $(seq)"

title "kill -9"
since=$(utc)
before=$(ms)
inside kill -KILL "$(show MainPID)"
until_polling "$since"
at_most "polls again after kill -9" $(($(ms) - before)) 3000

title "again, and upgrade"
box sh /releases/1.0.0/install.sh --trust /releases/trust.pem
sed -i 's/every: 100ms/every: 200ms/' "$root/etc/bifrost/bifrost.yaml"
before=$(ms)
box sh /releases/1.1.0/install.sh --trust /releases/trust.pem
say "took $(($(ms) - before)) ms, of which 5 s are the steady time of the gate"
expect "version" "$(runs)" versions/1.1.0
expect "log" "$(log_id)" "$id"
expect "configuration as edited" "$(grep -c 200ms "$root/etc/bifrost/bifrost.yaml")" 1

expect "the unit" "$(of $unit)" "# of 1.1.0"
expect "systemd has read it" "$(show NeedDaemonReload)" no
expect "the gate, after the verdict" "$(of /opt/bifrost/bifrost-gate)" "# of 1.1.0"
expect "backups come along" "$(of /etc/systemd/system/bifrost-backup.timer)" "# of 1.1.0"
expect "and are off" "$(inside systemctl is-enabled bifrost-backup.timer)" disabled

title "a version whose start fails"
kept=$(seq)
inside sh -c 'until grep -q "of 1.2.0" /etc/systemd/system/bifrost.service; do sleep 0.1; done; tail -n 1 /opt/bifrost/bifrost-gate >/tmp/judge' &
before=$(ms)
fails bifrost update apply --from /releases/1.2.0 --trust /releases/trust.pem
until_polling "$(utc)"
say "with fetching and unpacking: $(($(ms) - before)) ms"
inside journalctl -u bifrost -u bifrost-update-gate -o short-precise --no-pager | grep -E 'bifrost-gate|Started|Main process|broken' | cut -d ' ' -f 3,5- | cut -c 1-150 | tail -n 14 | sed 's/^/  journal: /'
# From the switch to the former version being ready, 999999 where it never was: the bad one never is, so the next "Started" is that of the former.
seconds_of() {
  inside journalctl -u bifrost -u bifrost-update-gate -o short-unix --no-pager |
    awk '/Starting bifrost-update-gate/ { began = $1; took = "" } /Started bifrost.service/ && began && took == "" { took = int(($1 - began) * 1000) } END { print took == "" ? 999999 : took }'
}
at_most "from the switch to the former version being ready" "$(seconds_of)" 30000
expect "version" "$(runs)" versions/1.1.0
expect "the judge, while 1.2.0 ran under its own unit" "$(inside cat /tmp/judge)" "# of 1.1.0"
expect "the unit" "$(of $unit)" "# of 1.1.0"
expect "systemd has read it" "$(show NeedDaemonReload)" no
expect "log" "$(log_id)" "$id"
reached=$(seq)
if [ "${reached:-0}" -gt "$kept" ]; then
  say "samples go on: $kept → $reached"
else
  say "NOT AS IT SHOULD BE: samples do not go on: $kept → ${reached:-nothing}"
  failures=$((failures + 1))
fi
fails bifrost update apply --from /releases/1.2.0 --trust /releases/trust.pem

title "a version that hangs at its start"
before=$(ms)
fails bifrost update apply --from /releases/1.3.0 --trust /releases/trust.pem
until_polling "$(utc)"
say "with fetching and unpacking: $(($(ms) - before)) ms"
at_most "from the switch to the former version being ready" "$(seconds_of)" 30000
expect "version" "$(runs)" versions/1.1.0

title "it cannot go back at once"
# The former version is away when the time is over, and comes back later: nobody but systemd starts the judge again.
inside sh -c 'until [ -f /var/lib/bifrost-update/tries ]; do sleep 0.1; done; mv /opt/bifrost/versions/1.1.0 /opt/bifrost/away' &
fails bifrost update apply --again --from /releases/1.3.0 --trust /releases/trust.pem
expect "on trial still" "$(runs)" versions/1.3.0
inside mv /opt/bifrost/away /opt/bifrost/versions/1.1.0
before=$(ms)
until [ ! -f "$root/var/lib/bifrost-update/trial" ] || [ $(($(ms) - before)) -gt 180000 ]; do sleep 0.2; done
until_polling "$(utc)"
say "went back $(($(ms) - before)) ms after it could (30 s of pause, and the time of a trial)"
expect "version" "$(runs)" versions/1.1.0
expect "the unit" "$(of $unit)" "# of 1.1.0"

title "the power goes in the trial"
inside bifrost update apply --from /releases/1.4.0 --trust /releases/trust.pem >/dev/null 2>&1 &
until [ -f "$root/var/lib/bifrost-update/tries" ]; do sleep 0.2; done
expect "on trial" "$(readlink "$root/opt/bifrost/current")" versions/1.4.0
power_cut
say "power is off"
boot
say "power is on"
before=$(ms)
until [ ! -f "$root/var/lib/bifrost-update/trial" ]; do sleep 0.2; done
until_polling "$(utc)"
say "judged $(($(ms) - before)) ms after the boot (20 s, and 40 s more after a boot)"
expect "version" "$(runs)" versions/1.1.0
expect "log" "$(log_id)" "$id"
box bifrost update status

title "rollback by hand in a trial, while the updater waits"
# By the installer, then by the command.
for command in "sh /releases/1.0.0/install.sh rollback" "bifrost update rollback"; do
  rm -f "$root/var/lib/bifrost-update/tries"
  inside bifrost update apply --again --from /releases/1.4.0 --trust /releases/trust.pem >"$work/updater" 2>&1 &
  updater=$!
  until [ -f "$root/var/lib/bifrost-update/tries" ]; do sleep 0.2; done
  expect "on trial" "$(runs)" versions/1.4.0
  before=$(ms)
  # shellcheck disable=SC2086 # words
  box $command
  at_most "back" "$(($(ms) - before))" 20000
  wait "$updater"
  sed 's/^/  updater: /' "$work/updater" | tail -n 1
  expect "version" "$(runs)" versions/1.1.0
  expect "the unit" "$(of $unit)" "# of 1.1.0"
  expect "systemd has read it" "$(show NeedDaemonReload)" no
done

title "rollback by hand, and forward by the timer's own unit"
box bifrost update rollback
expect "version" "$(runs)" versions/1.0.0
expect "the unit" "$(of $unit)" "# of 1.0.0"
expect "the gate" "$(of /opt/bifrost/bifrost-gate)" "# of 1.0.0"
printf 'version: 1\nenabled: true\nsource: /releases/1.5.0\ntrust: /releases/trust.pem\n' >"$root/etc/bifrost/update.yaml"
box systemctl start bifrost-update.service
inside journalctl -u bifrost-update -o cat --no-pager | tail -n 12 | sed 's/^/  journal: /'
expect "version" "$(runs)" versions/1.5.0
expect "the unit" "$(of $unit)" "# of 1.5.0"
box sh /releases/1.0.0/install.sh rollback
expect "version" "$(runs)" versions/1.0.0
expect "the unit" "$(of $unit)" "# of 1.0.0"

title "refused, and nothing changed"
fails sh /releases/damaged/install.sh --trust /releases/trust.pem
fails sh /releases/half/install.sh --trust /releases/trust.pem
fails bifrost update apply --again --from /releases/damaged --trust /releases/trust.pem
fails sh /releases/1.5.0/install.sh
fails setpriv --reuid=65534 --clear-groups sh /releases/1.5.0/install.sh --trust /releases/trust.pem
box sh /releases/1.5.0/install.sh --trust /releases/trust.pem
expect "version" "$(runs)" versions/1.5.0
fails sh /releases/1.0.0/install.sh --trust /releases/trust.pem
expect "version" "$(runs)" versions/1.5.0

title "what the unit may"
box systemd-analyze security --no-pager bifrost.service | tail -n 1
inside systemctl show bifrost -p NRestarts -p MemoryPeak -p TasksCurrent | sed 's/^/  /'
say "what the gateway warned of since the boot, and how often:"
inside journalctl -b -u bifrost -o cat --no-pager | grep -E '"log.level":"(warn|error|fatal)"' | sed 's/.*"message":"\([^"]*\)".*/\1/' | sort | uniq -c
title "a port below 1024, by the drop-in"
mkdir -p "$root/etc/systemd/system/bifrost.service.d"
cp "$package/deploy/edge/bifrost-ports.conf" "$root/etc/systemd/system/bifrost.service.d/ports.conf"
sed -i 's/127.0.0.1:8080/127.0.0.1:80/' "$root/etc/bifrost/bifrost.yaml"
inside systemctl daemon-reload
box systemctl restart bifrost
expect "answers on port 80" "$(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:80/livez)" 200
sed -i 's/127.0.0.1:80,/127.0.0.1:8080,/' "$root/etc/bifrost/bifrost.yaml"
rm -r "$root/etc/systemd/system/bifrost.service.d"
inside systemctl daemon-reload

title "uninstall"
box sh /releases/1.0.0/install.sh uninstall
expect "units" "$(inside sh -c 'ls /etc/systemd/system | grep -c bifrost')" 0
expect "configuration stays" "$(test -f "$root/etc/bifrost/bifrost.yaml" && echo yes)" yes
box sh /releases/1.0.0/install.sh --trust /releases/trust.pem
expect "log" "$(log_id)" "$id"
box sh /releases/1.0.0/install.sh uninstall --purge
expect "files left" "$(inside sh -c 'find / -xdev -iname "*bifrost*" -not -path "/proc/*" -not -path "/releases*" -not -path "/tmp/*" | grep -v -e /var/log/journal -e "^/sys" | wc -l')" 0
expect "user left" "$(inside sh -c 'id bifrost 2>/dev/null | wc -l')" 0

title "verdict"
if [ "$failures" = 0 ]; then say "all as it should be"; else say "$failures things are not as they should be"; fi
[ "$failures" = 0 ]
