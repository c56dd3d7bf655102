#!/usr/bin/env bash
# Runs the image as it is meant to be run (read-only root, no capabilities, 256 MB, half a core) and prints what came of it: what is in
# it, health, a stop that loses nothing, a kill, cold starts, a bad configuration. Needs root, podman and a checkout with `npm ci` done.
#
#   deploy/docker/try-container.sh IMAGE
#
# The oracle of loss is a device that counts how often it was read: each number that it gave has to be in the log. The kill is the
# control: samples are forced to the disk every 5 s here, so a kill loses some, and the same comparison has to say so.
set -uo pipefail

image=${1:?usage: deploy/docker/try-container.sh IMAGE}
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
name=bifrost-try-$$
device_port=$((20000 + $$ % 10000))
http_port=$((device_port + 10000))
device=
failed=0
run=(--network host --read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges --memory 256m --cpus .5)
run+=(-v "$work/etc:/etc/bifrost:ro" -v "$name:/var/lib/bifrost" -e "BIFROST_URL=http://127.0.0.1:$http_port")

# shellcheck disable=SC2317 # called by the trap
end() {
  [ -z "$device" ] || kill "$device" 2>/dev/null
  quiet rm -f "$name"
  quiet volume rm -f "$name"
  rm -rf "$work"
}
trap end EXIT

# Without systemd podman complains that it cannot make timers for health checks.
quiet() { podman "$@" >/dev/null 2>&1; }
say() { echo "$(date -u +%H:%M:%S) $*"; }
expect() { # WHAT FOUND WANTED
  if [ "$2" = "$3" ]; then say "ok    $1: $2"; else
    say "WRONG $1: $2, not $3"
    failed=1
  fi
}
milliseconds() { date +%s%3N; }
inspect() { podman inspect "$name" --format "$1" 2>/dev/null; }

start_device() { # FROM
  bin/launch scripts/image/counting-device.ts --port $device_port --from "$1" >"$work/device" 2>&1 &
  device=$!
  until grep -q ready "$work/device"; do sleep 0.1; done
}
stop_device() { # sets given: the number that it gave last
  kill "$device"
  wait "$device" 2>/dev/null
  device=
  given=$(sed -n 's/.*"count":\([0-9]*\).*/\1/p' "$work/device")
}
# From outside: a probe within would cost a part of its half core.
until_healthy() {
  for _ in $(seq 600); do
    curl -sf "http://127.0.0.1:$http_port/readyz" >/dev/null && return 0
    sleep 0.05
  done
  say "WRONG never healthy"
  podman logs "$name" 2>&1 | tail -n 5
  failed=1
}
# The numbers in the log: how many, the last, and which are missing between.
account() {
  podman exec "$name" bifrost export --tags counter/reads --format csv 2>/dev/null |
    awk -F, 'NR > 1 { seen[$4] = 1; if ($4 > last) last = $4 }
      END { for (at = 1; at <= last; at++) if (at in seen) n++; else missing = missing " " at
        print n + 0, last + 0, missing == "" ? "none" : missing }'
}
# An answer that was on its way when the gateway was told to stop never arrived: at most one request is under way on this line.
but_for() { # NUMBER LIST
  if [ "$2" = "$1" ]; then echo none; else echo "$2"; fi
}

mkdir "$work/etc"
cat >"$work/etc/bifrost.yaml" <<YAML
version: 1
data: /var/lib/bifrost
http: { listen: '127.0.0.1:$http_port', access: open }
store: { syncEvery: 5s }
devices:
  - name: counter
    driver: modbus
    options: { host: 127.0.0.1, port: $device_port, unit: 1 }
    every: 20ms
    tags: [{ name: reads, address: 'hr:0', type: uint32 }]
YAML

say "$(podman --version), runc $(runc --version | sed -n 's/^runc version //p'), $(podman image inspect "$image" --format '{{.Architecture}}, {{.Size}} bytes unpacked')"

# --- what is in it
look=$(podman image inspect "$image" --format '{{.User}} {{json .Config.Entrypoint}}')
say "user and entry point: $look"
podman image inspect "$image" --format '{{range $k, $v := .Labels}}{{$k}}={{$v}}{{"\n"}}{{end}}' | sed -n 's/^org/  label org/p'
for shell in /bin/sh /bin/bash /bin/busybox /usr/bin/dpkg /usr/bin/apt; do
  quiet run --rm --entrypoint $shell "$image" --version
  expect "$shell is not there, podman's exit code" $? 127
done
quiet volume create "$name"
inside() { podman run --rm "${run[@]}" --entrypoint /opt/bifrost/node/bin/node "$image" -e "$1" 2>/dev/null; }
# All files for which the expression holds; `p` is the path, `s` what lstat says.
files_where() {
  inside "const fs = require('fs'), found = []
    const may = (p) => { try { fs.accessSync(p, 2); return true } catch { return false } }
    const walk = (d) => { for (const n of fs.readdirSync(d)) {
      const p = (d === '/' ? '' : d) + '/' + n
      if (['/proc', '/sys', '/dev'].includes(p)) continue
      const s = fs.lstatSync(p)
      if ($1) found.push(p)
      if (s.isDirectory()) try { walk(p) } catch {}
    } }
    walk('/')
    console.log(found.join(' ') || 'none')"
}
expect 'files with setuid or setgid' "$(files_where '(s.mode & 0o6000) !== 0')" none
expect 'what its user may write' "$(files_where '!s.isSymbolicLink() && may(p)')" /var/lib/bifrost
expect 'capabilities' "$(inside 'console.log(/CapEff:\s+(\w+)/.exec(require("fs").readFileSync("/proc/self/status","utf8"))[1])')" 0000000000000000
expect 'user and group' "$(inside 'console.log(process.getuid()+":"+process.getgid())')" 65532:65532

# --- it runs
start_device 0
quiet run -d --name "$name" "${run[@]}" "$image"
until_healthy
quiet healthcheck run "$name"
expect "HEALTHCHECK of the image, podman's exit code" $? 0
sleep 10
say "after 10 s: $(podman exec "$name" bifrost health | tail -n 1), $(podman stats --no-stream --format '{{.MemUsage}}' "$name" 2>/dev/null)"
expect 'oom kills' "$(inspect '{{.State.OOMKilled}}')" false

# --- stopped
begin=$(milliseconds)
quiet stop "$name"
took=$(($(milliseconds) - begin))
stop_device
say "podman stop took $took ms"
[ $took -lt 5000 ] || { say 'WRONG more than 5 s'; failed=1; }
expect 'exit code' "$(inspect '{{.State.ExitCode}}')" 0
start_device "$given"
quiet start "$name"
until_healthy
stopped=$given
read -r n last missing <<<"$(account)"
# It is read again by now: only what was given before the stop is looked at.
say "the device gave $given numbers before the stop; the log has $n numbers up to $last; missing: $missing"
expect 'lost by the stop' "$(but_for "$stopped" "$missing")" none
[ "$last" -ge "$given" ] || { say "WRONG the log ends at $last"; failed=1; }

# --- killed
sleep 8
quiet kill -s KILL "$name"
stop_device
begin=$(milliseconds)
quiet start "$name"
until_healthy
say "killed; ready again after $(($(milliseconds) - begin)) ms"
read -r n last missing <<<"$(account)"
say "control: the device gave $given numbers before the kill; the log has $n up to $last, so $((given - last)) were lost (at most 5 s)"
expect 'missing in between' "$(but_for "$stopped" "$missing")" none
[ "$last" -lt "$given" ] || { say 'WRONG the control lost nothing: the comparison proves nothing'; failed=1; }
start_device "$given"
sleep 3
read -r _ now _ <<<"$(account)"
[ "$now" -gt "$given" ] || { say "WRONG it does not go on: $now"; failed=1; }
say "it goes on: $now"

# --- cold starts
for _ in 1 2 3; do
  quiet stop "$name"
  before=$(milliseconds)
  quiet start "$name"
  sleep 8
  first=$(podman exec "$name" bifrost export --tags counter/reads --format csv --from "$(date -u -d "@$((before / 1000))" +%FT%TZ)" 2>/dev/null |
    awk -F, -v from="$before" 'NR > 1 { print $1 }' | while read -r time; do
      at=$(date -d "$time" +%s%3N)
      [ "$at" -lt "$before" ] || { echo "$at"; break; }
    done)
  say "podman start to first sample: $((first - before)) ms"
done
quiet stop "$name"
quiet rm "$name"

# --- a bad configuration
sed -i 's/driver: modbus/driver: modbuss/' "$work/etc/bifrost.yaml"
quiet run --name "$name" "${run[@]}" "$image"
expect 'exit code of a bad configuration' $? 78
podman logs "$name" 2>&1 | head -n 3 | sed 's/^/  says: /'
quiet rm "$name"
rm "$work/etc/bifrost.yaml"
quiet run --name "$name" "${run[@]}" "$image"
expect 'exit code without a configuration' $? 78
podman logs "$name" 2>&1 | head -n 3 | sed 's/^/  says: /'

if [ $failed = 0 ]; then say 'all as it should be'; else say 'SOMETHING IS WRONG'; fi
exit $failed
