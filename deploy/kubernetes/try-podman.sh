#!/usr/bin/env bash
# Upgrade and rollback of the pod of overlays/edge by `podman kube play`: up and healthy, upgraded to a second tag, upgraded to one that does not start, rolled
# back. The oracle is a broker that nobody here wrote: every number of the log, from the first to the last, has to have arrived there. Needs root, podman,
# mosquitto and a checkout with `npm ci` done.
#
#   deploy/kubernetes/try-podman.sh IMAGE
set -uo pipefail

image=${1:?usage: deploy/kubernetes/try-podman.sh IMAGE}
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
work=$(mktemp -d)
port=$((20000 + $$ % 10000))
broker=$((port + 10000))
repository=localhost/bifrost-try-$$
pids=()
failed=0

# shellcheck disable=SC2317 # called by the trap
quiet() { timeout 60 podman "$@" >/dev/null 2>&1; }
say() { echo "$(date -u +%H:%M:%S) $*"; }
# shellcheck disable=SC2317 # called by the trap
end() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  quiet pod rm -f bifrost-0
  quiet pod rm -f bifrost-0
  quiet volume rm -f data-bifrost-0 bifrost-config bifrost-secrets bifrost-key bifrost-tls
  quiet rmi -f "$repository:first" "$repository:second" "$repository:broken"
  rm -rf "$work"
}
trap end EXIT

# Where this machine allows fewer files than podman asks for, and there is no systemd to ask for a cgroup.
if [ -z "${CONTAINERS_CONF:-}" ]; then
  export CONTAINERS_CONF=$work/containers.conf
  files=$(ulimit -Hn)
  [ "$files" != unlimited ] && [ "$files" -lt 1048576 ] || files=1048576
  cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=30000:30000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
fi

# The tree with the secrets of a box, and certificates as openssl makes them.
cp -r deploy/kubernetes "$work/tree"
secrets=$work/tree/overlays/edge/secrets
bin/bifrost secrets key >"$secrets/installation-key"
printf 'J7Q2-9KXM-lantern-turbine-41' >"$secrets/admin-password"
printf unused >"$secrets/mqtt-password"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=Bifrost -keyout "$secrets/tls.key" \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out "$secrets/tls.crt" 2>/dev/null
cp "$secrets/tls.crt" "$secrets/ca.crt"
cp "$secrets/tls.crt" "$secrets/mqtt-ca.crt"
kubectl=$(echo "$root"/.cache/kubectl-*/kubectl)
[ -x "$kubectl" ] || kubectl=kubectl
"$kubectl" kustomize "$work/tree/overlays/edge" >"$work/edge.yaml" || exit 1
say "rendered by $("$kubectl" version --client 2>/dev/null | tr '\n' ' '): $(grep -c '^kind:' "$work/edge.yaml") objects"

printf 'listener %s 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n' "$broker" >"$work/mosquitto.conf"
mosquitto -c "$work/mosquitto.conf" >/dev/null 2>&1 &
pids+=($!)
sleep 1
mosquitto_sub -p "$broker" -q 1 -t 'plant/press-1/count' >"$work/arrived" &
pids+=($!)

podman tag "$image" "$repository:first"
podman tag "$image" "$repository:second"
# One that ends at once: what a bad release looks like.
printf 'FROM %s\nENTRYPOINT ["/opt/bifrost/node/bin/node", "-e", "process.exit(1)"]\n' "$repository:first" >"$work/Dockerfile"
podman build -q --pull-never -t "$repository:broken" -f "$work/Dockerfile" "$work" >/dev/null || exit 1

play() { # TAG
  local bound=()
  podman volume exists data-bifrost-0 2>/dev/null && bound=(--bound)
  bin/launch scripts/kubernetes-pod.ts "${bound[@]}" --image "$repository:$1" --port "$port" --broker "$broker" <"$work/edge.yaml" >"$work/pod.yaml" || exit 1
  # As Kubernetes does it: SIGTERM and the grace period first. `--replace` alone would kill it. A pod that restarts again and again takes several tries.
  quiet pod stop -t 30 bifrost-0
  for _ in 1 2 3 4 5; do
    quiet pod rm -f bifrost-0
    quiet pod exists bifrost-0 || break
    sleep 1
  done
  timeout 60 podman kube play --network host "$work/pod.yaml" >"$work/play.log" 2>&1 || { cat "$work/play.log"; failed=1; }
}
healthy() { # SECONDS
  for _ in $(seq "$1"); do
    podman exec bifrost-0-gateway /usr/local/bin/bifrost health 2>/dev/null | tail -n 1 | grep -q '^ok' && return 0
    sleep 1
  done
  return 1
}
step() { # WHAT TAG
  local from
  from=$(date +%s%3N)
  play "$2"
  if healthy 60; then
    say "ok    $1: $(podman inspect bifrost-0-gateway --format '{{.ImageName}}' | sed 's/.*://'), healthy after $(($(date +%s%3N) - from)) ms, $(wc -l <"$work/arrived") samples at the broker"
  else
    say "WRONG $1: not healthy"
    podman logs bifrost-0-gateway 2>&1 | tail -n 5
    failed=1
  fi
  sleep 5
}

step 'up' first
say "      user $(podman inspect bifrost-0-gateway --format '{{.Config.User}}'), read-only root $(podman inspect bifrost-0-gateway --format '{{.HostConfig.ReadonlyRootfs}}'), capabilities $(podman inspect bifrost-0-gateway --format '{{.EffectiveCaps}}'), memory $(podman inspect bifrost-0-gateway --format '{{.HostConfig.Memory}}')"
step 'upgrade' second
play broken
if healthy 15; then
  say 'WRONG a release that does not start is healthy'
  failed=1
else say 'ok    a release that does not start is not healthy within 15 s: roll back'; fi
step 'rollback' first
from=$(date +%s%3N)
podman stop -t 30 bifrost-0-gateway >/dev/null
say "      stopped after $(($(date +%s%3N) - from)) ms, exit $(podman inspect bifrost-0-gateway --format '{{.State.ExitCode}}')"
sleep 1

# shellcheck disable=SC2016 # JavaScript
# Every number of the log from the first to the last: one sink, one tag, so that there is no hole unless something is lost.
node -e '
const rows = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map((line) => JSON.parse(line))
const logs = new Set(rows.map(({ log }) => log))
const seqs = [...new Set(rows.map(({ seq }) => seq))].sort((a, b) => a - b)
let missing = 0
for (let at = 1; at < seqs.length; at++) missing += seqs[at] - seqs[at - 1] - 1
console.log(`      ${rows.length} messages, ${seqs.length} samples, numbers ${seqs[0]} to ${seqs.at(-1)}, ${logs.size} log, missing: ${missing}`)
process.exit(missing === 0 && logs.size === 1 ? 0 : 1)
' "$work/arrived" || { say 'WRONG something is lost'; failed=1; }
[ $failed = 0 ] && say 'all well'
exit $failed
