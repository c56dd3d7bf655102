#!/usr/bin/env bash
# Two builds, same bytes: same-bytes.sh DIR OTHER compares two folders of artifacts, file by file.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

first=${1:?usage: same-bytes.sh DIR OTHER}
second=${2:?usage: same-bytes.sh DIR OTHER}
for dir in "$first" "$second"; do
  if [ -z "$(find "$dir" -type f -print -quit)" ]; then
    echo "same-bytes: there is no file in $dir: nothing was built" >&2
    exit 1
  fi
done
diff --recursive --brief "$first" "$second" || {
  echo "same-bytes: the two builds differ; see above" >&2
  exit 5
}
echo "same-bytes: $(find "$first" -type f | wc -l) files are equal"
