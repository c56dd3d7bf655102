#!/usr/bin/env bash
# Builds the site of the documentation into dist-site (or --out DIR) and fails when a link leads nowhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec node scripts/bootstrap.js site "$@"
