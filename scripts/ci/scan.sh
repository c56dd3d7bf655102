#!/usr/bin/env bash
# Known weaknesses in what is released: scan.sh DIR. Each SBOM and each image in DIR goes to osv-scanner, built from its source by the version
# that is pinned here and that the checksum database of Go knows. It asks api.osv.dev. Any finding fails; what is accepted stands, with
# its reason and its end, in osv-scanner.toml.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

scanner=github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.6.0
dir=${1:?usage: scan.sh DIR}
shopt -s nullglob
sboms=("$dir"/*.cdx.json)
images=("$dir"/*-image-linux-*.tar)
if [ ${#sboms[@]} = 0 ] || [ ${#images[@]} = 0 ]; then
  echo "scan: $dir has ${#sboms[@]} SBOMs (*.cdx.json) and ${#images[@]} images (*-image-linux-*.tar); there should be both" >&2
  exit 1
fi
for sbom in "${sboms[@]}"; do
  go run "$scanner" scan source --config osv-scanner.toml --lockfile "$sbom"
done
for image in "${images[@]}"; do
  go run "$scanner" scan image --config osv-scanner.toml --archive "$image"
done
echo "scan: ${#sboms[@]} SBOMs and ${#images[@]} images, nothing known"
