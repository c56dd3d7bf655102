#!/usr/bin/env bash
# All artifacts of a release: build-release.sh OUT. Tarballs and packages for each architecture, npm package, SBOM, and a container image for each
# architecture out of the same stage. Times inside are those of the commit, so that two runs make the same bytes.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

out=$(realpath -m "${1:?usage: build-release.sh OUT}")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
node scripts/bootstrap.js install
mkdir -p "$out"
bin/launch scripts/release/build.ts --out "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
bin/launch scripts/release/stage.ts --out "$stage/stage"
version=$(bin/launch -p 'JSON.parse(fs.readFileSync("package.json", "utf8")).version')
for arch in x64 arm64; do
  bin/launch scripts/image/build.ts --stage "$stage/stage" --arch "$arch" --out "$out/bifrost-$version-image-linux-$arch.tar"
done
(cd "$out" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum) | tee "$out/SHA256SUMS"
