#!/usr/bin/env bash
# Benchmarks with their peers, repeated, against bench/baseline.json: bench.sh [OUT]. Exit 5: something is slower than noise explains.
# BIFROST_BENCH_ROUNDS, BIFROST_BENCH_NAMES: fewer of them, to try it. `--accept` makes this run the baseline.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

accept=no
if [ "${1:-}" = --accept ]; then
  accept=yes
  shift
fi
out=${1:-bench-result.json}
node scripts/bootstrap.js install # installs what the lock file names
read -ra names <<<"${BIFROST_BENCH_NAMES:-file redis mqtt}"
bin/launch scripts/ci/measure-bench.ts --out "$out" --rounds "${BIFROST_BENCH_ROUNDS:-9}" "${names[@]}"
if [ "$accept" = yes ]; then
  cp "$out" bench/baseline.json
  echo "bench/baseline.json is this run"
  exit 0
fi
code=0
table=$(bin/launch scripts/ci/compare-bench.ts "${BIFROST_BENCH_BASELINE:-bench/baseline.json}" "$out") || code=$?
echo "$table"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || echo "$table" >>"$GITHUB_STEP_SUMMARY"
exit "$code"
