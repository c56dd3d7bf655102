/**
 * The pod of a rendered overlay as `podman kube play` can run it on one machine:
 *
 *     kubectl kustomize FOLDER | bin/launch scripts/kubernetes-pod.ts --image IMAGE --port PORT --broker PORT [--bound] > pod.yaml
 *
 * The container is as it is: arguments, environment, security, resources, mounts. Podman knows no StatefulSet, so that it becomes its first pod and
 * the volume of that; what podman 4.3 cannot do is replaced, and each of it named below.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'

const { values } = parseArgs({
  options: {
    image: { type: 'string' },
    port: { type: 'string' },
    broker: { type: 'string' },
    bound: { type: 'boolean' },
  },
})
const { image, port, broker } = values
if (image === undefined || port === undefined || broker === undefined) {
  console.error(
    'usage: kubectl kustomize FOLDER | bin/launch scripts/kubernetes-pod.ts --image IMAGE --port PORT --broker PORT',
  )
  process.exit(2)
}

const objects = parseAllDocuments(readFileSync(0, 'utf8')).map((document) => document.toJS() as { kind: string })
const set = objects.find(({ kind }) => kind === 'StatefulSet') as IStatefulSet | undefined
const template = set?.spec?.template
if (set?.spec === undefined || template?.spec === undefined) throw new Error('there is no StatefulSet in it')
const name = `${set.metadata?.name}-0`
const [container] = template.spec.containers
if (container === undefined) throw new Error('there is no container in it')

// Podman turns httpGet into a call of curl within the container, which has none: the gateway's own client asks the same.
const probe = { exec: { command: ['/usr/local/bin/bifrost', 'health', '--live'] }, initialDelaySeconds: 5, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 6 } // prettier-ignore
const { startupProbe: _, readinessProbe: __, ...kept } = container
const fixed: Record<string, string | undefined> = { BIFROST_URL: `https://127.0.0.1:${port}` }
const claims = (set.spec.volumeClaimTemplates ?? []).map((claim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: `${claim.metadata?.name}-${name}` },
  spec: { accessModes: claim.spec?.accessModes, resources: claim.spec?.resources },
}))
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  // Set by the StatefulSet controller.
  metadata: { name, labels: { ...template.metadata?.labels, 'apps.kubernetes.io/pod-index': '0' } },
  spec: {
    // No network plugin is needed then; the port is another one.
    hostNetwork: true,
    restartPolicy: 'Always',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: template.spec.terminationGracePeriodSeconds,
    securityContext: template.spec.securityContext,
    containers: [
      {
        ...kept,
        image,
        imagePullPolicy: 'Never',
        env: (container.env ?? []).map((one) => (fixed[one.name] === undefined ? one : { name: one.name, value: fixed[one.name] })), // prettier-ignore
        ports: [],
        livenessProbe: probe,
        // /tmp by the flag of the runtime: podman 4.3 makes no volume of memory.
        volumeMounts: (container.volumeMounts ?? []).filter((mount) => mount.name !== 'tmp'),
      },
    ],
    volumes: [
      ...claims.map(({ metadata }) => ({ name: 'data', persistentVolumeClaim: { claimName: metadata.name } })),
      ...(template.spec.volumes ?? [])
        .filter((volume) => volume.emptyDir === undefined)
        // Podman 4.3 hands out Secrets as base64, and ends with a panic where one does not say whether it may be missing: they become ConfigMaps.
        .map(({ secret, ...volume }) =>
          secret === undefined ? volume : { ...volume, configMap: { name: secret.secretName } },
        ),
    ],
  },
}
const rest = objects.filter(({ kind }) => kind === 'ConfigMap' || kind === 'Secret').map(decoded)
for (const object of rest) {
  const { data = {} } = object as IConfigMap
  // A counter in place of a machine, the broker of this machine in place of that of the plant; all else of the configuration is as it is.
  if (data['bifrost.yaml'] !== undefined) {
    data['bifrost.yaml'] = data['bifrost.yaml'].replace('0.0.0.0:8443', `127.0.0.1:${port}`)
    data['devices.yaml'] = 'devices:\n  - { name: press-1, driver: simulated, every: 50ms, tags: [{ name: count, address: "counter:period=50ms", type: uint32 }] }\n' // prettier-ignore
    data['sinks.yaml'] = data['sinks.yaml']!.replace(/url: .*/, `url: mqtt://127.0.0.1:${broker}`).replace(/\n\s*(username|password|ca):.*/g, '') // prettier-ignore
  }
}
// A volume that is there already is named by the pod alone: podman makes none twice.
process.stdout.write(
  [...rest, ...(values.bound === true ? [] : claims), pod].map((object) => stringify(object)).join('---\n'),
)

function decoded(object: { kind: string }): { kind: string } {
  if (object.kind !== 'Secret') return object
  const { metadata, data = {} } = object as IConfigMap & { kind: string }
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(texts) } as { kind: string }
}
