#!/usr/bin/env bash
# Installs what the lock file names, and nothing else. A step before one that has a secret: no script of a package runs where the secret is.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

for secret in BIFROST_RELEASE_KEY BIFROST_KUBECONFIG BIFROST_TOKEN GH_TOKEN; do
  if [ -n "${!secret:-}" ]; then
    echo "install: $secret is in the environment: install before the step that has it" >&2
    exit 4
  fi
done
node scripts/bootstrap.js install
