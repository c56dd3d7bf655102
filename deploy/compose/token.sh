#!/bin/sh
# Gives Prometheus a token of the gateway that runs, and puts it where compose.yml mounts it. Prometheus reads it with its next scrape.
#
#   sudo ./token.sh [FOLDER]          default: ./secrets;   COMPOSE='docker compose' names another command
set -eu
cd "$(dirname "$0")"
file=${1:-./secrets}/bifrost-token
if [ -s "$file" ]; then
  echo "$file has a token already; empty it to get another: : > $file" >&2
  exit 0
fi
# shellcheck disable=SC2086 # a command with its first words
token=$(${COMPOSE:-docker compose} exec -T gateway /usr/local/bin/bifrost token create prometheus --permission view --expires never)
# Into the same file: a new one would not be seen by the container that has it mounted.
printf '%s\n' "$token" >"$file"
echo "Prometheus has a token."
