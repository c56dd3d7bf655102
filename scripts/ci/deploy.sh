#!/usr/bin/env bash
# Brings a version into a cluster: deploy.sh ENVIRONMENT VERSION. The overlay of that name with the image of that version (by digest, where
# BIFROST_IMAGE_DIGEST says it) is compared, applied and waited for. What ran before is written into $BIFROST_DEPLOY_STATE, for rollback.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/env.sh"

environment=${1:?usage: deploy.sh ENVIRONMENT VERSION}
version=${2:?usage: deploy.sh ENVIRONMENT VERSION}
case $environment in
  staging | production) ;;
  *)
    echo "deploy: '$environment' is no environment; there are staging and production" >&2
    exit 2
    ;;
esac
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "deploy: '$version' is no version such as 1.2.3" >&2
  exit 2
fi
overlay=${BIFROST_OVERLAYS:-deploy/kubernetes/overlays}/$environment
[ -d "$overlay" ] || {
  echo "deploy: there is no $overlay" >&2
  exit 2
}
namespace=${BIFROST_NAMESPACE:-bifrost}
workload=${BIFROST_WORKLOAD:-statefulset/bifrost}
state=${BIFROST_DEPLOY_STATE:-.cache/deploy-$environment}
image=${BIFROST_IMAGE:-bifrost}
timeout=${BIFROST_DEPLOY_TIMEOUT:-300s}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kubectl kustomize "$overlay" >"$work/all.yaml"
reference=$image:$version
[ -z "${BIFROST_IMAGE_DIGEST:-}" ] || reference=$image@$BIFROST_IMAGE_DIGEST
# The overlays name the image `bifrost:TAG`; nothing else in them is of this version.
sed -E "s#^( *image: )\"?([^ \"]*/)?bifrost[:@][^ \"]+\"?\$#\1$reference#" "$work/all.yaml" >"$work/deploy.yaml"
grep -qF "image: $reference" "$work/deploy.yaml" || {
  echo "deploy: no container of $overlay runs the image bifrost" >&2
  exit 1
}

mkdir -p "$(dirname "$state")"
# Before anything is changed: the revision to go back to; nothing at the first deployment.
kubectl -n "$namespace" get "$workload" -o 'jsonpath={.status.currentRevision}' >"$state" 2>/dev/null || : >"$state"
echo "deploy: $environment gets $reference; before: $(cat "$state")"
kubectl diff -f "$work/deploy.yaml" || [ $? = 1 ] # 1: there are differences
kubectl apply -f "$work/deploy.yaml"
kubectl -n "$namespace" rollout status "$workload" --timeout="$timeout"
