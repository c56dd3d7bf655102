#!/bin/sh
# Runs the gateway under a real systemd, in a container of systemd-nspawn without a network, and prints what systemd saw: ready, watchdog,
# a process that hangs, one that is killed, a clean stop. ROOT: a Debian folder with systemd, made by
#   mmdebstrap --variant=minbase --include=systemd,dbus,procps,libatomic1,libstdc++6 bookworm ROOT
# Needs root and the package systemd-container. Writes nothing outside of ROOT; what it saw goes to stdout.
set -u

root=${1:?usage: scripts/try-systemd.sh ROOT}
package=$(cd "$(dirname "$0")/.." && pwd -P)

mkdir -p "$root/opt/bifrost" "$root/etc/bifrost" "$root/etc/systemd/system/multi-user.target.wants"
cat >"$root/etc/bifrost/bifrost.yaml" <<'YAML'
version: 1
data: /var/lib/bifrost
http: { listen: 127.0.0.1:8080 }
devices:
  - { name: sim, driver: simulated, every: 100ms, tags: [{ name: level, address: sine, type: float64 }] }
YAML
cat >"$root/etc/systemd/system/bifrost.service" <<'UNIT'
[Service]
Type=notify
NotifyAccess=main
ExecStart=/opt/bifrost/bin/bifrost run -c /etc/bifrost/bifrost.yaml
ExecReload=/bin/kill -HUP $MAINPID
WatchdogSec=6s
Restart=always
RestartSec=500ms
TimeoutStartSec=120s
StateDirectory=bifrost
Environment=NODE_COMPILE_CACHE=/var/lib/bifrost/cache
UNIT

systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network --console=pipe \
  --bind-ro="$package:/opt/bifrost" </dev/null >"$root/boot.log" 2>&1 &
nspawn=$!
end() {
  kill -s RTMIN+4 "$init" 2>/dev/null
  sleep 3
  kill "$nspawn" 2>/dev/null
}
init=
while [ -z "$init" ]; do
  kill -0 "$nspawn" 2>/dev/null || { cat "$root/boot.log"; exit 1; }
  sleep 1
  init=$(cut -d ' ' -f 1 "/proc/$nspawn/task/$nspawn/children" 2>/dev/null)
done
trap end EXIT

inside() { nsenter --target "$init" --mount --uts --ipc --net --pid -- "$@"; }
show() { inside systemctl show bifrost -p "$1" --value; }
until_is() {
  tries=0
  until [ "$(show "$1")" = "$2" ] || [ $tries -ge 120 ]; do
    tries=$((tries + 1))
    sleep 0.5
  done
}
say() { echo "$(date -u +%H:%M:%S) $*"; }

tries=0
until inside systemctl show -p Version >/dev/null 2>&1 || [ $tries -ge 60 ]; do
  tries=$((tries + 1))
  sleep 1
done
say "systemd $(inside systemctl show -p Version --value)"
inside systemctl start bifrost
say "started: $(show ActiveState), $(show StatusText), main process $(show MainPID)"
sleep 20
say "after 20 s and three watchdog intervals: $(show ActiveState), restarts $(show NRestarts)"
inside systemctl reload bifrost
sleep 3
say "reloaded: $(show ActiveState), $(show StatusText)"
inside kill -STOP "$(show MainPID)"
say "the process hangs (SIGSTOP)"
until_is NRestarts 1
until_is ActiveState active
say "watchdog: restarts $(show NRestarts), $(show ActiveState), main process $(show MainPID)"
inside kill -KILL "$(show MainPID)"
say "the process is killed"
until_is NRestarts 2
until_is ActiveState active
say "restarts $(show NRestarts), $(show ActiveState), $(show StatusText)"
inside systemctl stop bifrost
say "stopped: $(show ActiveState), result $(show Result)"
inside journalctl -u bifrost -o cat --no-pager | grep -E "Watchdog|watchdog|timeout|Started|Stopped|Main process" | sed 's/^/  journal: /'
