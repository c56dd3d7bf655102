#!/usr/bin/env bash
# All artifacts of a release: build-release.sh OUT. Container images for both architectures, then everything else and the manifest that names
# all of them, unsigned. Times inside are those of the commit, so that two runs make the same bytes.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

out=$(realpath -m "${1:?usage: build-release.sh OUT}")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# A key in the environment would sign here, where nobody approved.
unset BIFROST_RELEASE_KEY
node scripts/bootstrap.js install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin/launch scripts/release/stage.ts --out "$work/stage"
version=$(bin/launch -p 'JSON.parse(fs.readFileSync("package.json", "utf8")).version')
add=()
for arch in x64 arm64; do
  image=$work/bifrost-$version-image-linux-$arch.tar
  bin/launch scripts/image/build.ts --stage "$work/stage" --arch "$arch" --out "$image"
  add+=(--add "image:$arch:$image")
done
# A candidate is nothing for boxes of the channel stable.
channel=stable
[[ $version != *-* ]] || channel=beta
bin/launch scripts/release/release.ts --out "$out" --channel "$channel" "${add[@]}"
