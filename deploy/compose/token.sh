#!/bin/sh
# Gives Prometheus a token of the gateway that runs, and puts it where compose.yml mounts it. Prometheus reads it with its next scrape. By
# the user who ran init.sh: root, or with rootless engines the one of the engine.
#
#   sudo ./token.sh [FOLDER]          default: ./secrets;   COMPOSE='docker compose' names another command
set -eu
cd "$(dirname "$0")"
file=${1:-./secrets}/bifrost-token

# All this before there is a token that nobody could keep.
if [ ! -f "$file" ]; then
  if [ -d "${1:-./secrets}" ] && [ ! -x "${1:-./secrets}" ]; then
    echo "${1:-./secrets} belongs to another user, who ran init.sh: sudo ./token.sh" >&2
  else
    echo "there is no $file: ./init.sh makes it" >&2
  fi
  exit 1
fi
# Its owner may write what init.sh has made read-only.
if [ ! -w "$file" ] && ! chmod u+w "$file" 2>/dev/null; then
  echo "$file belongs to another user, who ran init.sh: sudo ./token.sh" >&2
  exit 1
fi
if [ -s "$file" ]; then
  echo "$file has a token already; empty it to get another: : > $file" >&2
  exit 0
fi
# shellcheck disable=SC2086 # a command with its first words
token=$(${COMPOSE:-docker compose} exec -T gateway /usr/local/bin/bifrost token create prometheus --permission view --expires never)
# Into the same file: a new one would not be seen by the container that has it mounted.
printf '%s\n' "$token" >"$file"
echo "Prometheus has a token."
