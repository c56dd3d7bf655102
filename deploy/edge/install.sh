#!/bin/sh
# Installs, upgrades, takes back and removes Bifrost on an edge box: Linux with systemd, x86-64 or arm64. What it installs comes from a
# release: a folder, such as an offline bundle on a stick, or an https:// address. Nothing of a release is believed before one of the two keys
# below has signed its manifest, and nothing of it is unpacked before its size and hash are those of the manifest. Whatever goes wrong (full
# disk, Ctrl-C, kill, a version that does not come up) leaves the version that ran.   Formats and order: src/release/FORMAT.md
set -eu
umask 022

usage() {
  cat <<'TEXT'
usage: install.sh [install] [--from FOLDER|URL] [--allow-downgrade] [--channel NAME] [--trust FILE] [--no-start] [--dry-run]
       install.sh rollback [--dry-run]       back to the version before
       install.sh uninstall [--purge] [--dry-run]
  --from             the release (default: the folder of this script)
  --allow-downgrade  take a version that is older than the installed one, or another build of it
  --channel NAME     take a release of this channel (default: `channel` of update.yaml; any where there is none)
  --trust FILE       public keys (PEM) to trust in the place of the pinned ones: builds of your own
  --no-start         install, and neither enable nor start
  --purge            also configuration, data and the user bifrost: there is no way back
  --dry-run          verify, and say what would be done
TEXT
}

# The same as in src/release/keys.ts; a test compares them.
pinned_keys() {
  cat <<'PEM'
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEANKsnLCqZ8yboy580CjjLHRkwKEMdaPCLPeQah0ZeMlI=
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAQEiPGF7rF5/LlmRLzGQM3jkufTSXXyQD5+OIdgEKEsI=
-----END PUBLIC KEY-----
PEM
}

# Below another root in tests and when an image of a box is made.
root=${BIFROST_UPDATE_ROOT:-}
prefix=$root/opt/bifrost
state=$root/var/lib/bifrost-update
data=$root/var/lib/bifrost
etc=$root/etc/bifrost
units=$root/etc/systemd/system
command=$root/usr/local/bin/bifrost
edge_units="bifrost.service bifrost-update.service bifrost-update.timer bifrost-update-gate.service"
# They come along, and are not switched on: docs/guide/backup.md.
backup_timers="bifrost-backup.timer bifrost-backup-daily.timer bifrost-drill.timer"
backup_units="$backup_timers bifrost-backup.service bifrost-backup-daily.service bifrost-drill.service"
reserve_kib=49152
scratch=
incoming=
locked=

say() { echo "$*"; }
warn() { echo "install.sh: $*" >&2; }
die() {
  warn "$*"
  exit 1
}
# What changes something goes through here, so that --dry-run is the same way.
run() {
  if [ -n "$dry_run" ]; then say "  would: $*"; else "$@"; fi
}

# Runs at every end that is not kill -9: what was half done goes, what ran goes on.
clean_up() {
  status=$?
  trap - EXIT HUP INT TERM
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  if [ -n "$incoming" ]; then rm -rf "$incoming"; fi
  if [ -n "$locked" ]; then rm -f "$state/lock"; fi
  exit "$status"
}

need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || die "needs $tool, which this machine does not have (Debian: apt-get install openssl coreutils util-linux tar gzip)"
  done
}

check_machine() {
  [ "$(id -u)" = 0 ] || [ -n "$root" ] || [ -n "$dry_run" ] || die "needs root: run it with sudo"
  [ "$(uname -s)" = Linux ] || die "this is $(uname -s), and Bifrost for edge boxes runs on Linux"
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "this machine is $(uname -m); there are releases for x86_64 and aarch64" ;;
  esac
  [ "$(getconf LONG_BIT)" = 64 ] || die "the kernel is 64 bit and the system is 32 bit: install a 64 bit system"
  need openssl sha256sum tar gzip awk sed df mktemp
  if [ -z "$root" ]; then need setpriv; fi
  case $(openssl version) in
    OpenSSL\ [3-9].*) ;;
    *) die "needs OpenSSL 3 to verify signatures, and finds $(openssl version)" ;;
  esac
}

# Field 22 of /proc/PID/stat: when that process began, so that its number, given to another since, is told apart.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# The file that `bifrost update` takes too (src/release/lock.ts).
lock() {
  [ -z "$dry_run" ] || return 0
  mkdir -p "$state"
  chmod 700 "$state"
  boot=$(cat /proc/sys/kernel/random/boot_id)
  { echo "$$ $(started $$) $boot" >"$state/lock.$$"; } 2>/dev/null || die "cannot write $state/lock: is the disk full or read-only?"
  for try in 1 2; do
    # Linked into place when it says who holds it: one that says nothing is what a power cut left of it.
    if ln "$state/lock.$$" "$state/lock" 2>/dev/null; then
      rm -f "$state/lock.$$"
      locked=yes
      return 0
    fi
    holder='' since='' of_boot=''
    read -r holder since of_boot 2>/dev/null <"$state/lock" || true
    if [ "$of_boot" = "$boot" ] && [ -n "$since" ] && [ "$(started "$holder")" = "$since" ]; then
      rm -f "$state/lock.$$"
      die "another update or installation is under way (process $holder)"
    fi
    # When two see it at once, the second has moved the lock of the first away, and puts it back.
    if [ "$try" = 1 ] && mv -T "$state/lock" "$state/lock.$$-left" 2>/dev/null; then
      [ "$(cat "$state/lock.$$-left")" = "$holder${since:+ $since}${of_boot:+ $of_boot}" ] || ln "$state/lock.$$-left" "$state/lock" 2>/dev/null || true
      rm -f "$state/lock.$$-left"
    fi
  done
  rm -f "$state/lock.$$"
  die "another update or installation has just begun"
}

# get URL MOST: to stdout.
get() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --proto-redir =https --retry 2 --max-filesize "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O - "$1"
  else
    warn "needs curl or wget for $1"
    return 1
  fi
}

# fetch FILE TO MOST: never more than so many bytes.
fetch() {
  case $from in
    http://127.* | http://localhost[:/]* | https://*)
      # Cut off by head, because a server that does not say how much it sends is not held up by --max-filesize.
      rm -f "$scratch/not-fetched"
      { get "${from%/}/$1" "$3" || : >"$scratch/not-fetched"; } | head -c $(($3 + 1)) >"$2" || die "$1 could not be written: is the disk full?"
      [ "$(wc -c <"$2")" -le "$3" ] || die "$1 is larger than $3 bytes"
      [ ! -e "$scratch/not-fetched" ] || die "$1 could not be fetched from $from"
      ;;
    *://*) die "$from: a release comes from a folder or over https://" ;;
    *)
      [ -f "$from/$1" ] || die "there is no $1 in $from: is it a release? (--from FOLDER)"
      cp "$from/$1" "$2" || die "$1 could not be copied: is the disk full?"
      ;;
  esac
  [ "$(wc -c <"$2")" -le "$3" ] || die "$1 is larger than $3 bytes"
}

# The manifest lies in the scratch folder afterwards, and is signed.
verify_manifest() {
  fetch manifest.json "$scratch/manifest.json" 262144
  fetch manifest.json.sig "$scratch/manifest.json.sig" 16384
  if [ -n "$trust" ]; then cat "$trust" >"$scratch/keys"; else pinned_keys >"$scratch/keys"; fi
  awk -v to="$scratch/key-" '/-----BEGIN PUBLIC KEY-----/ { n++ } n { print >(to n ".pem") }' "$scratch/keys"
  known=
  for key in "$scratch"/key-*.pem; do
    [ -f "$key" ] || die "there is no public key in ${trust:-this installer}"
    id=$(openssl pkey -pubin -in "$key" -outform DER 2>/dev/null | tail -c 32 | sha256sum | cut -c 1-16)
    signature=$(sed -n "s/^$id \([A-Za-z0-9+\/=]*\)$/\1/p" "$scratch/manifest.json.sig" | head -n 1)
    [ -n "$signature" ] || continue
    known="$known $id"
    echo "$signature" | openssl base64 -d -A >"$scratch/signature" 2>/dev/null || true
    if openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$scratch/manifest.json" -sigfile "$scratch/signature" >/dev/null 2>&1; then
      say "signed by $id"
      return 0
    fi
  done
  [ -z "$known" ] || die "the signature of key$known does not fit the manifest: the file was changed after it was signed, or was not copied whole"
  die "the release is not signed by a key that this installer trusts: it is not ours, or you need a newer installer"
}

# A member of the outermost object; the manifest has one a line (encodeManifest).
member() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$scratch/manifest.json" | head -n 1; }

# Prints older, same or newer: what $1 is beside $2 (SemVer 2.0.0, clause 11).
compare() {
  awk -v a="$1" -v b="$2" '
    function part(x, y,   nx, ny) {
      if (x == y) return 0
      if (x == "") return -1
      if (y == "") return 1
      nx = x ~ /^[0-9]+$/; ny = y ~ /^[0-9]+$/
      if (nx && ny) return (x + 0 < y + 0) ? -1 : ((x + 0 > y + 0) ? 1 : 0)
      if (nx != ny) return nx ? -1 : 1
      return (x "") < (y "") ? -1 : 1
    }
    BEGIN {
      sub(/\+.*/, "", a); sub(/\+.*/, "", b)
      pa = pb = ""
      if ((i = index(a, "-"))) { pa = substr(a, i + 1); a = substr(a, 1, i - 1) }
      if ((i = index(b, "-"))) { pb = substr(b, i + 1); b = substr(b, 1, i - 1) }
      split(a, x, "."); split(b, y, ".")
      for (i = 1; i <= 3 && !r; i++) r = part(x[i], y[i])
      if (!r && pa != pb) {
        if (pa == "") r = 1
        else if (pb == "") r = -1
        else {
          n = split(pa, x, "."); m = split(pb, y, ".")
          for (i = 1; i <= (n > m ? n : m) && !r; i++) r = part(i > n ? "" : x[i], i > m ? "" : y[i])
        }
      }
      print (r < 0 ? "older" : (r > 0 ? "newer" : "same"))
    }'
}

read_manifest() {
  [ "$(member format)" = 1 ] || die "the manifest has format $(member format), and this installer knows format 1: take the installer of that release"
  [ "$(member product)" = bifrost ] || die "this is a release of $(member product)"
  version=$(member version)
  case $version in
    '' | [!0-9]* | *[!0-9A-Za-z.+-]*) die "the manifest names no version" ;;
  esac
  now=$(date -u +%Y-%m-%dT%H:%M:%S)
  expires=$(member expires)
  case $expires in
    [0-9][0-9][0-9][0-9]-*Z) ;;
    *) die "the manifest does not say until when it holds" ;;
  esac
  [ "$(printf '%s\n%s\n' "$now" "$expires" | LC_ALL=C sort | head -n 1)" = "$now" ] ||
    die "the release $version expired at $expires: take a newer one, or set the clock of this machine if it is wrong (it says ${now}Z)"
  check_clock
  check_channel
  check_version
  # name, bytes and hash of the tarball for this machine
  found=$(awk -v want="$arch" '
    /^    \{/ { name = kind = arch = bytes = hash = "" }
    { gsub(/[",]/, "") }
    $1 == "name:" { name = $2 }
    $1 == "kind:" { kind = $2 }
    $1 == "arch:" { arch = $2 }
    $1 == "bytes:" { bytes = $2 }
    $1 == "sha256:" { hash = $2 }
    /^    \}/ && kind == "tarball" { if (arch == want) print name, bytes, hash; else others = others " " arch }
    END { if (others != "") print others >"/dev/stderr" }' "$scratch/manifest.json" 2>"$scratch/others")
  [ -n "$found" ] || die "the release $version has no tarball for $arch, which this machine is (it has:$(cat "$scratch/others"))"
  # shellcheck disable=SC2086 # three words
  set -- $found
  tarball=$1 bytes=$2 hash=$3
  case $tarball in */* | .*) die "$tarball is no plain file name" ;; esac
  case $bytes in '' | *[!0-9]*) die "the manifest does not say how large $tarball is" ;; esac
}

# A day for whoever builds in another zone. A box without a clock of its own wakes up in the past, where nothing has expired yet.
check_clock() {
  created=$(member created)
  case $created in
    [0-9][0-9][0-9][0-9]-*Z) ;;
    *) die "the manifest does not say when it was made" ;;
  esac
  tomorrow=$(date -u -d "@$(($(date -u +%s) + 86400))" +%Y-%m-%dT%H:%M:%S)
  [ "$(printf '%s\n%s\n' "$created" "$tomorrow" | LC_ALL=C sort | head -n 1)" = "$created" ] ||
    die "the clock of this machine says ${now}Z, and the release $version was made at $created: set the clock (date -s), by which is judged whether a release has expired"
}

# setting NAME: what update.yaml says, where it says it as it is delivered: one member a line.
setting() { sed -n "s/^$1:[[:space:]]*[\"']\{0,1\}\([^\"'#[:space:]]*\).*/\1/p" "$etc/update.yaml" 2>/dev/null | head -n 1; }

# Sets `seconds`: within how many a new version must be healthy, by the bounds of src/cli/update-settings.ts.
read_seconds() {
  within=$(sed -n 's/^healthyWithin:\([^#]*\).*/\1/p' "$etc/update.yaml" 2>/dev/null | head -n 1 | tr -d "\"' \t\r")
  seconds=$(awk -v text="${within:-20s}" 'BEGIN {
    split("ms 1 s 1000 m 60000 min 60000 h 3600000 d 86400000", words, " ")
    for (i = 1; i < 12; i += 2) each[words[i]] = words[i + 1]
    unit = text
    if (text !~ /^[0-9]+(\.[0-9]+)?(ms|s|m|min|h|d)?$/) exit
    sub(/^[0-9.]+/, "", unit)
    ms = (text + 0) * each[unit == "" ? "ms" : unit]
    if (ms >= 8000 && ms <= 600000) print int((ms + 999) / 1000)
  }')
  [ -n "$seconds" ] || die "$etc/update.yaml: healthyWithin is $within, and must be 8s to 10m (nothing was changed)"
}

# A box stays with its channel, as `bifrost update` does.
check_channel() {
  channel=$(member channel)
  case $channel in
    [a-z]*) case $channel in *[!a-z0-9-]*) die "the manifest names no channel" ;; esac ;;
    *) die "the manifest names no channel" ;;
  esac
  ours=$wanted_channel
  [ -n "$ours" ] || ours=$(setting channel)
  # What the settings do not say is what they default to.
  if [ -z "$ours" ] && [ -f "$etc/update.yaml" ]; then ours=stable; fi
  [ -z "$ours" ] || [ "$ours" = "$channel" ] ||
    die "this is a release of the channel $channel, and this box takes $ours: --channel $channel takes it all the same"
}

# A comparison that says nothing is no leave. Neither is another build of the same version (1.2.3+b): nothing says which of them is the newer.
check_version() {
  [ -n "$installed" ] || return 0
  order=$(compare "$version" "$installed")
  case $order in
    newer) ;;
    same)
      [ "$version" = "$installed" ] || [ -n "$allow_downgrade" ] ||
        die "the release $version is another build of $installed, which is installed, and nothing says that it is newer: --allow-downgrade takes it all the same"
      ;;
    older) [ -n "$allow_downgrade" ] || die "the release $version is older than $installed, which is installed: --allow-downgrade takes it all the same" ;;
    *) die "$version and $installed cannot be compared" ;;
  esac
  minimum=$(member minimumFrom)
  if [ "$order" = newer ] && [ -n "$minimum" ] && [ "$(compare "$installed" "$minimum")" = older ]; then
    die "the release $version can be taken from $minimum on, and $installed is installed: take $minimum first"
  fi
}

# check_space FOLDER KIB WHAT: with what the gateway needs beside it.
check_space() {
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge $(($2 + reserve_kib)) ] || die "$3 needs $((($2 + reserve_kib) / 1024 + 1)) MiB, and $folder has $((free / 1024)) MiB left: nothing was changed"
}

unpack() {
  rm -rf "$prefix"/.incoming-*
  mkdir -p "$prefix/versions"
  check_space "$prefix" $((bytes * 4 / 1024)) "installing $version"
  incoming=$prefix/.incoming-$version
  mkdir "$incoming"
  fetch "$tarball" "$incoming/$tarball" "$bytes"
  [ "$(wc -c <"$incoming/$tarball")" = "$bytes" ] || die "$tarball has $(wc -c <"$incoming/$tarball") bytes and should have $bytes: it was not copied whole"
  [ "$(sha256sum <"$incoming/$tarball" | cut -d ' ' -f 1)" = "$hash" ] || die "$tarball is not what the manifest says: it was damaged or exchanged"
  check_space "$prefix" $(($(gzip -l "$incoming/$tarball" | awk 'NR == 2 { print $2 }') / 1024)) "unpacking $version"
  tar -xzf "$incoming/$tarball" -C "$incoming" --no-same-owner || die "$tarball could not be unpacked: is the disk full?"
  fresh=$incoming/bifrost-$version
  [ -x "$fresh/bin/bifrost" ] || die "$tarball holds no bifrost-$version/bin/bifrost"
  for file in $edge_units bifrost-gate gateway-edge.yaml update.yaml; do
    [ -f "$fresh/share/edge/$file" ] || die "the release $version has no share/edge/$file: it is not made for edge boxes"
  done
  said=$("$fresh/bin/bifrost" version 2>&1) || true
  [ "$said" = "$version" ] || die "$version does not run on this machine: $said"
  sync
  rm -rf "$prefix/versions/$version"
  mv "$fresh" "$prefix/versions/$version"
  rm -rf "$incoming"
  incoming=
}

make_user() {
  id bifrost >/dev/null 2>&1 || run useradd --system --user-group --home-dir /var/lib/bifrost --no-create-home --shell /usr/sbin/nologin bifrost
}

# own MODE OWNER PATH: owners only where root can give them.
own() {
  chmod "$1" "$3"
  if [ "$(id -u)" = 0 ] && [ -z "$root" ]; then chown "$2" "$3"; fi
}

# put_in_etc FILE NAME MODE OWNER: into the folder that the gateway may write as well. The name of the new file is one that was not there
# (mktemp), the file is root's and the folder sticky until it is whole, and the rename replaces a link rather than follows it.
put_in_etc() {
  new=$(mktemp "$etc/.$2.XXXXXX") || die "$etc/$2 could not be written: is the disk full?"
  if ! cat "$1" >"$new"; then
    rm -f "$new"
    die "$etc/$2 could not be written: is the disk full?"
  fi
  chmod "$3" "$new"
  if [ "$(id -u)" = 0 ] && [ -z "$root" ]; then chown -h "$4" "$new"; fi
  sync "$new"
  mv -Tf "$new" "$etc/$2"
  sync "$etc"
}

# A link would make root read or write what somebody else chose.
refuse_links() {
  for name in bifrost.yaml update.yaml; do
    [ ! -L "$etc/$name" ] || die "$etc/$name is a link to $(readlink "$etc/$name"): put a file in its place, or remove it (nothing was changed)"
  done
}

# What is there stays as it is: configuration is the owner's.
make_folders() {
  mkdir -p "$etc" "$data" "$units" "$(dirname "$command")"
  # The gateway may change its configuration by the page; sticky, so that it can neither change nor replace what is root's beside it.
  own 1770 root:bifrost "$etc"
  own 750 bifrost:bifrost "$data"
  refuse_links
  [ -e "$etc/bifrost.yaml" ] || put_in_etc "$edge/gateway-edge.yaml" bifrost.yaml 640 bifrost:bifrost
  if [ ! -e "$etc/update.yaml" ]; then
    # The box goes on with the channel that it begins with.
    sed "s/^channel: .*/channel: $channel/" "$edge/update.yaml" >"$scratch/update.yaml"
    put_in_etc "$scratch/update.yaml" update.yaml 644 root:root
  fi
}

# put_units VERSION: its units and its gate, by the gate that came with it.
put_units() {
  "$prefix/versions/$1/share/edge/bifrost-gate" units "$1" || die "the units of $1 could not be written: is the disk full?"
  ln -sfn /opt/bifrost/current/bin/bifrost "$command"
  if [ -n "$systemd" ]; then systemctl daemon-reload; fi
}

# write NAME TEXT: into the state folder, whole or not at all, and on the disk before anything else happens.
write() {
  printf '%s\n' "$2" >"$state/$1.new" || die "$state/$1 could not be written: is the disk full?"
  sync "$state/$1.new"
  mv -f "$state/$1.new" "$state/$1"
  sync "$(dirname "$state/$1")"
}

move_link() {
  ln -sfn "versions/$1" "$prefix/.current.new"
  mv -Tf "$prefix/.current.new" "$prefix/current"
  sync
}

as_gateway() {
  if [ -n "$root" ] || [ "$(id -u)" != 0 ]; then
    "$@"
  elif id bifrost >/dev/null 2>&1 && command -v setpriv >/dev/null 2>&1; then
    setpriv --reuid=bifrost --regid=bifrost --init-groups "$@"
  else
    echo "there is no user bifrost, or no setpriv: $1 is not run as root in its place"
    return 1
  fi
}

history() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1 $2 $3 $4" >>"$state/history"; }

install_fresh() {
  rm -f "$state/trial" "$state/tries" "$state/units"
  put_units "$version"
  move_link "$version"
  history - "$version" installed "for the first time"
  if [ -z "$systemd" ]; then
    say "$version is installed; systemd does not run here, so nothing was started"
  elif [ -n "$no_start" ]; then
    say "$version is installed; start it with: systemctl enable --now bifrost bifrost-update.timer bifrost-update-gate"
  else
    systemctl enable --quiet bifrost.service bifrost-update-gate.service
    systemctl enable --quiet --now bifrost-update.timer
    systemctl restart --no-block bifrost.service
    if "$prefix/bifrost-gate" wait 60; then say "$version runs"; else die "$version is installed and is not healthy: journalctl -u bifrost"; fi
  fi
}

# What is on trial is left to the gate: another switch would take its former version away from it, and the same once more would exchange the judge.
refuse_in_trial() {
  on_trial=$(sed -n 's/^to=//p' "$state/trial" 2>/dev/null | tail -n 1)
  if [ -n "$on_trial" ] && [ "$on_trial" = "$installed" ]; then
    die "$on_trial is on trial: wait for the verdict of the gate (journalctl -u bifrost-update-gate), or go back: install.sh rollback"
  fi
}

# Reads `current`, which may change until the lock is held. A link that leads to nothing is repaired by an installation.
read_link() {
  link=$(readlink "$prefix/current" 2>/dev/null || true)
  installed=${link#versions/}
  if [ "$action" = install ] && [ -n "$installed" ] && [ ! -x "$prefix/current/bin/bifrost" ]; then
    warn "$prefix/current leads to $link, which is not there or not whole: Bifrost counts as not installed"
    installed=
  fi
}

# The way of `bifrost update`: copy, trial, link, restart, verdict of the gate.
upgrade() {
  said=$(as_gateway "$prefix/versions/$version/bin/bifrost" check -c "$etc/bifrost.yaml" 2>&1) || {
    rm -rf "$prefix/versions/$version"
    die "$version does not take the present configuration, $installed goes on:
$said"
  }
  if [ -z "$systemd" ] || [ -n "$no_start" ]; then
    put_units "$version"
    move_link "$version"
    history "$installed" "$version" installed "not started"
    write previous "$installed"
    say "$version is installed in the place of $installed; nothing was started"
    return 0
  fi
  copy=config/$(date -u +%Y-%m-%dT%H%M%SZ)-$installed-to-$version
  mkdir -p "$state/config"
  cp -a "$etc" "$state/$copy" || {
    rm -rf "${state:?}/$copy"
    die "the configuration could not be copied: is the disk full?"
  }
  rm -f "$state/bad/$version" "$state/tries"
  # The copy is on the disk before the trial that names it, and the trial before the link: they may lie on different file systems.
  sync
  write trial "from=$installed
to=$version
began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
seconds=$seconds
config=$copy
url=$(setting health)
invocation=$(systemctl show bifrost.service -p InvocationID --value)"
  move_link "$version"
  # The judge starts it, and brings the units: that of the gateway with it, the others and itself when it is confirmed.
  say "$version is on trial: it has $seconds s to become healthy"
  systemctl start bifrost-update-gate.service || true
  if [ ! -f "$state/trial" ] && [ "$(readlink "$prefix/current")" = "versions/$version" ]; then
    systemctl enable --quiet bifrost.service bifrost-update-gate.service
    systemctl enable --quiet --now bifrost-update.timer
    say "$version runs and is confirmed; $installed stays for: install.sh rollback"
    prune
    return 0
  fi
  [ ! -f "$state/trial" ] || die "$version did not come up, and the gate could not go back to $installed yet: journalctl -u bifrost-update-gate"
  die "$version did not come up, $installed runs again: $(head -n 1 "$state/bad/$version" 2>/dev/null || echo "see $state/history")"
}

# Flash is small: what runs, the one before and the newest of the others stay, as `bifrost update` leaves them; and six copies of the configuration.
prune() {
  newest=
  for folder in "$prefix"/versions/*; do
    one=${folder##*/}
    case $one in "$version" | "$installed") continue ;; esac
    if [ -z "$newest" ] || [ "$(compare "$one" "$newest")" = newer ]; then newest=$one; fi
  done
  for folder in "$prefix"/versions/*; do
    case ${folder##*/} in "$version" | "$installed" | "$newest") continue ;; esac
    rm -rf "$folder"
    say "removed ${folder##*/}"
  done
  set -- "$state"/config/*
  while [ $# -gt 6 ]; do
    rm -rf "$1"
    shift
  done
}

do_install() {
  check_machine
  lock
  read_link
  refuse_links
  scratch=$(mktemp -d)
  verify_manifest
  read_manifest
  refuse_in_trial
  if [ -n "$installed" ] && [ "$installed" != "$version" ]; then read_seconds; fi
  if [ "$installed" = "$version" ]; then
    say "$version is installed already; user, folders and units are put right"
  else
    say "${installed:-nothing} → $version, $tarball"
  fi
  if [ -n "$dry_run" ]; then
    check_space "$prefix" $((bytes * 4 / 1024)) "installing $version"
    say "  would: fetch, verify and unpack $tarball to $prefix/versions/$version"
    make_user
    say "  would: make $etc and $data where they are missing, write units and timers to $units, move $prefix/current"
    if [ -n "$installed" ] && [ "$installed" != "$version" ]; then say "  would: restart, wait $seconds s for health, go back to $installed without it"; fi
    say "nothing was changed"
    return 0
  fi
  if [ "$installed" != "$version" ]; then unpack; fi
  edge=$prefix/versions/$version/share/edge
  if [ -z "$root" ]; then make_user; fi
  make_folders
  if [ -z "$installed" ]; then
    install_fresh
  elif [ "$installed" != "$version" ]; then
    upgrade
  else
    put_units "$version"
    if [ -n "$systemd" ] && [ -z "$no_start" ]; then
      systemctl enable --quiet bifrost.service bifrost-update-gate.service
      systemctl enable --quiet --now bifrost-update.timer
      systemctl start bifrost.service
    fi
  fi
}

# The gate puts accounts and configuration back where the former version cannot read them. It is not asked under the lock, which whoever switched
# holds until there is a verdict; this is one.
leave_trial() {
  say "$installed → $previous, from which it was switched"
  if [ -n "$dry_run" ]; then return 0; fi
  [ -n "$systemd" ] || die "$installed is on trial, and systemd, by which it is judged, does not run here"
  "$prefix/bifrost-gate" back "somebody went back from it to $previous" || die "$installed is not left"
}

# Cut off after the link was moved, the next start puts the units right: the mark says so.
exchange() {
  as_gateway "$prefix/versions/$previous/bin/bifrost" check -c "$etc/bifrost.yaml" >/dev/null 2>&1 ||
    die "$previous does not take the present configuration; copies of earlier ones are in $state/config"
  say "$installed → $previous"
  if [ -n "$dry_run" ]; then return 0; fi
  mkdir -p "$state/bad"
  write "bad/$installed" "$(date -u +%Y-%m-%dT%H:%M:%SZ) somebody went back from it to $previous"
  write units "those of current"
  # What is left of a trial that is over could fit the link again.
  rm -f "$state/trial" "$state/tries"
  move_link "$previous"
  if "$prefix/bifrost-gate" units "$previous"; then rm -f "$state/units"; fi
  if [ -n "$systemd" ]; then systemctl daemon-reload; fi
  write previous "$installed"
  history "$installed" "$previous" rolled-back "somebody asked"
  [ -z "$systemd" ] || systemctl restart --no-block bifrost.service
}

do_rollback() {
  read_link
  [ -n "$installed" ] || die "Bifrost is not installed in $prefix"
  # What is on trial has not become anybody's version before: the one that it was switched from is.
  if [ "$(sed -n 's/^to=//p' "$state/trial" 2>/dev/null | tail -n 1)" = "$installed" ]; then
    how=leave_trial
    previous=$(sed -n 's/^from=//p' "$state/trial" | tail -n 1)
  else
    lock
    read_link
    how=exchange
    previous=$(cat "$state/previous" 2>/dev/null || true)
  fi
  [ -n "$previous" ] || die "there is no version before $installed"
  [ -x "$prefix/versions/$previous/bin/bifrost" ] || die "$previous, the version before $installed, does not lie there any more"
  $how
  if [ -n "$dry_run" ] || [ -z "$systemd" ]; then return 0; fi
  sleep 1
  "$prefix/bifrost-gate" wait 30 || die "$previous is installed and is not healthy: journalctl -u bifrost"
  [ ! -f "$state/units" ] || die "$previous runs, but not all of its units could be written (is the disk full?): its next start tries again"
  say "$previous runs again"
}

do_uninstall() {
  [ -n "$dry_run" ] || lock
  if [ -n "$systemd" ]; then
    for unit in $backup_timers bifrost-backup.service bifrost-backup-daily.service bifrost-drill.service bifrost-update.timer bifrost-update.service bifrost-update-gate.service bifrost.service; do
      [ ! -f "$units/$unit" ] || run systemctl disable --quiet --now "$unit"
    done
  fi
  for file in $edge_units $backup_units; do run rm -f "$units/$file"; done
  run rm -f "$command"
  run rm -rf "$prefix" "$root/var/cache/bifrost" "$root/var/cache/bifrost-update" "$root/var/cache/bifrost-backup"
  if [ -n "$systemd" ] && [ -z "$dry_run" ]; then systemctl daemon-reload; fi
  if [ -n "$purge" ]; then
    run rm -rf "$etc" "$data" "$state" "$units/bifrost.service.d" "$root/etc/default/bifrost" "$root/etc/default/bifrost-update" "$root/etc/default/bifrost-backup"
    if [ -z "$root" ] && id bifrost >/dev/null 2>&1; then run userdel bifrost; fi
    say "Bifrost is removed, with configuration and data"
  else
    run rm -rf "$state/trial" "$state/tries" "$state/units" "$state/bad" "$state/previous" "$state/download"
    say "Bifrost is removed; $etc, $data and $state/config stay (--purge removes them too)"
  fi
}

action=install
from=$(cd "$(dirname "$0")" && pwd -P)
allow_downgrade='' wanted_channel='' trust='' no_start='' purge='' dry_run='' installed='' systemd=''
case ${1:-} in
  install | rollback | uninstall)
    action=$1
    shift
    ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --from | --trust | --channel)
      [ $# -ge 2 ] || {
        usage >&2
        exit 2
      }
      case $1 in
        --from) from=$2 ;;
        --trust) trust=$2 ;;
        --channel) wanted_channel=$2 ;;
      esac
      shift
      ;;
    --allow-downgrade) allow_downgrade=yes ;;
    --no-start) no_start=yes ;;
    --purge) purge=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      warn "$1 is not understood"
      usage >&2
      exit 2
      ;;
  esac
  shift
done
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -d /run/systemd/system ] || [ -n "${BIFROST_INSTALL_SYSTEMD:-}" ]; then systemd=yes; fi
if [ -n "$root" ] && [ -z "${BIFROST_INSTALL_SYSTEMD:-}" ]; then systemd=; fi
case $action in
  install) do_install ;;
  rollback)
    [ "$(id -u)" = 0 ] || [ -n "$root" ] || [ -n "$dry_run" ] || die "needs root: run it with sudo"
    do_rollback
    ;;
  uninstall)
    [ "$(id -u)" = 0 ] || [ -n "$root" ] || [ -n "$dry_run" ] || die "needs root: run it with sudo"
    do_uninstall
    ;;
esac
