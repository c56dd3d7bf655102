#!/usr/bin/env bash
# Brings a version into a cluster: deploy.sh ENVIRONMENT VERSION. The overlay of that name with the image of that version, by its digest in
# BIFROST_IMAGE_DIGEST, is compared, applied and waited for. What ran before is written into $BIFROST_DEPLOY_STATE, for rollback.sh.
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
state=${BIFROST_DEPLOY_STATE:-.cache/deploy-$environment}
# What an earlier deployment noted is nothing to go back to when this one ends before it changed anything.
rm -f "$state"
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "deploy: '$version' is no version such as 1.2.3" >&2
  exit 2
fi
# Both become a part of a script for sed, whose commands may start programs: nothing but what a name and a digest are made of.
image=${BIFROST_IMAGE:-bifrost}
if ! [[ $image =~ ^[a-z0-9]+([.-][a-z0-9]+)*(:[0-9]{1,5})?(/[a-z0-9]+([._-][a-z0-9]+)*)*$ ]]; then
  echo "deploy: BIFROST_IMAGE '$image' is no image such as registry.example.com/bifrost/bifrost" >&2
  exit 2
fi
digest=${BIFROST_IMAGE_DIGEST:-}
if ! [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]]; then
  echo "deploy: BIFROST_IMAGE_DIGEST '$digest' is no digest: sha256: and 64 hex digits" >&2
  exit 2
fi
overlay=${BIFROST_OVERLAYS:-deploy/kubernetes/overlays}/$environment
[ -d "$overlay" ] || {
  echo "deploy: there is no $overlay" >&2
  exit 2
}
namespace=${BIFROST_NAMESPACE:-bifrost}
workload=${BIFROST_WORKLOAD:-statefulset/bifrost}
timeout=${BIFROST_DEPLOY_TIMEOUT:-300s}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kubectl kustomize "$overlay" >"$work/all.yaml"
reference=$image@$digest
# The overlays name the image `bifrost:TAG`; nothing else in them is of this version.
sed -E "s#^( *image: )\"?([^ \"]*/)?bifrost[:@][^ \"]+\"?\$#\1$reference#" "$work/all.yaml" >"$work/deploy.yaml"
grep -qF "image: $reference" "$work/deploy.yaml" || {
  echo "deploy: no container of $overlay runs the image bifrost" >&2
  exit 1
}

mkdir -p "$(dirname "$state")"
# Before anything is changed: the revision to go back to; nothing at the first deployment. A cluster that does not answer is not one of those.
before=$(kubectl -n "$namespace" get "$workload" --ignore-not-found -o 'jsonpath={.status.currentRevision}') || {
  echo "deploy: what runs in $environment could not be asked; nothing was changed" >&2
  exit 1
}
printf '%s' "$before" >"$state"
echo "deploy: $environment gets $reference; before: ${before:-nothing}"
kubectl diff -f "$work/deploy.yaml" || [ $? = 1 ] # 1: there are differences
kubectl apply -f "$work/deploy.yaml"
kubectl -n "$namespace" rollout status "$workload" --timeout="$timeout"
