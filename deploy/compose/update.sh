#!/bin/sh
# Takes another image for the gateway of compose.yml, and goes back by itself when it is not healthy.
#
#   ./update.sh [--wait SECONDS] [--load FILE --sha256 HEX] IMAGE
#
#   ./update.sh registry.example/bifrost@sha256:…             by its digest: a tag may be exchanged behind its name
#   ./update.sh --load bifrost-1.2.0-image-linux-x64.tar --sha256 … localhost/bifrost:1.2.0      without a registry; what the signed
#                                                                                          manifest of the release says of the file
#
# The new image checks the present configuration first; then the gateway alone is exchanged, and has to answer `bifrost health` within
# 20 seconds and go on doing so for 5. Else the image of before runs again. Configuration and log stay as they are.
# Exit codes: 0 done, 1 went back, 2 usage, 3 no such image, 78 the configuration is not good for it.
# COMPOSE and ENGINE name other commands than `docker compose` and `docker`.
set -eu
cd "$(dirname "$0")"
compose=${COMPOSE:-docker compose}
engine=${ENGINE:-docker}
wait=20 load='' sum='' image=''

usage() {
  echo "usage: ./update.sh [--wait SECONDS] [--load FILE --sha256 HEX] IMAGE" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --wait) wait=${2:?} && shift 2 ;;
    --load) load=${2:?} && shift 2 ;;
    --sha256) sum=${2:?} && shift 2 ;;
    -*) usage ;;
    *) [ -z "$image" ] || usage && image=$1 && shift ;;
  esac
done
[ -n "$image" ] || usage
[ -f .env ] || { echo "update: there is no .env here: cp .env.example .env" >&2 && exit 2; }
mkdir .updating 2>/dev/null || { echo "update: another update runs; if none does: rmdir $PWD/.updating" >&2 && exit 1; }
trap 'rm -f .checked; rmdir .updating' EXIT
trap 'exit 1' INT TERM

if [ -n "$load" ]; then
  [ -n "$sum" ] || { echo "update: --load wants --sha256, from the signed manifest of the release" >&2 && exit 2; }
  found=$(sha256sum "$load" | cut -d ' ' -f 1)
  [ "$found" = "$sum" ] || { echo "update: $load has SHA-256 $found, not $sum; nothing was changed" >&2 && exit 3; }
  $engine load -q -i "$load" >/dev/null
else
  case $image in
    *@sha256:*) ;;
    *) echo "update: name the image by its digest (NAME@sha256:…): a tag may be exchanged behind its name" >&2 && exit 2 ;;
  esac
  $engine pull -q "$image" >/dev/null || { echo "update: $image cannot be had; nothing was changed" >&2 && exit 3; }
fi
$engine image inspect "$image" >/dev/null 2>&1 || { echo "update: there is no image $image; nothing was changed" >&2 && exit 3; }

before=$(sed -n 's/^BIFROST_IMAGE=//p' .env)
use() { # IMAGE
  { grep -v '^BIFROST_IMAGE=' .env && echo "BIFROST_IMAGE=$1"; } >.env.new
  mv .env.new .env
  # What the environment says would count more than the file.
  unset BIFROST_IMAGE
  $compose up -d --no-deps gateway >/dev/null 2>&1 && running=$($compose ps -q gateway)
}
healthy() { $engine exec "$running" /usr/local/bin/bifrost health >/dev/null 2>&1; }
begun() { $engine inspect --format '{{.State.StartedAt}} {{.RestartCount}}' "$running" 2>/dev/null; }
is_well() { # SECONDS
  end=$(($(date +%s) + $1))
  first=$(begun)
  until healthy; do
    # One that ended, or is started again and again, is not waited for.
    [ "$(date +%s)" -lt $end ] && [ "$first" = "$(begun)" ] || return 1
    sleep 0.5
  done
  sleep 5
  healthy && [ "$first" = "$(begun)" ]
}

# With the files of the gateway that is there, without a network and without the right to change one.
status=0
running=$($compose ps -q gateway)
if [ -n "$running" ]; then
  $engine run --rm --network none --read-only --cap-drop ALL --volumes-from "$running:ro" "$image" check >.checked 2>&1 || status=$?
fi
if [ $status -ne 0 ]; then
  cat .checked >&2
  echo "update: $image does not take the present configuration (exit code $status, above); nothing was changed" >&2
  exit $status
fi
echo "update: $before → $image"
if use "$image" && is_well "$wait"; then
  echo "update: healthy"
  exit 0
fi
echo "update: $image did not become healthy; its last words:" >&2
$compose logs --tail 5 gateway >&2 2>/dev/null || true
$engine stop -t 5 "$running" >/dev/null 2>&1 || true
use "$before" || true
if is_well 60; then
  echo "update: went back to $before, which is healthy" >&2
else
  echo "update: went back to $before, WHICH IS NOT HEALTHY: $compose logs gateway" >&2
fi
exit 1
