#!/usr/bin/env bash
# Upgrade and rollback of the pod of overlays/edge by `podman kube play`: up and healthy, upgraded to a second tag, upgraded to one that does not start, rolled
# back. The oracle is a broker that nobody here wrote: every number of the log, from the first to the last, has to have arrived there. With the image of the
# backup (components/backup/Dockerfile) also: the job that makes one beside the gateway that runs, and, after the volume is gone, the two of procedures/restore.yaml.
# Needs root, podman, mosquitto, openssl, age and a checkout with `npm ci` done.
#
#   deploy/kubernetes/try-podman.sh IMAGE [BACKUP-IMAGE]
set -uo pipefail

image=${1:?usage: deploy/kubernetes/try-podman.sh IMAGE [BACKUP-IMAGE]}
backup_image=${2:-}
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
  -addext 'subjectAltName=DNS:localhost,DNS:*.bifrost-headless.bifrost.svc,IP:127.0.0.1' -out "$secrets/tls.crt" 2>/dev/null
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
echo 'process.exit(1)' >"$work/broken.js"
printf 'FROM %s\nCOPY broken.js /opt/bifrost/dist/main.js\n' "$repository:first" >"$work/Dockerfile"
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

# --- backup, and a restore into a volume that is empty: the very containers of the jobs, beside the pod as on one node
job() { # MANIFESTS NAME CONTAINER [MORE WORDS]
  local words file=$1 name=$2 container=$3
  shift 3
  mapfile -t words < <(bin/launch scripts/kubernetes-job.ts --name "$name" --container "$container" --image "$backup_image" \
    --volume data=data-bifrost-0 --volume "files=$work/files" --volume "backup=$work/settings" --volume "repositories=$work/keys" \
    --volume "identity=$work/identity" --volume "config=$work/pod/config" --volume "secrets=$work/pod/secrets" --volume "key=$work/pod/key" --volume "tls=$work/pod/tls" <"$file")
  timeout 300 podman --log-level fatal run --rm --network host --add-host bifrost-0.bifrost-headless.bifrost.svc:127.0.0.1 --volume "$work/repositories:/repositories" "${words[@]}" "$@" 2>&1
}
logs() { node -e 'console.log([...new Set(require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map((line) => JSON.parse(line).log))].join(" "))' "$work/arrived"; }
expect() { # WHAT PATTERN TEXT
  if grep -q "$2" <<<"$3"; then say "ok    $1"; else
    say "WRONG $1: $3"
    failed=1
  fi
  while read -r line; do echo "        $line"; done <<<"$3"
}
if [ -n "$backup_image" ]; then
  "$kubectl" kustomize "$work/tree/overlays/production" >"$work/production.yaml" || exit 1
  mkdir -p "$work/files" "$work/settings" "$work/keys" "$work/identity" "$work/repositories" "$work/pod"/{config,secrets,key,tls}
  cp "$work/tree/overlays/edge/config/bifrost.yaml" "$work/pod/config"
  cp "$secrets/admin-password" "$secrets/mqtt-password" "$work/pod/secrets"
  cp "$secrets/installation-key" "$work/pod/key/key"
  cp "$secrets/tls.crt" "$secrets/tls.key" "$secrets/ca.crt" "$work/pod/tls"
  cp "$work/tree/components/backup/config/collect.mjs" "$work/settings"
  # The name of the pod stays; the port is another one here, and the regions are folders.
  sed -e "s/:8443/:$port/" -e 's#url: s3:.*/bifrost$#url: /repositories/REGION#' -e '/environmentFile:/d' "$work/tree/components/backup/config/backup.yaml" |
    awk '/- name:/ { name = $3 } { sub("REGION", name); print }' >"$work/settings/backup.yaml"
  age-keygen -o "$work/identity/key.txt" 2>&1 | sed 's/.*: //' >"$work/keys/recipients.txt"
  for region in here away; do printf 'of %s' "$region" >"$work/keys/$region-password"; done
  quiet start bifrost-0-gateway
  healthy 60 || { say 'WRONG not healthy'; failed=1; }
  podman exec bifrost-0-gateway /usr/local/bin/bifrost token create backup --permission view --expires never >"$work/keys/gateway-token" 2>/dev/null
  # Its pod has fsGroup; here all belongs to its user.
  chown -R 65532:65532 "$work/files" "$work/settings" "$work/keys" "$work/identity" "$work/repositories" "$work/pod" && chmod 755 "$work"
  expect 'ConfigMaps and Secrets as files' 'exit 0' "$(job "$work/production.yaml" bifrost-backup-create collect && echo exit 0)"
  expect 'the repositories are made' 'away: copied' "$(job "$work/production.yaml" bifrost-backup-create backup --init)"
  sleep 2
  expect 'a backup by the job, which asked the pod by its own name' 'of the running gateway' "$(job "$work/production.yaml" bifrost-backup-create backup)"
  quiet stop -t 30 bifrost-0-gateway
  before=$(logs)
  place=$(podman volume inspect data-bifrost-0 --format '{{.Mountpoint}}')
  find "$place" -mindepth 1 -delete
  expect 'the preview of the restore' 'nothing was changed' "$(job "$work/tree/procedures/restore.yaml" bifrost-restore-preview restore)"
  [ -z "$(ls "$place/log" 2>/dev/null)" ] || { say 'WRONG the preview has changed something'; failed=1; }
  from=$(date +%s%3N)
  expect 'the restore' 'restored\|numbers' "$(job "$work/tree/procedures/restore.yaml" bifrost-restore restore)"
  say "      after $(($(date +%s%3N) - from)) ms"
  quiet start bifrost-0-gateway
  healthy 60 || { say 'WRONG not healthy after the restore'; failed=1; }
  sleep 5
  say "      logs at the broker: $before before, $(logs) after"
  [ "$(logs | wc -w)" = 2 ] || { say 'WRONG the restored gateway does not deliver under a log of its own'; failed=1; }
  expect 'the accounts are back' backup "$(podman exec bifrost-0-gateway /usr/local/bin/bifrost token list 2>/dev/null)"
fi
[ $failed = 0 ] && say 'all well'
exit $failed
