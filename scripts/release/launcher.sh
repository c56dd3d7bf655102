#!/bin/sh
# The command `bifrost` of an installed product, also through symbolic links. Node is the one that came along (node/bin/node beside
# this folder), the one that BIFROST_NODE names, or the machine's own when it is new enough. The settings are those that only count
# before a process starts; what the environment says already stays. `exec` keeps one process: signals arrive.
set -u

self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P)

# glibc: one heap for all threads instead of one each, where freed memory lies about.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
# Compiled code is kept between starts: where systemd gives a folder for it, else beside the program when that can be written. Below
# /usr is only what a package put there: then in the folder of whoever starts it.
if [ -z "${NODE_COMPILE_CACHE:-}" ]; then
  if [ -n "${CACHE_DIRECTORY:-}" ]; then
    export NODE_COMPILE_CACHE="${CACHE_DIRECTORY%%:*}/compiled"
  else
    case $root in
      /usr/*)
        if [ -d "${HOME:-}" ]; then
          export NODE_COMPILE_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/bifrost/compiled"
        else
          export NODE_DISABLE_COMPILE_CACHE=1
        fi
        ;;
      *) if [ -w "$root" ]; then export NODE_COMPILE_CACHE="$root/.cache/compiled"; fi ;;
    esac
  fi
fi
# V8: the young generation may grow to three times this, in MiB; the old one is collected when it has grown by half since the last
# time. NODE_OPTIONS may say otherwise of the first, V8 allows nobody to say it of the second. BIFROST_MEMORY=small is for boxes of 256 MB:
# collected early from the size on that it takes anyway, code kept small, and buffers given back to the system.
growth=50
if [ "${BIFROST_MEMORY:-}" = small ]; then
  growth=15
  export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-16384}" MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-65536}"
fi
set -- "$root/dist/main.js" "$@"
case ${NODE_OPTIONS:-} in
  *max-semi-space-size* | *max_semi_space_size*) ;;
  *) set -- --max-semi-space-size=2 "$@" ;;
esac
set -- "--heap-growing-percent=$growth" "$@"
if [ "${BIFROST_MEMORY:-}" = small ]; then set -- --optimize-for-size --initial-heap-size=48 "$@"; fi

if [ -n "${BIFROST_NODE:-}" ]; then
  exec "$BIFROST_NODE" "$@"
fi
if [ -x "$root/node/bin/node" ]; then
  exec "$root/node/bin/node" "$@"
fi
if command -v node >/dev/null 2>&1; then
  version=$(node -p 'process.versions.node')
  if [ "${version%%.*}" -ge 24 ] 2>/dev/null; then
    exec node "$@"
  fi
  found="this machine has Node $version"
else
  found="this machine has no Node"
fi
echo "bifrost: needs Node 24 or newer, and $found." >&2
echo "  Name one with BIFROST_NODE=/path/to/node, or install one: https://nodejs.org/download" >&2
exit 1
