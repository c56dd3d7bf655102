#!/usr/bin/env bash
# Looks whether what was deployed does its work: smoke.sh VERSION, the gateway in BIFROST_URL, a token that may view in BIFROST_TOKEN.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

version=${1:?usage: smoke.sh VERSION}
node scripts/bootstrap.js install
bin/launch scripts/ci/smoke.ts --url "${BIFROST_URL:?the address of the gateway}" --version "$version" --wait "${BIFROST_SMOKE_WAIT:-120}"
