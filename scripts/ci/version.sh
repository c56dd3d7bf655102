#!/usr/bin/env bash
# Is this a release? version.sh TAG: the tag, package.json and the changelog say the same version. It is printed, and told to the workflow.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

tag=${1:?usage: version.sh TAG}
node scripts/bootstrap.js install
version=$(bin/launch scripts/ci/release-notes.ts --check "$tag")
echo "$version"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "version=$version" >>"$GITHUB_OUTPUT"
