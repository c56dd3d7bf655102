#!/usr/bin/env bash
# The tests: all, or one group of scripts/ci/test-groups.ts (unit, integration, interop, security). `--list GROUP` names its files.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

# A peer that could have been installed and is missing fails its tests here instead of skipping them.
[ "$(id -u)" = 0 ] && export BIFROST_REQUIRE_PEERS=1
export BIFROST_TEST_OUTAGE_MS=60000 # the broker is away for a minute
export BIFROST_KILLS=50             # kill -9, over all tests that do it
export BIFROST_CUTS=5               # power cuts of a virtual machine
export BIFROST_SECOND_RUN=1         # of few files that fail, alone and named: docs/decisions/0035-a-second-run.md

if [ "${1:-}" = --list ]; then
  exec bin/launch scripts/ci/test-groups.ts "${2:?a group}"
fi
group=${1:-all}
if [ "$group" = all ]; then
  exec npm test --silent
fi
node scripts/bootstrap.js install # installs what the lock file names
list=$(bin/launch scripts/ci/test-groups.ts "$group")
mapfile -t files <<<"$list"
exec npm test --silent -- "${files[@]}"
