/** Who reaches whom: every connection that the product needs is let through, and the others are not. Computed; no cluster enforces anything here. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { isLetThrough, networkProblems } from './checks/network.ts'
import { buildAll, NAMES, ofKind, type Composition, type Objects } from './manifests.ts'
import { assertFinds, pick, without, type Mutation } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

for (const name of NAMES)
  test(`${name}: what is needed gets through, the rest does not`, { skip }, () => {
    assert.deepEqual(networkProblems(built[name]), [])
  })

const DEFECTS: readonly Mutation[] = [
  {
    defect: 'names can be asked for by UDP only',
    change: (objects) => void pick(objects, 'NetworkPolicy', 'dns').spec!.egress![0]!.ports!.pop(),
    found: /^blocked: the gateway asks for names, long answers/,
  },
  {
    defect: 'no policy for names',
    change: (objects) => without(objects, 'NetworkPolicy', 'dns'),
    found: /^blocked: Redis asks for names/,
  },
  {
    defect: 'names of another label',
    change: (objects) => void (pick(objects, 'NetworkPolicy', 'dns').spec!.egress![0]!.to![0]!.podSelector = { matchLabels: { 'k8s-app': 'coredns' } } as never), // prettier-ignore
    found: /^blocked: the gateway asks for names/,
  },
  {
    defect: 'nothing is denied by default',
    change: (objects) => without(objects, 'NetworkPolicy', 'default-deny'),
    found: /^open: a stranger reaches a pod that nobody spoke of/,
  },
  {
    defect: 'only what goes out is denied',
    change: (objects) => void (pick(objects, 'NetworkPolicy', 'default-deny').spec!.policyTypes = ['Egress'] as never),
    found: /^open: a stranger reaches a pod that nobody spoke of/,
  },
  {
    defect: 'the machines are everywhere',
    change: (objects) => void (pick(objects, 'NetworkPolicy', 'gateway-to-machines').spec!.egress![0]!.to![0]!.ipBlock!.cidr = '0.0.0.0/0' as never), // prettier-ignore
    found: /^open: the gateway reads another network/,
  },
  {
    defect: 'every port of the machines',
    change: (objects) => void delete pick(objects, 'NetworkPolicy', 'gateway-to-machines').spec!.egress![0]!.ports,
    found: /^open: the gateway opens a shell/,
  },
  {
    defect: 'the broker is elsewhere',
    change: (objects) => void (pick(objects, 'NetworkPolicy', 'gateway-to-broker').spec!.egress![0]!.to![0]!.namespaceSelector!.matchLabels = { 'kubernetes.io/metadata.name': 'mqtt' } as never), // prettier-ignore
    found: /^blocked: the gateway delivers to the broker/,
  },
  {
    defect: 'two peers where one with both was meant',
    change: (objects) => {
      const rule = pick(objects, 'NetworkPolicy', 'prometheus-to-gateway').spec!.ingress![0]!
      const { namespaceSelector, podSelector } = rule.from![0]!
      rule.from = [{ namespaceSelector }, { podSelector }] as never
    },
    found: /^open: a pod that calls itself Prometheus|^blocked: Prometheus|^open: .*without a part/,
  },
  {
    defect: 'Redis takes in everybody',
    change: (objects) => void delete pick(objects, 'NetworkPolicy', 'redis').spec!.ingress![0]!.from,
    found: /^open: the backup asks Redis|^open: a stranger asks Redis/,
  },
  {
    defect: 'the sentinels cannot speak to each other',
    change: (objects) => void pick(objects, 'NetworkPolicy', 'redis').spec!.egress![0]!.ports!.pop(),
    found: /^blocked: Sentinel asks Sentinel/,
  },
  {
    defect: 'the backup cannot reach the second region',
    change: (objects) => void pick(objects, 'NetworkPolicy', 'backup').spec!.egress![2]!.to!.pop(),
    found: /^blocked: the backup reaches the one far away/,
  },
]

test('edge: a page that nobody reaches, or everybody, is found', { skip }, () => {
  assertFinds(networkProblems, built.edge, [
    { defect: 'no policy lets people in', change: (o) => without(o, 'NetworkPolicy', 'people-to-gateway'), found: /^blocked: people of the office reach the page/ }, // prettier-ignore
    { defect: 'everybody', change: (o) => void (pick(o, 'NetworkPolicy', 'people-to-gateway').spec!.ingress![0]!.from![0]!.ipBlock!.cidr = '0.0.0.0/0' as never), found: /^open: a machine reaches the page/ }, // prettier-ignore
  ])
})

test('a policy that blocks what is needed, or opens what is not, is found', { skip }, () => {
  // The two peers have to be seen by somebody of the monitoring namespace who is not Prometheus.
  const check = (objects: Objects): string[] => {
    const grafana = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'grafana' } }
    const to = { namespace: 'bifrost', labels: { 'app.kubernetes.io/name': 'bifrost', 'app.kubernetes.io/component': 'gateway' } } // prettier-ignore
    const isOpen = isLetThrough(objects, { what: '', from: grafana, to, port: 8443 })
    return [...networkProblems(objects), ...(isOpen ? ['open: a pod without a part in it, of the monitoring'] : [])]
  }
  assertFinds(check, built.replicas, DEFECTS)
})

test('every device and sink of the configuration is one that the policies let the gateway reach', { skip }, () => {
  const labels = { 'app.kubernetes.io/name': 'bifrost', 'app.kubernetes.io/component': 'gateway' }
  const from = { namespace: 'bifrost', labels }
  for (const name of NAMES) {
    const { data } = ofKind<IConfigMap>(built[name], 'ConfigMap').find((one) => one.metadata.name === 'bifrost-config')!
    const { devices } = parse(data!['devices.yaml']!) as { devices: { options: { host: string; port: number } }[] }
    for (const { options } of devices)
      assert.ok(
        isLetThrough(built[name], { what: '', from, to: { ip: options.host }, port: options.port }),
        `${name}: ${options.host}:${options.port}`,
      )
    const { sinks } = parse(data!['sinks.yaml']!) as { sinks: { options: { url: string } }[] }
    for (const { options } of sinks) {
      const { hostname, port } = new URL(options.url)
      const [service, namespace] = hostname.split('.') as [string, string]
      const to = { namespace, labels: { 'app.kubernetes.io/name': service } }
      assert.ok(isLetThrough(built[name], { what: '', from, to, port: Number(port) }), `${name}: ${options.url}`)
    }
  }
})
