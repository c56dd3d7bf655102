#!/bin/bash
# Makes a whole release twice, in two folders and two surroundings, compares the bytes, and uses what came out: tarballs, single
# executables (arm64 under qemu), the Debian package in a fresh Debian. Needs git, openssl, binutils, binutils-aarch64-linux-gnu,
# qemu-user-static with libc6-arm64-cross, libstdc++6-arm64-cross and libatomic1-arm64-cross, lintian, mmdebstrap; root for the last part.
# The last output: docs/design/release-run.md.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/bifrost-try-release.XXXXXX")
trap 'rm -rf "$work"' EXIT
say() { printf '\n## %s\n' "$*"; }
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")
qemu=(qemu-aarch64-static -L /usr/aarch64-linux-gnu)

say "Two checkouts of $(git -C "$root" rev-parse --short HEAD), each with the packages of the lock file"
git clone -q "$root" "$work/one"
(cd "$work/one" && npm ci --silent --no-audit --no-fund --ignore-scripts)
mkdir -p "$work/deep/er/two"
cp -a "$work/one/." "$work/deep/er/two/"
openssl genpkey -algorithm ed25519 -out "$work/key.pem"
openssl pkey -in "$work/key.pem" -pubout -out "$work/trust.pem"

make_release() { bin/launch scripts/release/release.ts --out "$1" --key "$work/key.pem" --allow-unpinned "${@:2}"; }

say "One"
(cd "$work/one" && make_release "$work/first")
say "The other: umask 077, TZ=Asia/Tokyo, LANG=tr_TR.UTF-8"
(cd "$work/deep/er/two" && umask 077 && TZ=Asia/Tokyo LANG=tr_TR.UTF-8 make_release "$work/second" >/dev/null)
diff -r "$work/first" "$work/second"
echo "the same bytes in all $(find "$work/first" -type f | wc -l) files"

say "Control: SOURCE_DATE_EPOCH one second later gives other bytes"
later=$(($(git -C "$root" log -1 --format=%ct) + 1))
(cd "$work/one" && SOURCE_DATE_EPOCH=$later make_release "$work/third" --arch x64 >/dev/null)
differing=$(diff -rq "$work/first" "$work/third" | grep -c '^Files') || true
[ "$differing" -ge 6 ] || { echo "only $differing files differ"; exit 1; }
echo "$differing files differ"

say "bifrost update verify"
"$root/bin/bifrost" update verify "$work/first" --trust "$work/trust.pem"

say "Tarballs"
for arch in x64 arm64; do
  mkdir "$work/$arch"
  tar -xzf "$work/first/bifrost-$version-linux-$arch.tar.gz" -C "$work/$arch"
  du -sh "$work/$arch/bifrost-$version" | cut -f 1
done
env -i "$work/x64/bifrost-$version/bin/bifrost" version --json
env -i "$work/x64/bifrost-$version/bin/bifrost" check -c "$work/x64/bifrost-$version/share/examples/meters-from-template/bifrost.yaml"
arm=$work/arm64/bifrost-$version
MALLOC_ARENA_MAX=1 "${qemu[@]}" "$arm/node/bin/node" "$arm/dist/main.js" version --json

say "Single executables"
env -i BIFROST_UNPACK="$work/unpacked-x64" "$work/first/bifrost-$version-linux-x64" version --json
MALLOC_ARENA_MAX=1 BIFROST_UNPACK="$work/unpacked-arm64" "${qemu[@]}" "$work/first/bifrost-$version-linux-arm64" version --json

say "Debian packages"
for deb in "$work"/first/*.deb; do
  echo "$(basename "$deb"): $(dpkg-deb -f "$deb" Architecture), $(dpkg-deb -c "$deb" | wc -l) entries, lintian: $(lintian "$deb" 2>/dev/null | grep -c '^[EW]:' || true) errors and warnings"
done
if [ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null; then
  mmdebstrap --quiet --variant=minbase --include=adduser,libatomic1,libstdc++6 bookworm "$work/debian" >/dev/null 2>&1
  cp "$work/first/bifrost_${version}_amd64.deb" "$work/debian/x.deb"
  inside() { chroot "$work/debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
  inside dpkg -i /x.deb 2>&1 | tail -2
  inside bifrost version --json
  inside bifrost check -c /etc/bifrost/bifrost.yaml
  inside stat -c '%U:%G %a %n' /etc/bifrost /etc/bifrost/bifrost.yaml /var/lib/bifrost
  inside sh -c 'ls /lib/systemd/system/bifrost-*'
  ! inside grep -l /opt/bifrost -r /lib/systemd/system || { echo "a unit names a path of boxes"; exit 1; }
  inside ls /usr/lib/bifrost/share/backup
  echo '# mine' >>"$work/debian/etc/bifrost/bifrost.yaml"
  inside dpkg -i /x.deb >/dev/null 2>&1
  echo "after installing again: $(tail -1 "$work/debian/etc/bifrost/bifrost.yaml") is still in the configuration"
  inside dpkg -r bifrost >/dev/null 2>&1
  inside ls /etc/bifrost
  inside dpkg -P bifrost >/dev/null 2>&1
  left=$(inside find / -xdev -path /proc -prune -o -path '*bifrost*' -print)
  [ -z "$left" ] || { echo "left after purge: $left"; exit 1; }
  echo 'nothing is left after purge'
fi
say "done"
