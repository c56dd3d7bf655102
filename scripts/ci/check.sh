#!/usr/bin/env bash
# Types, lint, format, unused code, architecture.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"
exec npm run --silent check
