#!/usr/bin/env bash
# Signs a release: sign.sh DIR. Writes manifest.json.sig beside manifest.json, and looks at the whole as a box would: what no box would take is
# not signed in vain. The private key (ed25519, PEM) is in BIFROST_RELEASE_KEY, which only the protected environment `release` has; it
# touches no disk but the memory file system.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

dir=${1:?usage: sign.sh DIR}
if [ -z "${BIFROST_RELEASE_KEY:-}" ]; then
  echo "sign: BIFROST_RELEASE_KEY is empty: this runs in the environment 'release', which has the key" >&2
  exit 4
fi
pem=$BIFROST_RELEASE_KEY
unset BIFROST_RELEASE_KEY
# Nothing to do after install.sh; at a desk, packages come without the key in their environment.
node scripts/bootstrap.js install
umask 077
key=$(mktemp -p /dev/shm bifrost-key.XXXXXX)
trap 'rm -f "$key"' EXIT
printf '%s\n' "$pem" >"$key"
bin/launch scripts/ci/sign-manifest.ts --dir "$dir" --key "$key"
bin/bifrost update verify "$dir"
