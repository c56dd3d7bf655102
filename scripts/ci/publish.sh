#!/usr/bin/env bash
# Publishes a signed release: publish.sh VERSION DIR. Images go to $BIFROST_IMAGE (one list for both architectures) and get a signature of this
# workflow's identity; files and notes become a release of the repository. Nothing is published that no box would take.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

cosign=github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
version=${1:?usage: publish.sh VERSION DIR}
dir=${2:?usage: publish.sh VERSION DIR}
image=${BIFROST_IMAGE:?the place of the image, such as registry.example.com/bifrost/bifrost}
[ -s "$dir/manifest.json.sig" ] || {
  echo "publish: $dir has no manifest.json.sig: run sign.sh before" >&2
  exit 1
}
node scripts/bootstrap.js install
bin/bifrost update verify "$dir"
notes=$(bin/launch scripts/ci/release-notes.ts "$version")

# The format of Docker: an OCI image has no health check. The folder of the login is where cosign looks for it too.
auth=$HOME/.docker/config.json
mkdir -p "$(dirname "$auth")"
buildah login --authfile "$auth" --username "${BIFROST_REGISTRY_USER:-${GITHUB_ACTOR:-}}" --password-stdin "${image%%/*}" <<<"${GH_TOKEN:-}"
buildah manifest create "bifrost-$version"
for arch in x64 arm64; do
  buildah manifest add "bifrost-$version" "docker-archive:$dir/bifrost-$version-image-linux-$arch.tar"
done
digestfile=$(mktemp)
trap 'rm -f "$digestfile"' EXIT
buildah manifest push --format v2s2 --authfile "$auth" --all --digestfile "$digestfile" "bifrost-$version" "docker://$image:$version"
digest=$(cat "$digestfile")
go run "$cosign" sign --yes "$image@$digest"

flags=()
[[ $version == *-* ]] && flags+=(--prerelease)
gh release create "v$version" --verify-tag --title "v$version" --notes "$notes" "${flags[@]}" "$dir"/*
echo "publish: $image@$digest"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "digest=$digest" >>"$GITHUB_OUTPUT"
