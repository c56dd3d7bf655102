#!/usr/bin/env bash
# The access of one environment to its cluster: kubectl.sh, with the kubeconfig in BIFROST_KUBECONFIG (a secret of that environment). It is
# put where kubectl looks, in memory, readable by nobody else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

if [ -z "${BIFROST_KUBECONFIG:-}" ]; then
  echo "kubectl: BIFROST_KUBECONFIG is empty: the environment has no such secret" >&2
  exit 4
fi
umask 077
file=$(mktemp -p /dev/shm bifrost-kubeconfig.XXXXXX)
printf '%s\n' "$BIFROST_KUBECONFIG" >"$file"
[ -z "${GITHUB_ENV:-}" ] || echo "KUBECONFIG=$file" >>"$GITHUB_ENV"
echo "kubectl: access is in place"
