#!/usr/bin/env bash
# Starts compose.yml with its demo plant in a folder of its own, and prints what came of it: the order of the start, values on MQTT and in
# Prometheus, a gateway that is stopped and started and loses nothing, updates that work and that don't, and the end.
#
#   deploy/compose/try-compose.sh [SERVICE…]          default: everything that can be made from Debian's packages
#
# COMPOSE and ENGINE name the commands (docker compose, docker). Images are those of .env.example, BIFROST_IMAGE the gateway's. With podman
# and no systemd nobody asks for health: the script does. Needs curl and mosquitto_sub.
# shellcheck disable=SC2317 # functions are called by `within`
set -uo pipefail

services=("$@")
[ $# -gt 0 ] || services=(mosquitto redis plant gateway alertmanager prometheus)
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
export COMPOSE=${COMPOSE:-docker compose} ENGINE=${ENGINE:-docker}
read -ra compose <<<"$COMPOSE"
base=$((20000 + $$ % 10000))
failed=0 asker='' listener=''

cp -r "$here" "$work/deploy"
cd "$work/deploy/compose" || exit 1
sed -e "s/^COMPOSE_PROJECT_NAME=.*/COMPOSE_PROJECT_NAME=try$$/" -e 's/^COMPOSE_PROFILES=.*/COMPOSE_PROFILES=demo/' \
  -e 's#^GATEWAY_DEVICES=.*#GATEWAY_DEVICES=./demo#' -e "s#^BIFROST_IMAGE=.*#BIFROST_IMAGE=${BIFROST_IMAGE:-localhost/bifrost:0.1.0}#" \
  -e "s/^GATEWAY_PORT=.*/GATEWAY_PORT=$base/" -e "s/^MQTT_PORT=.*/MQTT_PORT=$((base + 1))/" \
  -e "s/^PROMETHEUS_PORT=.*/PROMETHEUS_PORT=$((base + 2))/" -e "s/^ALERTMANAGER_PORT=.*/ALERTMANAGER_PORT=$((base + 3))/" \
  -e "s/^GRAFANA_PORT=.*/GRAFANA_PORT=$((base + 4))/" .env.example >.env
# A subscriber that is slow on a crowded machine must not look like a loss.
echo 'max_queued_messages 0' >>mosquitto/mosquitto.conf
image=$(sed -n 's/^BIFROST_IMAGE=//p' .env)
unset BIFROST_IMAGE

# shellcheck disable=SC2317 # called by the trap
end() {
  [ -z "$asker" ] || kill "$asker" 2>/dev/null
  [ -z "$listener" ] || kill "$listener" 2>/dev/null
  "${compose[@]}" down -v --remove-orphans >/dev/null 2>&1
  rm -rf "$work"
}
trap end EXIT
say() { echo "$(date -u +%H:%M:%S) $*"; }
wrong() {
  say "WRONG $*"
  failed=1
}
within() { # SECONDS WHAT COMMAND…
  local end=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || { wrong "not in time: $what" && return 1; }
    sleep 0.5
  done
  say "ok    $what"
}
container() { "${compose[@]}" ps -q "$1" | head -n 1; }
health() { $ENGINE inspect --format '{{.State.Health.Status}}' "$(container "$1")" 2>/dev/null; }
query() { curl -s "http://127.0.0.1:$((base + 2))/api/v1/query" --data-urlencode "query=$1"; }
subscribe() { mosquitto_sub -h 127.0.0.1 -p $((base + 1)) -u bifrost -P "$(cat secrets/mosquitto-password)" "$@"; }
run_by() { $ENGINE inspect --format '{{.Config.Image}}' "$(container gateway)"; }

if [ "$ENGINE" = podman ] && [ ! -d /run/systemd/system ]; then
  while :; do
    for one in $(podman ps -q); do podman healthcheck run "$one"; done
    sleep 2
  done >/dev/null 2>&1 &
  asker=$!
fi

say "$($ENGINE --version), $("${compose[@]}" version 2>/dev/null | head -n 1), gateway $image"
./init.sh >/dev/null
begin=$(date +%s)
"${compose[@]}" up -d "${services[@]}" >up.log 2>&1 || { wrong "up: $(tail -n 3 up.log)"; }
for service in "${services[@]}"; do
  is_healthy() { [ "$(health "$service")" = healthy ]; }
  within 120 "$service is healthy" is_healthy
done
say "up after $(($(date +%s) - begin)) s"
for service in "${services[@]}"; do
  $ENGINE inspect --format '{{.State.StartedAt}}' "$(container "$service")" | sed "s/^/  started /; s/\$/  $service/"
done | sort
./token.sh 2>&1 | tail -n 1 | sed 's/^/  token.sh: /'

# --- values
subscribe -t 'plant/tank-farm/+' -C 1 -W 20 -v >value 2>/dev/null
say "on MQTT: $(head -n 1 value)"
grep -q '"seq"' value || wrong 'no value on MQTT'
in_prometheus() { query 'sum(bifrost_sink_samples_delivered_total)' | grep -q '"value":\[[0-9.]*,"[1-9]'; }
within 60 'delivered samples are counted in Prometheus' in_prometheus
say "targets: $(curl -s "http://127.0.0.1:$((base + 2))/api/v1/targets" | grep -o '"health":"[a-z]*"' | sort | uniq -c | tr -s ' \n' ' ')"
say "Redis has $("${compose[@]}" exec -T gateway /usr/local/bin/bifrost --json sink list 2>/dev/null | tr ',' '\n' | grep -c '"Running"') of 2 sinks running"
page() { curl -sf "http://127.0.0.1:$base/" | grep -qi '<html'; }
within 10 'the page opens at the published port' page
anonymous() { ! mosquitto_sub -h 127.0.0.1 -p $((base + 1)) -t '#' -C 1 -W 3; }
within 10 'the broker lets in nobody without a password' anonymous

# --- stopped and started: the sequence numbers on MQTT have no hole (-R: without what the broker keeps of before)
subscribe -i try -c -q 1 -R -t 'plant/+/+' -W 600 >received 2>/dev/null &
listener=$!
sleep 5
begin=$(date +%s%3N)
"${compose[@]}" stop gateway >/dev/null 2>&1
say "stopped after $(($(date +%s%3N) - begin)) ms, exit code $($ENGINE inspect --format '{{.State.ExitCode}}' "$(container gateway)")"
sleep 3
"${compose[@]}" start gateway >/dev/null 2>&1
within 60 'the gateway is well again' "${compose[@]}" exec -T gateway /usr/local/bin/bifrost health
sleep 5

# --- updates
$ENGINE tag "$image" localhost/bifrost-try:next
mkdir bad && printf 'FROM %s\nENTRYPOINT ["/opt/bifrost/node/bin/node", "-e", "process.argv[1] === \\"check\\" || setInterval(() => {}, 1e9)"]\n' "$image" >bad/Dockerfile
${BUILD:-$ENGINE build -q} -t localhost/bifrost-try:bad bad >/dev/null 2>&1 || wrong 'the bad image was not made'
$ENGINE save -o next.tar localhost/bifrost-try:next >/dev/null 2>&1
$ENGINE save -o bad.tar localhost/bifrost-try:bad >/dev/null 2>&1
update() { # WANTED FILE IMAGE [SUM]
  local begin status
  begin=$(date +%s)
  ./update.sh --load "$2" --sha256 "${4:-$(sha256sum "$2" | cut -d ' ' -f 1)}" "$3" >update.log 2>&1
  status=$?
  say "update.sh: exit code $status after $(($(date +%s) - begin)) s, runs $(run_by)"
  grep '^update:' update.log | sed 's/^/  says: /'
  [ $status = "$1" ] || { wrong "exit code $status, not $1" && cat update.log; }
}
update 3 next.tar localhost/bifrost-try:next 0000
update 0 next.tar localhost/bifrost-try:next
update 1 bad.tar localhost/bifrost-try:bad
[ "$(run_by)" = localhost/bifrost-try:next ] || wrong "it runs $(run_by)"
sed -i 's/driver: modbus$/driver: modbuss/' demo/plant.yaml
update 78 next.tar localhost/bifrost-try:next
sed -i 's/driver: modbuss$/driver: modbus/' demo/plant.yaml
within 60 'the gateway is well' "${compose[@]}" exec -T gateway /usr/local/bin/bifrost health
sleep 5
kill "$listener" 2>/dev/null
listener=
account=$(sed -n 's/.*"seq":\([0-9]*\).*/\1/p' received | sort -nu | awk 'NR == 1 { first = $1 } NR > 1 && $1 != before + 1 { holes += $1 - before - 1; print before + 1 "-" $1 - 1 > "holes" } { before = $1 } END { print NR, first, before, holes + 0 }')
read -r n first last holes <<<"$account"
say "received over one stop and three changes of the image: $n samples, sequence numbers $first to $last, $holes missing"
[ ! -e holes ] || sed 's/^/  missing: /' holes
if [ "$n" -lt 100 ] || [ "$holes" != 0 ]; then wrong 'the sequence has holes, or nothing came'; fi

"${compose[@]}" down -v >/dev/null 2>&1
say "down: $($ENGINE ps -q --filter "label=com.docker.compose.project=try$$" | wc -l) containers left"
$ENGINE image rm localhost/bifrost-try:next localhost/bifrost-try:bad >/dev/null 2>&1
if [ $failed = 0 ]; then say 'all as it should be'; else say 'SOMETHING IS WRONG'; fi
exit $failed
