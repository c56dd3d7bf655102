#!/usr/bin/env bash
# Published weaknesses of the packages that the product is made of, and the registry's signatures on all of them. Needs the npm registry's
# audit service.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

node scripts/bootstrap.js install
npm audit --omit=dev --audit-level=low
npm audit signatures
