#!/usr/bin/env bash
# What a bare Debian container lacks before `npm test` can bring the rest: Python for one peer, certificates for the registries, the library that
# Node 26 is linked with; and the packages that are named: prepare.sh [PACKAGE…].
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

# In a container of a job, the checkout belongs to another user than root: git would not read it.
[ -z "${GITHUB_ENV:-}" ] || printf '%s\n' GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory "GIT_CONFIG_VALUE_0=$PWD" >>"$GITHUB_ENV"

missing=()
for package in ca-certificates git libatomic1 python3 python3-venv "$@"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "ci: nothing is missing"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "ci: needs root to install ${missing[*]}" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
