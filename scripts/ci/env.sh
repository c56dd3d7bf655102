#!/usr/bin/env bash
# Sourced by the scripts beside it: works from the tree's root, and on the Node that BIFROST_NODE_MAJOR asks for.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The lock file brings Node 26 along; a job that tries another says so, and must not run on 26 by mistake.
if [ -n "${BIFROST_NODE_MAJOR:-}" ]; then
  BIFROST_NODE=$(command -v node) || {
    echo "ci: BIFROST_NODE_MAJOR=$BIFROST_NODE_MAJOR, and there is no node in PATH: install it before" >&2
    exit 2
  }
  found=$("$BIFROST_NODE" -p 'process.versions.node')
  if [ "${found%%.*}" != "$BIFROST_NODE_MAJOR" ]; then
    echo "ci: BIFROST_NODE_MAJOR=$BIFROST_NODE_MAJOR, and node in PATH is $found: install Node $BIFROST_NODE_MAJOR before" >&2
    exit 2
  fi
  export BIFROST_NODE
  echo "ci: on Node $found"
fi
