#!/usr/bin/env bash
# Takes a deployment back: rollback.sh ENVIRONMENT. Goes to the revision before, waits for it; at a first deployment there is none.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

environment=${1:?usage: rollback.sh ENVIRONMENT}
namespace=${BIFROST_NAMESPACE:-bifrost}
workload=${BIFROST_WORKLOAD:-statefulset/bifrost}
state=${BIFROST_DEPLOY_STATE:-.cache/deploy-$environment}
if [ ! -e "$state" ]; then
  echo "rollback: deploy.sh ended before it changed anything in $environment" >&2
  exit 0
fi
if [ ! -s "$state" ]; then
  echo "rollback: nothing ran in $environment before; what was deployed stays, to be looked at" >&2
  exit 1
fi
before=$(cat "$state")
# Until the controller has seen what was applied, it still tells of the revision before.
end=$((SECONDS + ${BIFROST_OBSERVE_SECONDS:-60}))
while true; do
  seen=$(kubectl -n "$namespace" get "$workload" -o 'jsonpath={.metadata.generation} {.status.observedGeneration}')
  read -r generation observed <<<"$seen"
  [ -z "$generation" ] || [ "$generation" != "$observed" ] || break
  if [ "$SECONDS" -ge "$end" ]; then
    echo "rollback: the cluster has not looked at generation $generation of $workload (only at ${observed:-none}): nothing was taken back" >&2
    exit 1
  fi
  sleep 1
done
# A revision that did not change (the failure came before the roll-out) needs no way back.
now=$(kubectl -n "$namespace" get "$workload" -o 'jsonpath={.status.updateRevision}')
if [ "$now" = "$before" ]; then
  echo "rollback: $environment still is at $before"
  exit 0
fi
number=$(kubectl -n "$namespace" get controllerrevision "$before" -o 'jsonpath={.revision}')
kubectl -n "$namespace" rollout undo "$workload" --to-revision="$number"
# A pod that never became ready blocks the way back of a StatefulSet: it is removed, its volume stays.
kubectl -n "$namespace" get pods -l "controller-revision-hash=$now" -o name | while read -r pod; do
  kubectl -n "$namespace" delete "$pod" --wait=false
done
kubectl -n "$namespace" rollout status "$workload" --timeout="${BIFROST_DEPLOY_TIMEOUT:-300s}"
echo "rollback: $environment is back at $before"
